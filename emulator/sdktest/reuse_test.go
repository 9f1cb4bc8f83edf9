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

// A process that a test used starts its script again for the next one, and no process is used by two tests
// simultaneously.
func TestReuseNode(t *testing.T) {
	nodes := sdktest.OpenNodes(t, "v12", "testdata/script.mjs")
	pid := func(t *testing.T, n *sdktest.Node) (pid int) {
		t.Helper()
		if err := n.Call(t.Context(), "pid", &pid); err != nil {
			t.Fatal(err)
		}
		return pid
	}
	started := func(t *testing.T, n *sdktest.Node) (apps int) {
		t.Helper()
		if err := n.Call(t.Context(), "startApp", &apps); err != nil {
			t.Fatal(err)
		}
		return apps
	}
	first := 0
	t.Run("leaves", func(t *testing.T) {
		node := nodes.Reuse(t)
		first = pid(t, node)
		if n := started(t, node); n != 1 {
			t.Errorf("%d apps, want 1", n)
		}
	})
	t.Run("finds", func(t *testing.T) {
		node, other := nodes.Reuse(t), nodes.Reuse(t)
		if a, b := pid(t, node), pid(t, other); a != first || b == first {
			t.Errorf("process %d was left; the next are %d and %d", first, a, b)
		}
		for _, n := range []*sdktest.Node{node, other} {
			if apps := started(t, n); apps != 1 {
				t.Errorf("%d apps, want 1", apps)
			}
			checkScript(t, "v12", n)
		}
	})
}
