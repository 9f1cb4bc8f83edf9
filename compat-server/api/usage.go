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
	// store stores when an app of a version was last seen, for heektime migrate status. It is nil unless data
	// moves.
	store func(ctx context.Context, at time.Time, version string) error

	mu     sync.Mutex
	since  time.Time
	calls  map[string]int
	stored time.Time // when store was last called
	last   string    // the last app that was not stored, "" if there is none
	seenAt time.Time
	stores sync.WaitGroup
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
	if u.last, u.seenAt = name, now; u.store != nil && now.Sub(u.stored) >= usageInterval {
		u.storeLast(context.WithoutCancel(ctx))
	}
	return name
}

// storeTimeout bounds storing the last app. Nobody waits for it.
const storeTimeout = 5 * time.Second

// storeLast stores the last app in the background. The caller must hold u.mu.
func (u *usage) storeLast(ctx context.Context) {
	version, at := u.last, u.seenAt
	u.stored, u.last = at, ""
	u.stores.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, storeTimeout)
		defer cancel()
		if err := u.store(ctx, at, version); err != nil {
			u.log.WarnContext(ctx, "cannot store when an old app was last seen", "error", err.Error())
		}
	})
}

// close logs and stores what remains.
func (u *usage) close() {
	u.mu.Lock()
	u.flush(context.Background())
	if u.store != nil && u.last != "" {
		u.storeLast(context.Background())
	}
	u.mu.Unlock()
	u.stores.Wait()
}

// flush logs the counts and resets them. The caller must hold u.mu.
func (u *usage) flush(ctx context.Context) {
	if len(u.calls) == 0 {
		return
	}
	u.log.InfoContext(ctx, "calls by client version", "since", u.since, "calls", maps.Clone(u.calls))
	u.calls = nil
}
