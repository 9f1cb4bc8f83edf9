package sdktest

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Device is what a page is shown on.
type Device struct {
	Width, Height int
	// Print shows what is printed.
	Phone, Dark, Print bool
}

// Emulate makes a page look as on a device.
func (p *Page) Emulate(d Device) error {
	_, err := chromedp.Call(p.ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(d.Width), Height: int64(d.Height), DeviceScaleFactor: 1, Mobile: d.Phone,
	})
	if err != nil {
		return fmt.Errorf("set the size of the page: %w", err)
	}
	scheme := map[bool]string{false: "light", true: "dark"}[d.Dark]
	medium := map[bool]string{false: "screen", true: "print"}[d.Print]
	_, err = chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Media: medium, Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
	if err != nil {
		return fmt.Errorf("set the medium and the colour scheme of the page: %w", err)
	}
	return nil
}

// Press presses keys of the package github.com/chromedp/chromedp/kb, one after another.
func (p *Page) Press(ctx context.Context, keys string) error {
	if err := p.do(ctx, chromedp.KeyEvent(keys)); err != nil {
		return fmt.Errorf("press %q: %w", keys, err)
	}
	return nil
}

// AccessibleNode is an element as screen readers see it.
type AccessibleNode struct{ Role, Name string }

// AccessibilityTree returns the elements that screen readers see, in their order.
func (p *Page) AccessibilityTree() ([]AccessibleNode, error) {
	tree, err := chromedp.Call(p.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		return nil, fmt.Errorf("read the accessibility tree: %w", err)
	}
	var nodes []AccessibleNode
	for _, n := range tree.Nodes {
		if !n.Ignored {
			nodes = append(nodes, AccessibleNode{Role: accessibleText(n.Role), Name: accessibleText(n.Name)})
		}
	}
	return nodes, nil
}

// accessibleText returns the text of a value, "" if it has none.
func accessibleText(v *accessibility.Value) (text string) {
	if v != nil {
		json.Unmarshal([]byte(v.Value), &text) // a value that is not a text reads as ""
	}
	return text
}
