package alerts_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/emulator/emulatortest/authclient"
	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/internal/cleanup"
	"heek.kr/heektime/internal/cleanup/sweeper"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/deployment"
)

// cleanup serves the clean-up service, which finds Authentication at an address, and lists in a bucket.
func (w *world) cleanup(t *testing.T, authAddress, bucket string) (string, *deletion.Service) {
	t.Helper()
	fs, accounts, log := w.FirestoreClient(t), authclient.New(t, w.Project, authAddress), w.log("cleanup")
	d, err := deletion.New(deletion.Config{Firestore: fs, Accounts: accounts, Log: log, Now: w.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	s, err := sweeper.New(sweeper.Config{
		Firestore: fs, Accounts: accounts, Bucket: storageclient.New(t, w.StorageAddress()).Bucket(bucket), Deletion: d, Log: log, Now: w.Clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w.serve(t, "cleanup", cleanup.Handler(d, s, w.callers(t), log)), d
}

func TestPurgeThatDoesNotRunFires(t *testing.T) {
	w := newWorld(t)
	url, _ := w.cleanup(t, w.AuthAddress(), w.Project)
	job := w.createJob(t, deployment.PurgeJob, url)
	w.pass(t, 3*time.Hour, time.Hour)
	w.pauseJob(t, job)
	w.pass(t, 2*time.Hour, time.Hour)
	w.expect(t, "for two hours")
	w.pass(t, 2*time.Hour, time.Hour)
	w.expect(t, "for four hours", "purge-missing")
}

// The purge watches the sweep, whose job does not exist here.
func TestSweepThatDoesNotRunFires(t *testing.T) {
	w := newWorld(t)
	url, _ := w.cleanup(t, w.AuthAddress(), w.Project)
	w.createJob(t, deployment.PurgeJob, url)
	w.pass(t, 8*24*time.Hour, time.Hour)
	w.expect(t, "in the first eight days")
	w.pass(t, 3*time.Hour, time.Hour)
	w.expect(t, "after eight days without any", "sweep-missing")
	if status := w.post(t, url+"/sweep", "", deployment.SchedulerAccount); status != http.StatusOK {
		t.Fatalf("sweep: %d", status)
	}
	w.pass(t, 4*time.Hour, time.Hour)
	w.expect(t, "after a sweep")
	w.pass(t, 8*24*time.Hour, time.Hour)
	w.expect(t, "eight days after the last one", "sweep-missing")
}

func TestSweepThatFailsFires(t *testing.T) {
	w := newWorld(t)
	url, _ := w.cleanup(t, w.AuthAddress(), "no-such-bucket")
	for attempt := range 4 { // as Cloud Scheduler retries
		w.Advance(t, 10*time.Minute)
		if status := w.post(t, url+"/sweep", "", deployment.SchedulerAccount); status != http.StatusServiceUnavailable {
			t.Fatalf("sweep: %d", status)
		}
		if fires := slices.Equal(w.firing(), []string{"sweep-missing"}); fires != (attempt >= 2) {
			t.Errorf("after %d attempts %q fire", attempt+1, w.firing())
		}
	}
}

// Both jobs run as in the table for two weeks, and an account is deleted and purged.
func TestCleanupThatRunsIsSilent(t *testing.T) {
	w := newWorld(t)
	url, d := w.cleanup(t, w.AuthAddress(), w.Project)
	w.createJob(t, deployment.PurgeJob, url)
	w.createJob(t, deployment.SweepJob, url)
	w.requestDeletion(t, d)
	for range 15 * 24 {
		w.Advance(t, time.Hour)
		w.expect(t, "running")
	}
	if _, err := authclient.New(t, w.Project, w.AuthAddress()).GetUser(t.Context(), uid); !firebaseauth.IsUserNotFound(err) {
		t.Errorf("the account still exists: %v", err)
	}
}

const uid = "user1"

func (w *world) requestDeletion(t *testing.T, d *deletion.Service) {
	t.Helper()
	user := (&firebaseauth.UserToCreate{}).UID(uid)
	if _, err := authclient.New(t, w.Project, w.AuthAddress()).CreateUser(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Request(t.Context(), uid); err != nil {
		t.Fatal(err)
	}
}

// Authentication rejects the deletion of an account. The purge fails each hour, so both alerts fire.
func TestPurgeThatIsLateFires(t *testing.T) {
	w := newWorld(t)
	srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(http.StatusForbidden)
	}))
	defer srv.Close()
	_, good := w.cleanup(t, w.AuthAddress(), w.Project)
	w.requestDeletion(t, good)
	url, _ := w.cleanup(t, strings.TrimPrefix(srv.URL, "http://"), w.Project)
	w.createJob(t, deployment.PurgeJob, url)
	w.pass(t, deletion.Grace+deletion.PurgeBound-time.Hour, time.Hour)
	w.expect(t, "within its bound", "purge-missing")
	w.pass(t, 2*time.Hour, time.Hour)
	w.expect(t, "after its bound", "purge-missing", "purge-late")
}
