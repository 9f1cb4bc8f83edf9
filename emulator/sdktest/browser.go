package sdktest

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// Browser is a running headless Chromium.
type Browser struct {
	tools *devTools
	agent string       // User-Agent
	pages atomic.Int64 // opened so far

	mu   sync.Mutex
	idle []*Page // see Reuse
}

// chromium finds Chromium or Chrome. The error is a *[MissingError] when there is none.
func chromium() (string, error) {
	if runtime.GOOS == "windows" {
		return "", &MissingError{What: "Chromium", Hint: "on Windows, tests cannot control it: its pipe needs Unix"}
	}
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
	tools, err := startDevTools(path)
	if err != nil {
		return nil, fmt.Errorf("start Chromium: %w", err)
	}
	var version struct{ UserAgent string }
	if err := tools.call(context.Background(), "", "Browser.getVersion", nil, &version); err != nil {
		tools.close()
		return nil, fmt.Errorf("start Chromium: %w", err)
	}
	return &Browser{tools: tools, agent: version.UserAgent}, nil
}

// Close stops the browser.
func (b *Browser) Close() { b.tools.close() }

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
	tab, err := openPage(t.Context(), p.tools, p.agent, p.profile, url)
	return tab.until(t, url, err)
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
	var profile struct{ BrowserContextID string }
	if err := b.tools.call(ctx, "", "Target.createBrowserContext", nil, &profile); err != nil {
		return nil, fmt.Errorf("open a browser profile: %w", err)
	}
	p, err := openPage(ctx, b.tools, fmt.Sprintf("%s Page/%d", b.agent, b.pages.Add(1)), profile.BrowserContextID, url)
	if err != nil {
		return nil, err
	}
	p.ownsProfile = true
	return p, nil
}

// maxConsole is how many bytes of a page's console are recorded.
const maxConsole = 16 << 10

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

// Console returns the beginning of the page's console, a message per line.
func (p *Page) Console() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.console.String()
}

var _, _ Script = (*Page)(nil), (*Node)(nil)
