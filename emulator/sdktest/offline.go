package sdktest

import (
	"context"
	"fmt"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// SetOffline takes the page's network away, its service worker's too, or gives it back.
func (p *Page) SetOffline(ctx context.Context, offline bool) error {
	all := &network.Conditions{Offline: offline, DownloadThroughput: -1, UploadThroughput: -1}
	err := p.do(ctx, func(ctx context.Context, target *chromedp.Target) (none chromedp.Void, err error) {
		if _, err := chromedp.Call(ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
			EmulateOfflineServiceWorker: &offline, MatchedNetworkConditions: []*network.Conditions{all},
		}); err != nil {
			return none, err
		}
		_, err = chromedp.Call(ctx, network.OverrideNetworkState, network.OverrideNetworkStateParams{
			Offline: offline, DownloadThroughput: -1, UploadThroughput: -1,
		})
		return none, err
	})
	if err != nil {
		return fmt.Errorf("set the page offline: %w", err)
	}
	return nil
}
