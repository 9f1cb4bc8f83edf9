package alerts_test

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/lecturespb"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/school"
	"heek.kr/heektime/internal/taskqueue"
)

// campus is a school whose list has some number of lectures, or that is down.
type campus struct {
	lectures atomic.Int64
	down     atomic.Bool
}

func (c *campus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.down.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if r.Method == http.MethodGet {
		http.SetCookie(w, &http.Cookie{Name: "JSESSIONID", Value: "1"})
		io.WriteString(w, "<html></html>")
		return
	}
	rows := make([]map[string]string, c.lectures.Load())
	for i := range rows {
		rows[i] = map[string]string{
			"COUR_CD": fmt.Sprintf("GAON%03d", i), "COUR_CLS": "01", "COUR_NM": fmt.Sprintf("강의 %d", i), "ISU_NM": "전공필수",
			"CREDIT": "3(3)", "PROF_NM": "한가람", "DEPARTMENT": "컴퓨터학과", "TIME_ROOM": "월(1) 가온관 101호", "PARAMS": "",
		}
	}
	json.NewEncoder(w).Encode(map[string]any{"code": "200", "rows": rows})
}

const schoolID, semesterID = "가온대학교-서울", "2026-0900"

// refresher is the refresh service, with the course service behind it.
type refresher struct {
	*world
	campus *campus
	queue  *refresh.Queue
	url    string
}

// refresher starts the services. options are for the Firestore client.
func (w *world) refresher(t *testing.T, secure bool, options ...grpc.DialOption) *refresher {
	t.Helper()
	r := &refresher{world: w, campus: &campus{}}
	r.campus.lectures.Store(100)
	srv := httptest.NewUnstartedServer(r.campus)
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo) // the course service ends the handshake
	if secure {
		srv.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	file, err := school.Parse(strings.NewReader(fmt.Sprintf(`
schools:
  - id: %s
    name: 가온대학교
    legacyId: gaon
    source: {adapter: korea, options: {url: "%s"}}
    periods: [{period: 1, timeBegin: "09:00", timeEnd: "10:15"}]
    semesters: [{id: %q, year: 2026, term: 2학기, schedule: "0 6 * * 1"}]
`, schoolID, srv.URL, semesterID)), nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := courses.New(courses.Config{Log: w.log("courses"), Pause: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	conn := dial(t, func(s *grpc.Server) { lecturespb.RegisterLecturesServer(s, list) })
	r.queue = &refresh.Queue{
		Client: tasksclient.New(t, w.TasksAddress()), Name: w.table.QueueName(w.Project, deployment.RefreshQueue),
		URL: "http://127.0.0.1:1", Audience: audience, ServiceAccount: spec.Email(w.Project, deployment.TasksAccount),
	}
	push := taskqueue.Queue(*r.queue)
	push.Name = w.table.QueueName(w.Project, deployment.PushQueue)
	s, err := refresh.New(refresh.Config{
		Firestore: w.FirestoreClient(t, options...), Storage: storageclient.New(t, w.StorageAddress()), Queue: r.queue, Push: &push,
		Courses: lecturespb.NewLecturesClient(conn), Bucket: w.Project, Schools: file, Log: w.log("refresh"), Now: w.Clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	r.url = w.serve(t, "refresh", s.Handler(w.callers(t)))
	r.queue.URL = r.url
	w.createQueue(t)
	return r
}

// slot refreshes the list of one slot, with as many retries as happen now.
func (r *refresher) slot(t *testing.T) {
	t.Helper()
	if _, err := r.queue.Enqueue(t.Context(), refresh.Task{School: schoolID, Semester: semesterID, Slot: r.Clock.Now()}); err != nil {
		t.Fatal(err)
	}
	r.Idle(t)
}

func TestSchoolThatStaysDownFires(t *testing.T) {
	r := newWorld(t).refresher(t, false)
	r.campus.down.Store(true)
	r.slot(t)
	r.pass(t, 60*time.Minute, time.Minute)
	r.expect(t, "down for an hour")
	r.pass(t, 30*time.Minute, time.Minute)
	r.expect(t, "down for an hour and a half", "list-failing")
	r.pass(t, 13*time.Hour, time.Hour)
	r.expect(t, "long after the last attempt")
}

// The queue retries for longer than an hour, so this repairs itself. Each attempt is a response with 503.
func TestSchoolThatIsDownForAnHourIsSilent(t *testing.T) {
	r := newWorld(t).refresher(t, false)
	r.campus.down.Store(true)
	r.slot(t)
	for range 60 {
		r.Advance(t, time.Minute)
		r.expect(t, "down")
	}
	r.campus.down.Store(false)
	r.pass(t, 30*time.Minute, time.Minute)
	r.expect(t, "up again")
	record, err := refresh.ReadRecord(t.Context(), r.FirestoreClient(t), schoolID, semesterID)
	if err != nil || len(record.Published) != 1 {
		t.Errorf("%d lists are published, %v", len(record.Published), err)
	}
}

func TestSuspiciousListFiresTheSecondTime(t *testing.T) {
	r := newWorld(t).refresher(t, false)
	r.slot(t)
	r.campus.lectures.Store(5)
	r.Advance(t, 24*time.Hour)
	r.slot(t)
	r.expect(t, "suspicious once")
	r.Advance(t, 24*time.Hour)
	r.slot(t)
	r.expect(t, "suspicious on two days", "list-failing")
}

func TestGoodListsAreSilent(t *testing.T) {
	r := newWorld(t).refresher(t, false)
	for day := range 4 {
		r.campus.lectures.Store(int64(100 + day%2))
		r.slot(t)
		r.expect(t, "published")
		r.Advance(t, 24*time.Hour)
	}
}

func TestScheduleThatDoesNotRunFires(t *testing.T) {
	w := newWorld(t).jobs(t, "")
	w.pass(t, 3*time.Hour, 30*time.Minute)
	w.pauseJob(t, w.schedule)
	w.pass(t, 30*time.Minute, 5*time.Minute)
	w.expect(t, "for half an hour")
	w.pass(t, 100*time.Minute, 10*time.Minute)
	w.expect(t, "for two hours", "schedule-missing")
}

// A job that runs and fails is no better than one that does not run.
func TestScheduleThatFailsFires(t *testing.T) {
	var broken atomic.Bool
	w := newWorld(t).jobs(t, "", grpc.WithChainUnaryInterceptor(breakable(&broken)), grpc.WithChainStreamInterceptor(breakableStream(&broken)))
	w.pass(t, 3*time.Hour, 30*time.Minute)
	broken.Store(true)
	w.pass(t, 130*time.Minute, 10*time.Minute)
	w.expect(t, "without Firestore", "schedule-missing")
}

func TestSchoolWithABadCertificateFires(t *testing.T) {
	r := newWorld(t).refresher(t, true)
	r.expect(t, "before the first attempt")
	r.slot(t)
	r.expect(t, "after the first attempt", "certificate-or-quota")
}

func TestSchoolThatIsDownIsNoCertificate(t *testing.T) {
	r := newWorld(t).refresher(t, false)
	r.campus.down.Store(true)
	r.slot(t)
	r.pass(t, 5*time.Minute, time.Minute)
	r.expect(t, "after retries")
}

// PermissionDenied is an error that Firestore's client does not retry.
var errBroken = status.Error(codes.PermissionDenied, "missing or insufficient permissions")
