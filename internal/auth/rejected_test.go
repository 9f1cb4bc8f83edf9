package auth_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/auth/fairsemaphore"
	"heek.kr/heektime/internal/auth/identitytoolkit"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/logging/logtest"
	"heek.kr/heektime/internal/loginthrottle"
	"heek.kr/heektime/internal/logline"
)

// Hundreds of rejected logins are logged once; neither outages nor a rush of users are.
func TestManyRejectedLoginsAreLogged(t *testing.T) {
	w := newWorld(t)
	tooMany := &loginthrottle.TooManyError{Wait: time.Minute}
	for name, c := range map[string]struct {
		err    error
		every  time.Duration
		logged bool
	}{
		"wrong passwords":          {auth.ErrWrong, time.Second, true},
		"beyond the limits":        {tooMany, time.Second, true},
		"Authentication's limits":  {fmt.Errorf("sign in: %w", identitytoolkit.ErrThrottled), time.Second, true},
		"a campus":                 {auth.ErrWrong, 5 * time.Second, false},
		"right passwords":          {nil, time.Second, false},
		"a rush of users":          {fairsemaphore.ErrFull, time.Second, false},
		"an outage":                {context.DeadlineExceeded, time.Second, false},
		"an outage of the limits'": {fmt.Errorf("%w: count", auth.ErrUnavailable), time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			var lines logtest.Lines
			now := w.Clock.Now()
			s := w.service(t, func(cfg *auth.Config) {
				cfg.Log, cfg.Now = logging.New(&lines, "p"), func() time.Time { return now }
			})
			for i := range 400 {
				if logged := strings.Count(lines.String(), logline.SignInsRejected); logged != map[bool]int{true: 1}[c.logged && i >= 300] {
					t.Fatalf("after %d logins, %d lines: %s", i, logged, lines.String())
				}
				s.CountRejected(t.Context(), c.err)
				now = now.Add(c.every)
			}
		})
	}
}
