package webclient

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"heek.kr/heektime/emulator/sdktest"
)

var (
	phone   = sdktest.Screen{Width: 390, Height: 844, Phone: true}
	desktop = sdktest.Screen{Width: 1440, Height: 900}
	dark    = sdktest.Screen{Width: 1440, Height: 900, Dark: true}
)

// TestApp drives the web app in web/dist as its users do, in both layouts, under the project's rules.
func TestApp(t *testing.T) {
	browser := sdktest.OpenBrowser(t)
	for name, screen := range map[string]sdktest.Screen{"phone": phone, "desktop": dark} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			appJourney(t, browser, screen)
		})
	}
}

// app is the web app in a page of its own: a device.
type app struct {
	t      *testing.T
	world  *world
	page   *sdktest.Page
	url    string
	screen sdktest.Screen
	axe    []byte // axe-core
}

// openApp installs the app on a new device.
func openApp(t *testing.T, b *sdktest.Browser, w *world, screen sdktest.Screen) *app {
	t.Helper()
	axe, err := os.ReadFile(filepath.Join(sdktest.Packages(t, os.DirFS("axe")), "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	a := &app{t: t, world: w, url: "http://" + w.HostingAddress() + "/", screen: screen, axe: axe}
	a.page = b.Open(t, "about:blank")
	a.show(screen)
	a.load()
	a.eval(nil, `localStorage.setItem('heektime.language', '"ko"')`) // Chromium's language here is English
	a.load()
	return a
}

// load loads the app, as a reload does.
func (a *app) load() {
	a.t.Helper()
	if err := a.page.Navigate(a.t.Context(), a.url); err != nil {
		a.t.Fatal(err)
	}
	script, err := os.ReadFile("testdata/ui.js")
	if err != nil {
		a.t.Fatal(err)
	}
	a.eval(nil, "%s", script)
	a.eval(nil, "%s", a.axe)
}

// eval evaluates an expression in the page and waits until it has a value.
func (a *app) eval(result any, expression string, args ...any) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), hangTimeout)
	defer cancel()
	if err := a.page.Eval(ctx, fmt.Sprintf(expression, args...), result); err != nil {
		var text string
		again := a.page.Eval(context.WithoutCancel(ctx), "document.body.innerText", &text)
		a.t.Fatalf("%v; the page shows %q, %v", err, text, again)
	}
}

func (a *app) click(name string)       { a.t.Helper(); a.eval(nil, "ui.click(%q)", name) }
func (a *app) fill(label, text string) { a.t.Helper(); a.eval(nil, "ui.fill(%q, %q)", label, text) }
func (a *app) sees(text string)        { a.t.Helper(); a.eval(nil, "ui.sees(%q)", text) }
func (a *app) seesNot(text string)     { a.t.Helper(); a.eval(nil, "ui.seesNot(%q)", text) }

// press presses keys of package kb.
func (a *app) press(keys string) {
	a.t.Helper()
	if err := a.page.Press(a.t.Context(), keys); err != nil {
		a.t.Fatal(err)
	}
}

// tabTo presses Tab until what has the name has the focus, as a student without a mouse does.
func (a *app) tabTo(name string) {
	a.t.Helper()
	for range 100 {
		a.press(kb.Tab)
		var has bool
		if a.eval(&has, "ui.hasFocus(%q)", name); has {
			return
		}
	}
	a.t.Fatalf("Tab does not reach %q", name)
}

// open opens a view: a tab of a phone, the panel or its button on a desktop.
func (a *app) open(view string) { a.t.Helper(); a.click(view) }

// offline takes the network away from the device, or gives it back.
func (a *app) offline(offline bool) {
	a.t.Helper()
	if err := a.page.SetOffline(a.t.Context(), offline); err != nil {
		a.t.Fatal(err)
	}
}

// accessible checks the view with axe-core, and that nothing is wider than the screen; on a phone, with text of twice the size, too.
func (a *app) accessible(view string) {
	a.t.Helper()
	var violations []string
	a.eval(&violations, "ui.violations()")
	for _, v := range violations {
		a.t.Errorf("%s: %s", view, v)
	}
	fits := func(screen sdktest.Screen) {
		a.t.Helper()
		var wide []string
		if a.eval(&wide, "ui.overflows()"); len(wide) > 0 {
			a.t.Errorf("%s: wider than %d pixels: %q", view, screen.Width, wide)
		}
	}
	fits(a.screen)
	if a.screen.Phone { // larger text leaves room for less of it
		half := a.screen
		half.Width, half.Height = half.Width/2, half.Height/2
		a.show(half)
		fits(half)
		a.show(a.screen)
	}
}

// show shows the app on a screen.
func (a *app) show(screen sdktest.Screen) {
	a.t.Helper()
	if err := a.page.SetScreen(a.t.Context(), screen); err != nil {
		a.t.Fatal(err)
	}
}
