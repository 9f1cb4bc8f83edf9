package api

import (
	"context"
	"log/slog"
	"maps"
	"regexp"
	"sync"
	"time"
)

// usage counts calls by the version of the app that makes them, so that its operator sees when the last one is gone.
type usage struct {
	log *slog.Logger
	now func() time.Time

	mu    sync.Mutex
	since time.Time
	calls map[string]int
}

// usageEvery is how often the counts are logged, when there are calls. Nothing runs between calls.
const usageEvery = 10 * time.Minute

// maxClients bounds how many versions an instance tells apart.
const maxClients = 50

// product is how apps name themselves at the beginning of User-Agent: "HeekTime/1.4.2 CFNetwork/711.3.18 Darwin/14.0.0".
var product = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9._-]{0,31})(/[0-9A-Za-z.]{1,16})?(?: |$)`)

// version of the app that a User-Agent names: "browser" for all of them, "other" for what has no such form.
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

// count counts a call and gives the name that it is counted under.
func (u *usage) count(ctx context.Context, userAgent string) string {
	name := version(userAgent)
	now := u.now()
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.calls == nil {
		u.calls, u.since = map[string]int{}, now
	}
	if _, there := u.calls[name]; !there && len(u.calls) >= maxClients {
		name = "other"
	}
	u.calls[name]++
	if now.Sub(u.since) >= usageEvery {
		u.tell(ctx)
	}
	return name
}

// close logs what was counted last.
func (u *usage) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.tell(context.Background())
}

// tell logs the counts and starts anew.
func (u *usage) tell(ctx context.Context) {
	if len(u.calls) == 0 {
		return
	}
	u.log.InfoContext(ctx, "calls by client version", "since", u.since, "calls", maps.Clone(u.calls))
	u.calls = nil
}
