package sdktest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Window does what makes the page open a window, and returns that window once it is at an address that begins with
// prefix.
func (p *Page) Window(t testing.TB, prefix string, open func() error) *Page {
	t.Helper()
	ctx, cancel := context.WithCancel(p.ctx)
	defer cancel()
	opened := chromedp.WaitNewTarget(ctx, func(info *target.Info) bool {
		// A window that is closing is reported once more.
		return strings.HasPrefix(info.URL, prefix) && !slices.Contains(p.windows, info.TargetID)
	})
	if err := open(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-t.Context().Done():
		t.Fatalf("no window at %s: %v", prefix, context.Cause(t.Context()))
	case id, ok := <-opened:
		if !ok {
			t.Fatalf("no window at %s: %v", prefix, errors.New("the page was closed"))
		}
		p.windows = append(p.windows, id)
		w := &Page{agent: p.agent}
		w.ctx, w.close = chromedp.NewContext(p.ctx, chromedp.WithTargetID(id))
		_, err := chromedp.Call(w.ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: w.agent})
		go w.listen(chromedp.Console(w.ctx))
		return w.until(t, prefix, err)
	}
	return nil
}

// WaitVisible waits until the page shows an element.
func (p *Page) WaitVisible(ctx context.Context, selector string) error {
	if err := p.do(ctx, chromedp.WaitVisible(selector)); err != nil {
		return fmt.Errorf("wait for %s: %w", selector, err)
	}
	return nil
}
