package operator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/bill"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/console"
)

// ReadUsage reads a month's usage, or that of more months, and the prices that apply to it.
type ReadUsage func(ctx context.Context, month billing.Month) (billing.Usage, *billing.Prices, error)

const (
	// billMaxAge is how long a month's usage is kept, so that reloading the page costs nothing. Cloud Monitoring's
	// own numbers are minutes old. Reading a local cloud costs nothing, so nothing of it is kept.
	billMaxAge = 5 * time.Minute
	// billTimeout bounds reading a month's usage, for which Cloud Monitoring needs some twenty calls.
	billTimeout = 2 * time.Minute
	// billMonths is how many months the page offers. Cloud Monitoring has them all.
	billMonths = 6
)

// bills reads usage and keeps it for a while.
type bills struct {
	read   ReadUsage
	maxAge time.Duration

	mu   sync.Mutex
	kept map[billing.Month]keptUsage
}

type keptUsage struct {
	at     time.Time
	usage  billing.Usage
	prices *billing.Prices
}

// usage returns the usage of a month. Calls wait for each other, so that two pages read the usage once. A page that
// goes away does not end the reading, because the next one needs it.
func (b *bills) usage(ctx context.Context, month billing.Month, now time.Time) (keptUsage, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k, ok := b.kept[month]
	if !ok || now.Sub(k.at) >= b.maxAge {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), billTimeout)
		defer cancel()
		usage, prices, err := b.read(ctx, month)
		if err != nil {
			return keptUsage{}, err
		}
		k = keptUsage{now, usage, prices}
		if b.kept == nil || len(b.kept) >= 2*billMonths {
			b.kept = map[billing.Month]keptUsage{}
		}
		b.kept[month] = k
	}
	return k, nil
}

// billPage is a bill for the page, and what the project's bill does not have.
type billPage struct {
	console.BillPage
	Unmeasured []billing.Item `json:"unmeasured"`
}

// bill returns the bill of a month, or of the current one.
func (c *Console) bill(r *http.Request) (any, error) {
	if c.Usage == nil {
		return nil, &apiError{http.StatusNotFound, "no-bill", "This console was started without a way to read what was used."}
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &apiError{http.StatusBadRequest, "invalid", err.Error()}
	}
	now := time.Now()
	month := billing.MonthOf(now)
	if text := values.Get("month"); text != "" {
		if month, err = billing.ParseMonth(text); err != nil {
			return nil, &apiError{http.StatusBadRequest, "invalid", err.Error()}
		}
	}
	k, err := c.bills.usage(r.Context(), month, now)
	switch {
	case errors.Is(err, bill.ErrForbidden):
		return nil, &apiError{http.StatusForbidden, "bill-forbidden", err.Error()}
	case errors.Is(err, bill.ErrDisabled):
		return nil, &apiError{http.StatusForbidden, "bill-disabled", err.Error()}
	case err != nil:
		return nil, fmt.Errorf("compute the bill of %s: %w", month, err)
	}
	if values.Get("month") == "" && !c.Google {
		month = billing.MonthOf(k.usage.Until) // the local cloud has a clock of its own
	}
	page := billPage{console.NewBillPage(k.prices.Bill(k.usage, month)), []billing.Item{}}
	if c.Google {
		page.Unmeasured = bill.Unmeasured()
		page.Months = nil
		for range billMonths {
			page.Months = append(page.Months, billing.MonthOf(now))
			from, _ := billing.MonthOf(now).Bounds()
			now = from.Add(-time.Hour)
		}
	}
	return page, nil
}
