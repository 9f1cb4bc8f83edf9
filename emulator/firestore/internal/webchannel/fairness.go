package webchannel

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// A browser has six connections to a server of HTTP/1.1, for all pages together, and a back channel holds one. Three tabs
// with two channels each would leave none for a request, and the pages would stand still. So of one browser's back
// channels only the first keep theirs for as long as they like; the others take turns.
const (
	maxHeld = 4
	turn    = 300 * time.Millisecond
)

// crowd counts the back channels of each browser.
type fairness struct {
	mu    sync.Mutex
	count map[string]int
}

// enter counts one more. The channel that tells when its turn is over is nil when it need not take turns. leave is to be
// called at its end.
func (c *fairness) enter(r *http.Request) (over <-chan time.Time, leave func()) {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	key := host + " " + r.UserAgent()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count == nil {
		c.count = map[string]int{}
	}
	c.count[key]++
	if c.count[key] > maxHeld {
		over = time.After(turn)
	}
	return over, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.count[key]--; c.count[key] == 0 {
			delete(c.count, key)
		}
	}
}
