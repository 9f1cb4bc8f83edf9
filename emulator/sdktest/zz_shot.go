package sdktest

import (
	"context"
	"encoding/base64"
	"os"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

func (p *Page) Shot(ctx context.Context, file string) error {
	return p.do(ctx, func(ctx context.Context, target *chromedp.Target) (none chromedp.Void, err error) {
		r, err := chromedp.Call(ctx, cdppage.CaptureScreenshot, cdppage.CaptureScreenshotParams{})
		if err != nil {
			return none, err
		}
		data := []byte(r.Data)
		if d, err := base64.StdEncoding.DecodeString(string(r.Data)); err == nil {
			data = d
		}
		return none, os.WriteFile(file, data, 0o644)
	})
}
