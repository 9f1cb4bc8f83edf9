package api

import (
	"context"
	"log/slog"
	"maps"
	"regexp"
	"sync"
	"time"
)

// usage counts calls by app version, so that the operator can see when no old apps are left.
type usage struct {
	log *slog.Logger
	now func() time.Time

	mu    sync.Mutex
	since time.Time
	calls map[string]int
}

// usageInterval is how often counts are logged. Only calls trigger logging; nothing runs between
// them.
const usageInterval = 10 * time.Minute

// maxClients limits the number of versions that an instance counts separately.
const maxClients = 50

// product matches the app at the beginning of a User-Agent header, such as
// "HeekTime/1.4.2 CFNetwork/711.3.18 Darwin/14.0.0".
var product = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9._-]{0,31})(/[0-9A-Za-z.]{1,16})?(?: |$)`)

// version returns the app version in a User-Agent header, or "browser" for any browser, "none" for
// an empty header and "other" for any other text.
func version(userAgent string) string {
	match := product.FindStringSubmatch(userAgent)
	switch {
	case userAgent == "":
		return "none"
	case match == nil:
		return "other"
	case match[1] == "Mozilla":
		return "browser"
	}
	return match[1] + match[2]
}

// count counts a call and returns the version under which it is counted.
func (u *usage) count(ctx context.Context, userAgent string) string {
	name := version(userAgent)
	now := u.now()
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.calls == nil {
		u.calls, u.since = map[string]int{}, now
	}
	if _, ok := u.calls[name]; !ok && len(u.calls) >= maxClients {
		name = "other"
	}
	u.calls[name]++
	if now.Sub(u.since) >= usageInterval {
		u.flush(ctx)
	}
	return name
}

// close logs the remaining counts.
func (u *usage) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.flush(context.Background())
}

// flush logs the counts and resets them. The caller must hold u.mu.
func (u *usage) flush(ctx context.Context) {
	if len(u.calls) == 0 {
		return
	}
	u.log.InfoContext(ctx, "calls by client version", "since", u.since, "calls", maps.Clone(u.calls))
	u.calls = nil
}
