package api_test

import (
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/internal/alerts"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/logging/logtest"
)

// Rejected sign-ins of old clients count for the alert about guessed passwords; other calls do not.
func TestSignInAbuseAlert(t *testing.T) {
	t.Parallel()
	fx := newFixtureWithoutServer(t)
	var lines logtest.Lines
	now := fx.Clock.Now()
	url := fx.serve(t, fx.server(t, options{
		log: logging.New(&lines, fx.Project).With(spec.FieldService, "compat-server"), now: func() time.Time { return now },
	}))
	alert, _ := deployment.Table().Alert("sign-in-abuse")
	evaluate := func(least int) (fires bool) {
		a := *alert
		a.Conditions = []spec.Condition{a.Conditions[0]}
		a.Conditions[0].AtLeast = least
		e := alerts.New([]spec.Alert{a})
		for text := range strings.Lines(lines.String()) {
			line, err := alerts.ParseLine([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			e.Add(now, line)
		}
		return len(e.Firing(now)) > 0
	}
	call(t, "GET", url+"/me", "", nil)
	fx.url = url
	fx.signUp(t, "minsu")
	if evaluate(1) {
		t.Errorf("a sign-up and a call without a token count:\n%s", lines.String())
	}
	const guesses = 8 // five are free, then there is a wait
	seen := map[int]bool{}
	for range guesses {
		seen[call(t, "POST", url+"/auth/token", "", map[string]string{"username": "minsu", "password": "wrong"}).status] = true
	}
	if !seen[401] || !seen[429] {
		t.Errorf("statuses %v, want 401 and 429", seen)
	}
	if !evaluate(guesses) || evaluate(guesses+1) {
		t.Errorf("not each of %d guesses counts:\n%s", guesses, lines.String())
	}
}
