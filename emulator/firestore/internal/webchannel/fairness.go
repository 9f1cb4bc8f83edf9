package webchannel

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// A browser opens six connections to an HTTP/1.1 server, for all pages together, and every back
// channel holds one. Three tabs with two channels each would leave no connection for any other
// request, and the pages would hang. So only the first few back channels of a browser stay open;
// the others take turns.
const (
	maxHeld    = 4 // back channels of one browser that stay open
	turnLength = 300 * time.Millisecond
)

// fairness counts the open back channels of each browser.
type fairness struct {
	mu    sync.Mutex
	count map[string]int
}

// enter counts a back channel until leave is called. over fires when the back channel should end
// to let another one open; it is nil for a back channel that may stay open.
func (f *fairness) enter(r *http.Request) (over <-chan time.Time, leave func()) {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	browser := host + " " + r.UserAgent()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count == nil {
		f.count = map[string]int{}
	}
	f.count[browser]++
	if f.count[browser] > maxHeld {
		over = time.After(turnLength)
	}
	return over, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.count[browser]--; f.count[browser] == 0 {
			delete(f.count, browser)
		}
	}
}
