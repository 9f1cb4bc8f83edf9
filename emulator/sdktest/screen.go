package sdktest

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Screen is what a page is shown on.
type Screen struct {
	Width, Height int64 // in CSS pixels
	// Phone has touch instead of a mouse, and heeds the page's viewport.
	Phone bool
	// Dark is whether the user prefers dark colours.
	Dark bool
}

// SetScreen shows the page on a screen.
func (p *Page) SetScreen(ctx context.Context, s Screen) error {
	scheme := "light"
	if s.Dark {
		scheme = "dark"
	}
	err := p.do(ctx, func(ctx context.Context, target *chromedp.Target) (none chromedp.Void, err error) {
		if _, err := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: s.Width, Height: s.Height, DeviceScaleFactor: 1, Mobile: s.Phone,
		}); err != nil {
			return none, err
		}
		if _, err := chromedp.Call(ctx, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: s.Phone}); err != nil {
			return none, err
		}
		_, err = chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return none, err
	})
	if err != nil {
		return fmt.Errorf("show the page at %d×%d: %w", s.Width, s.Height, err)
	}
	p.isPhone = s.Phone
	return nil
}
