package alerts_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	firebaseauth "firebase.google.com/go/v4/auth"
	"google.golang.org/grpc"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/authclient"
	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/internal/cleanup"
	"heek.kr/heektime/internal/cleanup/sweeper"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/logging"
	"heek.kr/heektime/internal/logging/logtest"
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
	handler := cleanup.Handler(cleanup.Config{Firestore: fs, Deletion: d, Sweeper: s, Callers: w.callers(t), Log: log, Now: w.Clock.Now})
	return w.serve(t, "cleanup", handler), d
}

// jobs are the two jobs that watch each other, with their services.
type jobs struct {
	*refresher
	schedule, purge *schedulerpb.Job
	cleanupURL      string
	deletion        *deletion.Service
}

// jobs starts both services and creates the jobs. The clean-up service finds Authentication at an
// address, or at that of the local cloud.
func (w *world) jobs(t *testing.T, authAddress string, options ...grpc.DialOption) *jobs {
	t.Helper()
	j := &jobs{refresher: w.refresher(t, false, options...)}
	if authAddress == "" {
		authAddress = w.AuthAddress()
	}
	j.cleanupURL, j.deletion = w.cleanup(t, authAddress, w.Project)
	j.schedule, j.purge = w.createJob(t, deployment.ScheduleJob, j.url), w.createJob(t, deployment.PurgeJob, j.cleanupURL)
	return j
}

func TestPurgeThatDoesNotRunFires(t *testing.T) {
	w := newWorld(t).jobs(t, "")
	w.pass(t, 3*time.Hour, 30*time.Minute)
	w.pauseJob(t, w.purge)
	w.pass(t, 2*time.Hour, 30*time.Minute)
	w.expect(t, "for two hours")
	w.pass(t, 2*time.Hour, 30*time.Minute)
	w.expect(t, "for four hours", "purge-missing")
}

// Both jobs are rejected, so neither reports the other; Cloud Scheduler's log does.
func TestJobThatIsRejectedFires(t *testing.T) {
	for name, c := range map[string]struct {
		audience, path string
		want           []string
	}{
		"another audience": {"https://other.test", "/purge", []string{"job-rejected"}},
		"another path":     {audience, "/cleanup", []string{"job-rejected"}},
		"as in the table":  {audience, "/purge", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var scheduler logtest.Lines
			w := newWorld(t, func(cfg *emulator.Config) { cfg.Logger = logging.New(&scheduler, "p") })
			url, _ := w.cleanup(t, w.AuthAddress(), w.Project)
			w.createJobAs(t, deployment.PurgeJob, url+c.path, c.audience)
			w.pass(t, 2*time.Hour, time.Hour)
			if _, err := w.Write([]byte(scheduler.String())); err != nil { // what the local cloud has logged
				t.Fatal(err)
			}
			w.expect(t, "for two hours", c.want...)
		})
	}
}

// A job whose service fails is not rejected: the next attempt may succeed.
func TestJobThatFailsIsNotRejected(t *testing.T) {
	var scheduler logtest.Lines
	w := newWorld(t, func(cfg *emulator.Config) { cfg.Logger = logging.New(&scheduler, "p") })
	url, _ := w.cleanup(t, w.AuthAddress(), "no-such-bucket")
	w.createJobAs(t, deployment.PurgeJob, url+"/sweep", audience)
	w.pass(t, 2*time.Hour, time.Hour)
	if text := scheduler.String(); !strings.Contains(text, `"status":"UNAVAILABLE"`) {
		t.Errorf("the job did not fail: %s", text)
	}
	if _, err := w.Write([]byte(scheduler.String())); err != nil {
		t.Fatal(err)
	}
	w.expect(t, "for two hours")
}

// Neither job is left to report the other.
func TestNothingThatRunsFires(t *testing.T) {
	w := newWorld(t).jobs(t, "")
	w.pass(t, 3*time.Hour, 30*time.Minute)
	w.pauseJob(t, w.purge)
	w.pauseJob(t, w.schedule)
	w.pass(t, 90*time.Minute, 30*time.Minute)
	w.expect(t, "for an hour and a half")
	w.pass(t, time.Hour, 30*time.Minute)
	w.expect(t, "for two and a half hours", "nothing-runs")
	w.resumeJob(t, w.purge)
	w.resumeJob(t, w.schedule)
	w.pass(t, 2*time.Hour, 30*time.Minute)
	w.expect(t, "running again, of which neither job saw anything")
}

// A sweep names the account that has more documents than any student, and not the one that has as many as allowed.
func TestLargeAccountFires(t *testing.T) {
	w := newWorld(t)
	url, _ := w.cleanup(t, w.AuthAddress(), w.Project)
	sweep := func() {
		t.Helper()
		if status := w.post(t, url+"/sweep", "", deployment.SchedulerAccount); status != http.StatusOK {
			t.Fatalf("sweep: %d", status)
		}
	}
	accounts := authclient.New(t, w.Project, w.AuthAddress())
	for _, uid := range []string{"a-student", "spammer"} {
		if _, err := accounts.CreateUser(t.Context(), (&firebaseauth.UserToCreate{}).UID(uid)); err != nil {
			t.Fatal(err)
		}
	}
	seed := func(uid string, from, to int) {
		t.Helper()
		docs := emulatortest.Docs{"users/" + uid + "/timetables/timetable1": {"title": "시간표"}} // a document, too
		for i := from; i < to; i++ {
			docs[fmt.Sprintf("users/%s/timetables/timetable1/lectures/%05d", uid, i)] = map[string]any{"title": "강의"}
		}
		w.Seed(t, docs)
	}
	seed("a-student", 0, sweeper.DefaultDocuments/2)
	seed("spammer", 1, sweeper.DefaultDocuments)
	sweep()
	w.expect(t, "at the bound")
	seed("spammer", sweeper.DefaultDocuments, sweeper.DefaultDocuments+1)
	sweep()
	w.expect(t, "beyond it", "large-account")
}

// The purge watches the sweep, whose job does not exist here.
func TestSweepThatDoesNotRunFires(t *testing.T) {
	w := newWorld(t).jobs(t, "")
	w.pass(t, 8*24*time.Hour, time.Hour)
	w.expect(t, "in the first eight days")
	w.pass(t, 3*time.Hour, time.Hour)
	w.expect(t, "after eight days without any", "sweep-missing")
	if status := w.post(t, w.cleanupURL+"/sweep", "", deployment.SchedulerAccount); status != http.StatusOK {
		t.Fatalf("sweep: %d", status)
	}
	w.pass(t, 25*time.Hour, time.Hour)
	w.expect(t, "a day after a sweep")
	w.pass(t, 8*24*time.Hour, time.Hour)
	w.expect(t, "eight days after the last one", "sweep-missing")
}

func TestSweepThatFailsFires(t *testing.T) {
	w := newWorld(t)
	url, _ := w.cleanup(t, w.AuthAddress(), "no-such-bucket")
	good, _ := w.cleanup(t, w.AuthAddress(), w.Project)
	sweep := func(url string, want int) {
		t.Helper()
		w.Advance(t, 10*time.Minute)
		if status := w.post(t, url+"/sweep", "", deployment.SchedulerAccount); status != want {
			t.Fatalf("sweep: %d, want %d", status, want)
		}
	}
	for attempt := range 4 { // as Cloud Scheduler retries
		sweep(url, http.StatusServiceUnavailable)
		if fires := slices.Equal(w.firing(), []string{"sweep-missing"}); fires != (attempt >= 2) {
			t.Errorf("after %d attempts %q fire", attempt+1, w.firing())
		}
	}
	sweep(good, http.StatusOK)
	w.Advance(t, 24*time.Hour)
	w.expect(t, "a day after a good sweep")
	sweep(url, http.StatusServiceUnavailable)
	sweep(url, http.StatusServiceUnavailable)
	sweep(good, http.StatusOK)
	w.expect(t, "a sweep that succeeded at the third attempt")
}

// All jobs run as in the table for two weeks, and an account is deleted and purged.
func TestJobsThatRunAreSilent(t *testing.T) {
	w := newWorld(t).jobs(t, "")
	w.createJob(t, deployment.SweepJob, w.cleanupURL)
	w.requestDeletion(t, w.deletion)
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
	j := w.jobs(t, strings.TrimPrefix(srv.URL, "http://"))
	_, good := w.cleanup(t, w.AuthAddress(), w.Project)
	w.requestDeletion(t, good)
	j.pass(t, deletion.Grace+deletion.PurgeBound-time.Hour, time.Hour)
	w.expect(t, "within its bound", "purge-missing")
	j.pass(t, 2*time.Hour, time.Hour)
	w.expect(t, "after its bound", "purge-missing", "purge-late")
}
