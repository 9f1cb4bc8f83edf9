package sdktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Page is a tab of a browser.
type Page struct {
	tools   *devTools
	agent   string // User-Agent
	profile string // what Chromium calls a browser context
	target  string
	session string
	// ownsProfile says that the profile ends with the page.
	ownsProfile bool
	ended       context.Context // done when the page has closed or crashed
	end         context.CancelCauseFunc

	mu      sync.Mutex
	console strings.Builder
	loaded  map[string]bool // by Chromium's ids of documents
	load    chan struct{}   // closed and replaced when a document has loaded
}

// openPage opens a tab in a profile and waits until it has loaded an address.
func openPage(ctx context.Context, tools *devTools, agent, profile, url string) (p *Page, err error) {
	p = &Page{tools: tools, agent: agent, profile: profile, loaded: map[string]bool{}, load: make(chan struct{})}
	p.ended, p.end = context.WithCancelCause(context.Background())
	var opened struct{ TargetID, SessionID string }
	// In a window of its own the tab stays visible: it is drawn, and its timers are not slowed down.
	create := params{"url": "about:blank", "browserContextId": profile, "newWindow": true}
	if err := tools.call(ctx, "", "Target.createTarget", create, &opened); err != nil {
		return nil, fmt.Errorf("open a tab: %w", err)
	}
	p.target = opened.TargetID
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	if err := tools.call(ctx, "", "Target.attachToTarget", params{"targetId": p.target, "flatten": true}, &opened); err != nil {
		return nil, fmt.Errorf("open a tab: %w", err)
	}
	p.session = opened.SessionID
	tools.receive(p.session, p.receive)
	for _, command := range []struct {
		method string
		params params
	}{
		{"Page.enable", nil},
		{"Page.setLifecycleEventsEnabled", params{"enabled": true}},
		{"Runtime.enable", nil},
		{"Log.enable", nil},
		{"Inspector.enable", nil},
		{"Emulation.setUserAgentOverride", params{"userAgent": agent}},
	} {
		if err := p.command(ctx, command.method, command.params, nil); err != nil {
			return nil, fmt.Errorf("open a tab: %w", err)
		}
	}
	return p, p.Navigate(ctx, url)
}

// command sends a command to the page. It fails when the page ends.
func (p *Page) command(ctx context.Context, method string, arguments params, result any) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.ended, func() { cancel(context.Cause(p.ended)) })()
	return p.tools.call(ctx, p.session, method, arguments, result)
}

// receive receives an event of the page.
func (p *Page) receive(m message) {
	switch m.Method {
	case "Page.lifecycleEvent":
		var e struct{ LoaderID, Name string }
		if json.Unmarshal(m.Params, &e) == nil && e.Name == "load" {
			p.mu.Lock()
			p.loaded[e.LoaderID] = true
			close(p.load)
			p.load = make(chan struct{})
			p.mu.Unlock()
		}
	case "Inspector.targetCrashed":
		p.end(errors.New("the page crashed"))
	case "Inspector.detached":
		p.end(errors.New("the page was closed"))
	default:
		p.print(m)
	}
}

// print adds a message to the console if the event has one.
func (p *Page) print(m message) {
	var e struct {
		Type string
		Args []struct {
			Value       any
			Description string
		}
		ExceptionDetails exception
		Entry            struct{ Level, Text string }
	}
	if json.Unmarshal(m.Params, &e) != nil {
		return
	}
	kind, text := "", ""
	switch m.Method {
	case "Runtime.consoleAPICalled":
		var args []string
		for _, a := range e.Args {
			if a.Description == "" {
				a.Description = fmt.Sprint(a.Value)
			}
			args = append(args, a.Description)
		}
		kind, text = e.Type, strings.Join(args, " ")
	case "Runtime.exceptionThrown":
		kind, text = "exception", e.ExceptionDetails.String()
	case "Log.entryAdded":
		kind, text = e.Entry.Level, e.Entry.Text
	default:
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.console.Len() < maxConsole {
		fmt.Fprintf(&p.console, "%s: %s\n", kind, text)
	}
}

// exception is what a script threw.
type exception struct {
	Text      string
	Exception struct{ Description string }
}

func (e exception) String() string {
	return strings.TrimSpace(e.Text + " " + e.Exception.Description)
}

// Navigate loads another address in the same tab and waits until it has loaded.
func (p *Page) Navigate(ctx context.Context, url string) error {
	var navigation struct{ LoaderID, ErrorText string }
	err := p.command(ctx, "Page.navigate", params{"url": url}, &navigation)
	if err == nil && navigation.ErrorText != "" {
		err = errors.New(navigation.ErrorText)
	}
	if err == nil && navigation.LoaderID != "" { // it is empty for a step within the document
		err = p.awaitLoad(ctx, navigation.LoaderID)
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", url, err)
	}
	return nil
}

// awaitLoad waits until a document has loaded.
func (p *Page) awaitLoad(ctx context.Context, document string) error {
	for {
		p.mu.Lock()
		loaded, load := p.loaded[document], p.load
		p.mu.Unlock()
		if loaded {
			return nil
		}
		select {
		case <-load:
		case <-p.ended.Done():
			return context.Cause(p.ended)
		case <-p.tools.gone:
			return errBrowserEnded
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Eval evaluates an expression in the page, awaits it if it is a promise, and decodes its value into
// result, unless that is nil.
func (p *Page) Eval(ctx context.Context, expression string, result any) error {
	var evaluated struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *exception
	}
	err := p.command(ctx, "Runtime.evaluate", params{"expression": expression, "awaitPromise": true, "returnByValue": true}, &evaluated)
	if err == nil && evaluated.ExceptionDetails != nil {
		err = errors.New(evaluated.ExceptionDetails.String())
	}
	if value := evaluated.Result.Value; err == nil && result != nil && len(value) > 0 {
		err = json.Unmarshal(value, result)
	}
	if err != nil {
		return fmt.Errorf("evaluate %.80s: %w", expression, err)
	}
	return nil
}

// Screenshot returns the visible part of the page, as PNG.
func (p *Page) Screenshot(ctx context.Context) (png []byte, err error) {
	var shot struct{ Data []byte }
	err = p.command(ctx, "Page.captureScreenshot", params{"format": "png"}, &shot)
	return shot.Data, err
}

// closeTimeout is how long a browser may take to close a page.
const closeTimeout = time.Minute

// Close closes the page.
func (p *Page) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	p.end(errors.New("the page was closed"))
	p.tools.forget(p.session)
	// An error means that the page is closed already, or the browser.
	if p.ownsProfile {
		_ = p.tools.call(ctx, "", "Target.disposeBrowserContext", params{"browserContextId": p.profile}, nil)
	} else {
		_ = p.tools.call(ctx, "", "Target.closeTarget", params{"targetId": p.target}, nil)
	}
}
