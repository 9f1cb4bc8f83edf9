package api_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"heek.kr/heektime/internal/alerts"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/logging/logtest"
)

// Hundreds of rejected sign-ins of old clients raise the alert about guessed passwords.
func TestSignInAbuseAlert(t *testing.T) {
	t.Parallel()
	fx := newFixtureWithoutServer(t)
	var lines logtest.Lines
	var clock atomic.Int64 // limits must not depend on the speed of the machine
	clock.Store(fx.Clock.Now().UnixNano())
	now := func() time.Time { return time.Unix(0, clock.Load()) }
	fx.url = fx.serve(t, fx.server(t, options{log: logging.New(&lines, fx.Project).With(spec.FieldService, "compat-server"), now: now}))
	alert, _ := deployment.Table().Alert("sign-in-abuse")
	fires := func() bool {
		e := alerts.New([]spec.Alert{*alert})
		for text := range strings.Lines(lines.String()) {
			line, err := alerts.ParseLine([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			e.Add(now(), line)
		}
		return len(e.Firing(now())) > 0
	}
	fx.signUp(t, "minsu")
	seen := map[int]int{}
	for i := range 299 {
		clock.Add(int64(100 * time.Millisecond)) // within the limit on all calls
		seen[call(t, "POST", fx.url+"/auth/token", "", map[string]string{"username": "minsu", "password": fmt.Sprint("wrong", i)}).status]++
		call(t, "GET", fx.url+"/me", "", nil) // rejected, but no sign-in
	}
	if seen[401] == 0 || seen[429] == 0 || seen[401]+seen[429] != 299 {
		t.Errorf("statuses %v, want 401 and 429", seen)
	}
	if fires() {
		t.Error("299 rejected sign-ins raise the alert")
	}
	call(t, "POST", fx.url+"/auth/token", "", map[string]string{"username": "minsu", "password": "wrong"})
	if !fires() {
		t.Errorf("300 rejected sign-ins do not raise the alert: %v", seen)
	}
}
