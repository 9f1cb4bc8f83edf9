// Package bill prints what a month costs: the local cloud, from what its meter has counted, or a project of
// Google's cloud, from the metrics of Cloud Monitoring.
//
// [Local] and [Google] return the usage, and [Print] prints the bill, in the same table for both.
package bill

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"heek.kr/heektime/emulator/billing"
)

// maxUsageBytes bounds what is read of a hub: the causes of a busy year.
const maxUsageBytes = 256 << 20

// Local reads what a local cloud has counted, and its prices, from its hub at an address, host:port.
func Local(ctx context.Context, client *http.Client, hub string) (billing.Usage, *billing.Prices, error) {
	text, err := get(ctx, client, "http://"+hub+"/usage")
	if err != nil {
		return billing.Usage{}, nil, err
	}
	var u billing.Usage
	if err := json.Unmarshal(text, &u); err != nil {
		return billing.Usage{}, nil, fmt.Errorf("decode what was counted: %w", err)
	}
	if text, err = get(ctx, client, "http://"+hub+"/prices"); err != nil {
		return billing.Usage{}, nil, err
	}
	prices, err := billing.ParsePrices("the prices of the local cloud", text)
	return u, prices, err
}

func get(ctx context.Context, client *http.Client, url string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", url, err)
	}
	response, err := client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("read the hub: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read %s: %s; the local cloud may be older than this command: restart it", url, response.Status)
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxUsageBytes))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", url, err)
	}
	return text, nil
}
