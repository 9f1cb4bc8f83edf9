package alerts_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/alerts"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/loginthrottle"
)

// stopwatch is a clock that moves only when a test says so: limits must not depend on the speed of the
// machine.
type stopwatch struct{ at atomic.Int64 }

func newStopwatch(at time.Time) *stopwatch {
	s := &stopwatch{}
	s.at.Store(at.UnixNano())
	return s
}

func (s *stopwatch) now() time.Time          { return time.Unix(0, s.at.Load()) }
func (s *stopwatch) advance(d time.Duration) { s.at.Add(int64(d)) }

// signIn serves the auth service, which finds Authentication at an address, and returns its URL. Its clock
// is w.signInClock.
func (w *world) signIn(t *testing.T, authAddress string) string {
	t.Helper()
	t.Setenv("FIREBASE_AUTH_EMULATOR_HOST", authAddress)
	accounts, err := gcp.Authentication(t.Context(), w.Project, "")
	if err != nil {
		t.Fatal(err)
	}
	passwords, err := auth.Passwords("any-key")
	if err != nil {
		t.Fatal(err)
	}
	fs, log := w.FirestoreClient(t), w.log("auth")
	w.signInClock = newStopwatch(w.Clock.Now())
	s, err := auth.New(auth.Config{
		Firestore: fs, Accounts: accounts, Passwords: passwords, Limits: loginthrottle.DefaultLimits(), Rounds: 2000, Now: w.signInClock.now, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	d, err := deletion.New(deletion.Config{Firestore: fs, Accounts: accounts, Log: log, Now: w.signInClock.now})
	if err != nil {
		t.Fatal(err)
	}
	return w.serve(t, "auth", &auth.Handler{Service: s, Deletion: d})
}

// guess tries n wrong passwords.
func (w *world) guess(t *testing.T, url string, n int) (statuses map[int]int) {
	t.Helper()
	statuses = map[int]int{}
	for i := range n {
		statuses[w.post(t, url+"/login/", fmt.Sprintf(`{"email": "user%d@example.com", "password": "guess"}`, i), "")]++
	}
	return statuses
}

func TestPasswordGuessingFires(t *testing.T) {
	w := newWorld(t)
	url := w.signIn(t, w.AuthAddress())
	statuses := w.guess(t, url, 299)
	w.expect(t, "299 guesses")
	if statuses[http.StatusBadRequest] == 0 || statuses[http.StatusTooManyRequests] == 0 {
		t.Errorf("statuses %v, want wrong passwords and attempts beyond the limits", statuses)
	}
	w.guess(t, url, 1)
	w.expect(t, "300 guesses", "sign-in-abuse")
	w.Advance(t, 13*time.Hour)
	w.expect(t, "half a day later")
}

func TestMistypedPasswordsAreSilent(t *testing.T) {
	w := newWorld(t)
	url := w.signIn(t, w.AuthAddress())
	for range 5 {
		w.guess(t, url, 120)
		w.expect(t, "mistyped")
		w.signInClock.advance(6 * time.Minute)
	}
}

// broken serves an Authentication that responds to each call with one error.
func broken(t *testing.T, status int, body string) (address string) {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(srv.Close)
	return strings.TrimPrefix(srv.URL, "http://")
}

func TestServiceThatRespondsWith5xxFires(t *testing.T) {
	w := newWorld(t)
	url := w.signIn(t, broken(t, http.StatusInternalServerError, `{"error": {"code": 500, "message": "INTERNAL"}}`))
	if statuses := w.guess(t, url, 4); statuses[http.StatusServiceUnavailable] != 4 {
		t.Errorf("statuses %v, want only 503", statuses)
	}
	w.expect(t, "four errors")
	w.guess(t, url, 1)
	w.expect(t, "five errors", "server-errors")
	w.Advance(t, 61*time.Minute)
	w.expect(t, "an hour later")
}

// A process cannot log its own crash, so these are lines as Cloud Run writes them.
func TestCrashFires(t *testing.T) {
	const out = "Memory limit of 512 MiB exceeded with 530 MiB used. Consider increasing the memory limit, see https://cloud.google.com/run/docs/configuring/memory-limits"
	request := func(service string, status int) string {
		return fmt.Sprintf(`{"service":%q,"httpRequest":{"status":%d}}`, service, status)
	}
	ended := func(service string, status int, text string) string {
		return fmt.Sprintf(`{"service":%q,"httpRequest":{"status":%d},"severity":"ERROR","textPayload":%q}`, service, status, text)
	}
	const none = "The request was aborted because there was no available instance. Additional troubleshooting documentation can be found at: https://cloud.google.com/run/docs/troubleshooting#abort-request"
	system := func(text string) string { return fmt.Sprintf(`{"service":"pages","textPayload":%q}`, text) }
	for name, c := range map[string]struct {
		line string
		want []string
	}{
		"memory":                     {system(out), []string{"server-errors"}},
		"exit":                       {system("Container called exit(2)."), []string{"server-errors"}},
		"signal":                     {system("Uncaught signal: 6, pid=1, tid=1, fault_addr=0."), []string{"server-errors"}},
		"an instance that hangs":     {system(`STARTUP HTTP probe failed 60 times consecutively for container "auth-1" on port 8080. The instance was not started.`), []string{"server-errors"}},
		"no start for a request":     {ended("auth", 500, "The request failed because the instance could not start successfully."), []string{"server-errors"}},
		"not ready for a request":    {ended("refresh", 503, "The request failed because the instance failed the readiness check."), []string{"server-errors"}},
		"a connection that broke":    {ended("auth", 503, "The request failed because either the HTTP response was malformed or connection to the instance had an error."), []string{"server-errors"}},
		"memory during a request":    {ended("courses", 500, "While handling this request, the container instance was found to be using too much memory and was terminated."), []string{"server-errors"}},
		"a service is full":          {ended("auth", 429, none), []string{"no-instance"}},
		"functions are full":         {ended("functions", 429, none), []string{"no-instance"}},
		"instances come too late":    {ended("compat-server", 500, none), []string{"no-instance"}},
		"billing was off":            {ended("refresh", 503, none), []string{"no-instance"}},
		"refresh is full":            {ended("refresh", 429, none), nil},
		"cleanup is full":            {ended("cleanup", 429, none), nil},
		"the service's own 429":      {request("auth", 429), nil},
		"a rejected token":           {ended("refresh", 403, "The request was not authenticated. Either allow unauthenticated invocations or set the proper Authorization header."), nil},
		"a service that quotes it":   {`{"service":"auth","message":"no available instance"}`, nil},
		"end of an instance":         {system("Container called exit(0)."), nil},
		"start of an instance":       {system("Starting new instance. Reason: AUTOSCALING"), nil},
		"no response in time":        {request("auth", 504), []string{"server-errors"}},
		"compat-server's own limit":  {request("compat-server", 504), nil},
		"an error that was counted":  {request("auth", 500), nil},
		"a retry that was asked for": {request("refresh", 503), nil},
	} {
		t.Run(name, func(t *testing.T) {
			e := alerts.New(deployment.Table().Alerts)
			line, err := alerts.ParseLine([]byte(c.line))
			if err != nil {
				t.Fatal(err)
			}
			now := time.Now()
			e.Add(now, line)
			var got []string
			for _, f := range e.Firing(now) {
				got = append(got, f.Alert.ID)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s: %q fire, want %q", c.line, got, c.want)
			}
		})
	}
}

// 4xx are callers' errors. 503 of cleanup asks for a retry.
func TestRejectedCallsAreNoServerErrors(t *testing.T) {
	w := newWorld(t)
	url := w.signIn(t, w.AuthAddress())
	w.guess(t, url, 20)
	clean, _ := w.cleanup(t, w.AuthAddress(), "no-such-bucket")
	for range 2 {
		w.post(t, clean+"/purge", "", deployment.TasksAccount)
		w.post(t, clean+"/purge", "", "")
	}
	w.expect(t, "rejected")
}

func TestQuotaThatIsUsedUpFires(t *testing.T) {
	w := newWorld(t)
	url := w.signIn(t, broken(t, http.StatusTooManyRequests, `{"error": {"code": 429, "message": "QUOTA_EXCEEDED : Exceeded quota for verifying passwords.", "status": "RESOURCE_EXHAUSTED"}}`))
	w.expect(t, "before")
	w.guess(t, url, 1)
	w.expect(t, "once", "certificate-or-quota")
}

// An outage is neither a certificate nor a quota; it is counted with the 5xx.
func TestOutageIsNoQuota(t *testing.T) {
	w := newWorld(t)
	url := w.signIn(t, broken(t, http.StatusInternalServerError, `{"error": {"code": 500, "message": "INTERNAL"}}`))
	w.guess(t, url, 4)
	w.expect(t, "four times")
}

// Reads are those of a real client; the metric sums them up as Google's does.
func TestReadsAboveTheBudgetFire(t *testing.T) {
	for name, days := range map[string]int{"in a day": 1, "in two days": 2} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			client := w.FirestoreClient(t)
			batch := client.BulkWriter(t.Context())
			const documents = 200
			for i := range documents {
				if _, err := batch.Set(client.Doc(fmt.Sprintf("many/d%d", i)), map[string]any{"n": i}); err != nil {
					t.Fatal(err)
				}
			}
			batch.End()
			reads := emulatortest.CostOf(w.Measure(t, func() {
				if _, err := client.Collection("many").Documents(t.Context()).GetAll(); err != nil {
					t.Fatal(err)
				}
			})).Reads
			repeats := deployment.ReadsPerDay / documents
			for range repeats { // a loop that reads the collection again and again
				w.Clock.Advance(time.Duration(days) * 23 * time.Hour / time.Duration(repeats))
				w.alerts.AddPoint(w.Clock.Now(), "firestore.googleapis.com/document/read_count", reads)
			}
			if days == 1 {
				w.expect(t, "the budget in a day", "firestore-reads")
			} else {
				w.expect(t, "the budget in two days")
			}
		})
	}
}

// tested are the alerts that tests of this package make fire and keep silent.
var tested = []string{
	"list-failing",         // TestSchoolThatStaysDownFires, TestSuspiciousListFiresTheSecondTime; TestSchoolThatIsDownForAnHourIsSilent, TestGoodListsAreSilent
	"schedule-missing",     // TestScheduleThatDoesNotRunFires, TestScheduleThatFailsFires; TestJobsThatRunAreSilent
	"purge-missing",        // TestPurgeThatDoesNotRunFires; TestJobsThatRunAreSilent
	"job-rejected",         // TestJobThatIsRejectedFires; TestJobThatFailsIsNotRejected
	"nothing-runs",         // TestNothingThatRunsFires; TestJobsThatRunAreSilent
	"sweep-missing",        // TestSweepThatDoesNotRunFires, TestSweepThatFailsFires; TestJobsThatRunAreSilent
	"purge-late",           // TestPurgeThatIsLateFires; TestJobsThatRunAreSilent
	"large-account",        // TestLargeAccountFires, which has one that does not
	"server-errors",        // TestServiceThatRespondsWith5xxFires, TestCrashFires; TestRejectedCallsAreNoServerErrors
	"no-instance",          // TestCrashFires, which has what keeps it silent, too
	"sign-in-abuse",        // TestPasswordGuessingFires; TestMistypedPasswordsAreSilent
	"firestore-reads",      // TestReadsAboveTheBudgetFire
	"certificate-or-quota", // TestSchoolWithABadCertificateFires, TestQuotaThatIsUsedUpFires; TestSchoolThatIsDownIsNoCertificate, TestOutageIsNoQuota
}
