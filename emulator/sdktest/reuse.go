package sdktest

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
)

// Reuse is like [Browser.Open], but prefers a page of an earlier test that has ended, after deleting its
// origin's cookies and storage. That spares Chromium a process and compiling the SDK again: most of the
// processor time of a short test. The address must be one of [Pages].
func (b *Browser) Reuse(t testing.TB, address string) *Page {
	t.Helper()
	p, err := b.idle.take(), error(nil)
	if p == nil {
		p, err = b.Load(t.Context(), address)
	} else if err = p.Navigate(t.Context(), address); err != nil {
		p.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.logIfFailed(t, address)
		if t.Failed() {
			p.Close()
			return
		}
		if err := p.reset(address); err != nil {
			p.Close()
			t.Errorf("reset a page: %v", err)
			return
		}
		b.idle.put(p)
	})
	return p
}

// reset ends the page's script and deletes what it stored. It leaves the page at an address of the same
// origin: Chromium would start another process for another origin.
func (p *Page) reset(address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("parse the page's address: %w", err)
	}
	origin := u.Scheme + "://" + u.Host
	if err := p.Navigate(context.Background(), origin+blankPath); err != nil {
		return err
	}
	_, err = chromedp.Call(p.ctx, storage.ClearDataForOrigin, storage.ClearDataForOriginParams{Origin: origin, StorageTypes: "all"})
	if err != nil {
		return fmt.Errorf("delete the data of %s: %w", origin, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.console.Reset()
	return nil
}
