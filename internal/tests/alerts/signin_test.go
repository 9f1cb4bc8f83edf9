package alerts_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/auth"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/loginthrottle"
)

// signIn serves the auth service, which finds Authentication at an address, and returns its URL.
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
	fs, log, now := w.FirestoreClient(t), w.log("auth"), w.Clock.Now()
	frozen := func() time.Time { return now } // limits must not depend on the speed of the machine
	s, err := auth.New(auth.Config{
		Firestore: fs, Accounts: accounts, Passwords: passwords, Limits: loginthrottle.DefaultLimits(), Rounds: 2000, Now: frozen, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	d, err := deletion.New(deletion.Config{Firestore: fs, Accounts: accounts, Log: log, Now: frozen})
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
	w.Advance(t, 10*time.Minute)
	w.expect(t, "ten minutes later")
}

func TestMistypedPasswordsAreSilent(t *testing.T) {
	w := newWorld(t)
	url := w.signIn(t, w.AuthAddress())
	for range 3 {
		w.guess(t, url, 120)
		w.expect(t, "mistyped")
		w.Advance(t, 6*time.Minute)
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
	w.Advance(t, 10*time.Minute)
	w.expect(t, "ten minutes later")
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
	w.guess(t, url, 2)
	w.expect(t, "twice")
	w.guess(t, url, 1)
	w.expect(t, "three times", "certificate-or-quota")
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
			var meter emulatortest.Meter
			client := w.FirestoreClient(t, meter.DialOptions()...)
			batch := client.BulkWriter(t.Context())
			const documents = 200
			for i := range documents {
				if _, err := batch.Set(client.Doc(fmt.Sprintf("many/d%d", i)), map[string]any{"n": i}); err != nil {
					t.Fatal(err)
				}
			}
			batch.End()
			meter.Take()
			if _, err := client.Collection("many").Documents(t.Context()).GetAll(); err != nil {
				t.Fatal(err)
			}
			reads := meter.Take().Reads
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
	"schedule-missing",     // TestJobThatIsDeadFires, TestScheduleThatFailsFires; TestJobThatRunsIsSilent
	"purge-missing",        // TestPurgeThatDoesNotRunFires; TestCleanupThatRunsIsSilent
	"sweep-missing",        // TestSweepThatDoesNotRunFires, TestSweepThatFailsFires; TestCleanupThatRunsIsSilent
	"purge-late",           // TestPurgeThatIsLateFires; TestCleanupThatRunsIsSilent
	"server-errors",        // TestServiceThatRespondsWith5xxFires; TestRejectedCallsAreNoServerErrors
	"sign-in-abuse",        // TestPasswordGuessingFires; TestMistypedPasswordsAreSilent
	"firestore-reads",      // TestReadsAboveTheBudgetFire
	"certificate-or-quota", // TestSchoolWithABadCertificateFires, TestQuotaThatIsUsedUpFires; TestSchoolThatIsDownIsNoCertificate, TestOutageIsNoQuota
}
