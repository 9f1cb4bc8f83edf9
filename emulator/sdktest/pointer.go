package sdktest

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// PointerStep is a step of what a user does with a finger on a phone, or with the mouse on other screens.
type PointerStep int

// The steps of dragging.
const (
	PointerDown PointerStep = iota
	PointerMove
	PointerUp
)

var (
	mouseSteps = []input.DispatchMouseEventType{
		input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseMoved, input.DispatchMouseEventTypeMouseReleased,
	}
	touchSteps = []input.DispatchTouchEventType{
		input.DispatchTouchEventTypeTouchStart, input.DispatchTouchEventTypeTouchMove, input.DispatchTouchEventTypeTouchEnd,
	}
)

// Point does a step at a point of the screen, in CSS pixels.
func (p *Page) Point(ctx context.Context, step PointerStep, x, y float64) error {
	return p.run(ctx, fmt.Sprintf("point at %.0f, %.0f", x, y), func(ctx context.Context) (err error) {
		if p.isPhone {
			touch := input.DispatchTouchEventParams{Type: touchSteps[step], TouchPoints: []*input.TouchPoint{}}
			if step != PointerUp {
				touch.TouchPoints = append(touch.TouchPoints, &input.TouchPoint{X: x, Y: y})
			}
			_, err = chromedp.Call(ctx, input.DispatchTouchEvent, touch)
			return err
		}
		mouse := input.DispatchMouseEventParams{Type: mouseSteps[step], X: x, Y: y, Button: input.MouseButtonLeft, ClickCount: 1}
		if step != PointerUp {
			mouse.Buttons = 1
		}
		_, err = chromedp.Call(ctx, input.DispatchMouseEvent, mouse)
		return err
	})
}
