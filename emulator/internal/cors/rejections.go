package cors

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A page can send thousands of requests a second from as many origins as it likes. The log gets one
// line a minute for each reason, and at most maxReasons.
const (
	rejectionWindow = time.Minute
	maxReasons      = 10
	maxBriefBytes   = 200
)

// RejectedMessage is the message of the log record.
const RejectedMessage = "web page rejected"

// rejections logs rejected requests. With a nil log it does nothing.
type rejections struct {
	log *slog.Logger

	mu     sync.Mutex
	began  time.Time
	logged map[string]bool // by reason, in the window that began at began
}

// add logs that a request was rejected, unless the window has a line for the same reason.
func (j *rejections) add(r *http.Request, why string) {
	if j.log == nil || !j.isNew(why) {
		return
	}
	j.log.WarnContext(r.Context(), RejectedMessage, "reason", why, "url", brief("http://"+r.Host+r.URL.Path))
}

func (j *rejections) isNew(why string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if now := time.Now(); j.logged == nil || now.Sub(j.began) >= rejectionWindow {
		j.began, j.logged = now, map[string]bool{}
	}
	if j.logged[why] || len(j.logged) >= maxReasons {
		return false
	}
	j.logged[why] = true
	return true
}

// brief shortens text that a request supplied.
func brief(text string) string {
	if len(text) <= maxBriefBytes {
		return text
	}
	return strings.ToValidUTF8(text[:maxBriefBytes], "") + "…"
}
