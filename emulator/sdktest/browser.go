package sdktest

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Browser is a running headless Chromium.
type Browser struct {
	ctx   context.Context
	close func()
	agent string         // User-Agent
	pages atomic.Int64   // opened so far
	idle  idleList[Page] // see Reuse
}

// chromium finds Chromium or Chrome. The error is a *[MissingError] when there is none.
func chromium() (string, error) {
	for _, name := range []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
		"/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", &MissingError{What: "Chromium", Hint: chromiumHint}
}

// OpenBrowser starts a Chromium for a test and its subtests. Without one, or with -short, the test is
// skipped.
func OpenBrowser(t testing.TB) *Browser {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	b, err := LaunchBrowser()
	if err != nil {
		skip(t, err)
	}
	t.Cleanup(b.Close)
	return b
}

// LaunchBrowser starts a Chromium that runs until Close. The error is a *[MissingError] when there is
// none.
func LaunchBrowser() (*Browser, error) {
	path, err := chromium()
	if err != nil {
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path),
		// A page that navigates must end, not be kept for the Back button.
		chromedp.Flag("disable-back-forward-cache", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium's sandbox does not work as root, as in a container
	}
	allocated, release := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, cancel := chromedp.NewContext(allocated, chromedp.WithErrorf(func(string, ...any) {}))
	b := &Browser{ctx: ctx, close: func() { cancel(); release() }}
	if b.agent, err = chromedp.Run(ctx, chromedp.Evaluate[string]("navigator.userAgent")); err != nil {
		b.close()
		return nil, fmt.Errorf("start Chromium: %w", err)
	}
	return b, nil
}

// Close stops the browser.
func (b *Browser) Close() { b.close() }

// Page is a tab of a browser.
type Page struct {
	ctx   context.Context
	close func()
	agent string // User-Agent

	isPhone bool // its screen has touch instead of a mouse

	windows []target.ID // that it has opened, see Window

	mu      sync.Mutex
	console strings.Builder
}

// Open opens a page that stays open until the test ends. It has its own cookies, storage, connections
// and User-Agent, as in a browser of its own. When the test fails, the page's console is logged.
func (b *Browser) Open(t testing.TB, url string) *Page {
	t.Helper()
	p, err := b.Load(t.Context(), url)
	return p.until(t, url, err)
}

// Open opens another tab of the page's browser.
func (p *Page) Open(t testing.TB, url string) *Page {
	t.Helper()
	tab := &Page{agent: p.agent}
	tab.ctx, tab.close = chromedp.NewContext(p.ctx)
	return tab.until(t, url, tab.load(t.Context(), url))
}

// until fails the test if the page did not open, and closes it when the test ends.
func (p *Page) until(t testing.TB, url string, err error) *Page {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Close()
		p.logIfFailed(t, url)
	})
	return p
}

func (p *Page) logIfFailed(t testing.TB, url string) {
	if said := p.Console(); t.Failed() && said != "" {
		t.Logf("the console of %s:\n%s", url, said)
	}
}

// Load is Open without a test: it waits until the page has loaded, and the page stays open until Close.
func (b *Browser) Load(ctx context.Context, url string) (*Page, error) {
	p := &Page{agent: fmt.Sprintf("%s Page/%d", b.agent, b.pages.Add(1))}
	p.ctx, p.close = chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	return p, p.load(ctx, url)
}

func (p *Page) load(ctx context.Context, url string) error {
	_, err := chromedp.Call(p.ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: p.agent})
	if err != nil {
		p.close()
		return fmt.Errorf("open a tab: %w", err)
	}
	go p.listen(chromedp.Console(p.ctx))
	if err := p.Navigate(ctx, url); err != nil {
		p.close()
		return err
	}
	return nil
}

// Navigate loads another address in the same tab and waits until it has loaded.
func (p *Page) Navigate(ctx context.Context, url string) error {
	if err := p.do(ctx, chromedp.Navigate(url)); err != nil {
		return fmt.Errorf("open %s: %w", url, err)
	}
	return nil
}

func (p *Page) listen(messages iter.Seq2[chromedp.ConsoleMessage, error]) {
	for message, err := range messages {
		if err != nil {
			return
		}
		p.mu.Lock()
		if p.console.Len() < maxConsole {
			fmt.Fprintln(&p.console, message)
		}
		p.mu.Unlock()
	}
}

// maxConsole is how many bytes of a page's console are recorded.
const maxConsole = 16 << 10

// do runs an action until it ends, the page closes or ctx is done.
func (p *Page) do(ctx context.Context, action chromedp.Action[chromedp.Void]) error {
	both, cancel := context.WithCancelCause(p.ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })()
	if err := chromedp.Do(both, action); err != nil {
		if cause := context.Cause(both); cause != nil {
			return cause
		}
		return err
	}
	return nil
}

// Eval evaluates an expression in the page, awaits it if it is a promise, and decodes its value into
// result, unless that is nil.
func (p *Page) Eval(ctx context.Context, expression string, result any) error {
	err := p.do(ctx, func(ctx context.Context, target *chromedp.Target) (none chromedp.Void, err error) {
		text, err := chromedp.Evaluate[[]byte](expression, chromedp.EvalAwaitPromise)(ctx, target)
		if err != nil || result == nil || len(text) == 0 {
			return none, err
		}
		return none, json.Unmarshal(text, result)
	})
	if err != nil {
		return fmt.Errorf("evaluate %.80s: %w", expression, err)
	}
	return nil
}

// Call implements [Script] for a page that [Pages] serves.
func (p *Page) Call(ctx context.Context, function string, result any, args ...any) error {
	if args == nil {
		args = []any{}
	}
	call, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("%s: encode the arguments: %w", function, err)
	}
	var text string
	if err := p.Eval(ctx, fmt.Sprintf("window.call(%q, %s)", function, call), &text); err != nil {
		return fmt.Errorf("%s: %w", function, err)
	}
	var a answer
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return fmt.Errorf("%s: the page answered %.200q: %w", function, text, err)
	}
	return a.decode(function, result)
}

// Screenshot returns the visible part of the page, as PNG.
func (p *Page) Screenshot(ctx context.Context) (png []byte, err error) {
	err = p.do(ctx, func(ctx context.Context, target *chromedp.Target) (none chromedp.Void, err error) {
		png, err = chromedp.CaptureScreenshot()(ctx, target)
		return none, err
	})
	return png, err
}

// Console returns the beginning of the page's console, a message per line.
func (p *Page) Console() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.console.String()
}

// Close closes the page.
func (p *Page) Close() { p.close() }

var _, _ Script = (*Page)(nil), (*Node)(nil)
