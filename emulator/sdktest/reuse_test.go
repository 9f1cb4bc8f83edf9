package sdktest_test

import (
	"os"
	"testing"

	"heek.kr/heektime/emulator/sdktest"
)

// A page that a test used is as good as new for the next one, and no page is used by two tests
// simultaneously.
func TestReuse(t *testing.T) {
	browser := sdktest.OpenBrowser(t)
	pages := sdktest.Serve(t, os.DirFS("testdata"))
	url := pages.URL("v12", "script.mjs")
	const leave = `(async () => {
		window.left = localStorage.left = 'yes'
		document.cookie = 'left=yes'
		await caches.open('left')
		await new Promise((resolve, reject) => Object.assign(indexedDB.open('left'), { onsuccess: resolve, onerror: reject }))
	})()`
	const look = `(async () => [String(window.left), localStorage.length, document.cookie,
		(await caches.keys()).length, (await indexedDB.databases()).length].join())()`
	agent := func(t *testing.T, p *sdktest.Page) (agent string) {
		t.Helper()
		if err := p.Eval(t.Context(), "navigator.userAgent", &agent); err != nil {
			t.Fatal(err)
		}
		return agent
	}
	first := ""
	t.Run("leaves", func(t *testing.T) {
		page := browser.Reuse(t, url)
		first = agent(t, page)
		if err := page.Eval(t.Context(), leave, nil); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("finds", func(t *testing.T) {
		page, other := browser.Reuse(t, url), browser.Reuse(t, url)
		if a, b := agent(t, page), agent(t, other); a != first || b == first {
			t.Errorf("%q left the page; the next pages are %q and %q", first, a, b)
		}
		for _, p := range []*sdktest.Page{page, other} {
			var found string
			if err := p.Eval(t.Context(), look, &found); err != nil || found != "undefined,0,,0,0" {
				t.Errorf("a page begins with %s, %v", found, err)
			}
			checkScript(t, "v12", p)
		}
	})
}
