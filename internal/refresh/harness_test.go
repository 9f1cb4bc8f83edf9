package refresh_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/lecturespb"
	"heek.kr/heektime/internal/pushtask"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/school"
	"heek.kr/heektime/internal/taskqueue"
)

const (
	schoolID   = "가온대학교-서울"
	semesterID = schema.SemesterID("2026-0900")
	queueName  = "projects/demo-test/locations/asia-northeast3/queues/refresh"
	pushName   = "projects/demo-test/locations/asia-northeast3/queues/push"
	tasksEmail = "heektime-tasks@demo-test.iam.gserviceaccount.com"
)

// world is everything around the refresh service: the local cloud, the course service over gRPC, and a
// school's server.
type world struct {
	*emulatortest.Cloud
	school  *registrar
	courses lecturespb.LecturesClient
	fs      *firestore.Client
	bucket  *storage.BucketHandle
	tasks   *cloudtasks.Client
	files   sync.Map // *school.File by schema.SemesterID
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Cloud: emulatortest.Start(t), school: &registrar{lists: map[string][]string{}}}
	srv := httptest.NewServer(w.school)
	t.Cleanup(srv.Close)
	w.school.url = srv.URL
	w.courses = courseService(t)
	w.fs = w.FirestoreClient(t)
	w.createPushQueue(t)
	w.bucket = storageclient.New(t, w.StorageAddress()).Bucket(w.Project)
	return w
}

// courseService starts the real course service on its own port.
func courseService(t testing.TB) lecturespb.LecturesClient {
	t.Helper()
	return courseServiceWith(t, courses.Config{Log: discardLog(), Pause: time.Nanosecond})
}

func courseServiceWith(t testing.TB, cfg courses.Config) lecturespb.LecturesClient {
	t.Helper()
	service, err := courses.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer()
	lecturespb.RegisterLecturesServer(srv, service)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go srv.Serve(l)
	t.Cleanup(srv.Stop)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return lecturespb.NewLecturesClient(conn)
}

func discardLog() *slog.Logger { return slog.New(slog.DiscardHandler) }

// schools returns a school file with one semester.
func (w *world) schools(t testing.TB, id schema.SemesterID) *school.File {
	t.Helper()
	if file, ok := w.files.Load(id); ok {
		return file.(*school.File)
	}
	file, err := school.Parse(strings.NewReader(fmt.Sprintf(`
schools:
  - id: %s
    name: 가온대학교
    legacyId: gaon
    source: {adapter: korea, options: {url: "%s/%s"}}
    periods: [{period: 1, timeBegin: "09:00", timeEnd: "10:15"}]
    semesters: [{id: %q, year: %s, term: 2학기, schedule: "*/10 * * * *"}]
`, schoolID, w.school.url, id, id, id[:4])), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.files.Store(id, file)
	return file
}

// service returns a refresh service for one semester. Each set may change its config.
func (w *world) service(t testing.TB, id schema.SemesterID, set ...func(*refresh.Config)) *refresh.Service {
	t.Helper()
	cfg := refresh.Config{
		Bucket: w.Project, Schools: w.schools(t, id),
		Firestore: w.fs, Storage: storageclient.New(t, w.StorageAddress()), Courses: w.courses, Log: discardLog(), Now: w.Clock.Now,
		Queue: &refresh.Queue{Client: tasksclient.New(t, w.TasksAddress()), Name: queueName, URL: "http://127.0.0.1:1", Audience: "refresh", ServiceAccount: tasksEmail},
		Push:  &taskqueue.Queue{Client: tasksclient.New(t, w.TasksAddress()), Name: pushName, URL: "http://127.0.0.1:1", Audience: "push", ServiceAccount: tasksEmail},
	}
	for _, f := range set {
		f(&cfg)
	}
	s, err := refresh.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (w *world) createQueue(t *testing.T) {
	t.Helper()
	parent, _, _ := strings.Cut(queueName, "/queues/")
	_, err := tasksclient.New(t, w.TasksAddress()).CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: queueName}})
	if err != nil {
		t.Fatal(err)
	}
}

// createPushQueue creates the queue of notifications, paused: its tasks stay there for tests to see.
func (w *world) createPushQueue(t testing.TB) {
	t.Helper()
	w.tasks = tasksclient.New(t, w.TasksAddress())
	parent, _, _ := strings.Cut(pushName, "/queues/")
	if _, err := w.tasks.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: pushName}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.tasks.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: pushName}); err != nil {
		t.Fatal(err)
	}
}

// pushes returns the times and bodies of the tasks that notify students of a semester, by name.
func (w *world) pushes(t testing.TB, id schema.SemesterID) map[string]*cloudtaskspb.Task {
	t.Helper()
	found := map[string]*cloudtaskspb.Task{}
	for it := w.tasks.ListTasks(context.Background(), &cloudtaskspb.ListTasksRequest{Parent: pushName, ResponseView: cloudtaskspb.Task_FULL}); ; {
		task, err := it.Next()
		if err == iterator.Done {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		var body pushtask.Send
		if err := json.Unmarshal(task.GetHttpRequest().GetBody(), &body); err != nil {
			t.Fatal(err)
		}
		if body.Semester == id {
			found[task.Name] = task
		}
	}
}

// task returns a task that is due now.
func (w *world) task(id schema.SemesterID) refresh.Task {
	return refresh.Task{School: schoolID, Semester: id, Slot: w.Clock.Now()}
}

// published returns the list that a client would load, or nil if none is published. It fails the test
// if the semester refers to anything but a complete, valid list.
func (w *world) published(t testing.TB, id schema.SemesterID) schema.CourseList {
	t.Helper()
	url := w.semesterDocument(t, id)["lecturesUrl"]
	if url == nil {
		return nil
	}
	name, ok := strings.CutPrefix(url.(string), "gs://"+w.Project+"/")
	if !ok {
		t.Fatalf("lecturesUrl %q is not in bucket %s", url, w.Project)
	}
	list, err := schema.DecodeCourseList(bytes.NewReader(w.content(t, name)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := list.Validate(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return list
}

// content returns the content of an object that is stored compressed.
func (w *world) content(t testing.TB, name string) []byte {
	t.Helper()
	r, err := w.bucket.Object(name).ReadCompressed(true).NewReader(context.Background())
	if err != nil {
		t.Fatalf("load %s: %v", name, err)
	}
	defer r.Close()
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	body, err := io.ReadAll(unzipped)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return body
}

func (w *world) semesterDocument(t testing.TB, id schema.SemesterID) map[string]any {
	t.Helper()
	snap, err := w.fs.Collection("schools").Doc(schoolID).Collection("semesters").Doc(string(id)).Get(context.Background())
	if snap == nil || !snap.Exists() {
		if snap == nil {
			t.Fatal(err)
		}
		return nil
	}
	return snap.Data()
}

func (w *world) record(t testing.TB, id schema.SemesterID) refresh.Record {
	t.Helper()
	r, err := refresh.ReadRecord(context.Background(), w.fs, schoolID, id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// objects returns the names of the semester's lists in the bucket, deltas those of the deltas between them.
func (w *world) objects(t testing.TB, id schema.SemesterID) []string {
	t.Helper()
	return slices.DeleteFunc(w.allObjects(t, id), isDelta)
}

func (w *world) deltas(t testing.TB, id schema.SemesterID) []string {
	t.Helper()
	return slices.DeleteFunc(w.allObjects(t, id), func(name string) bool { return !isDelta(name) })
}

func isDelta(name string) bool { return strings.HasSuffix(name, ".delta.json") }

func (w *world) allObjects(t testing.TB, id schema.SemesterID) []string {
	t.Helper()
	var names []string
	for it := w.bucket.Objects(context.Background(), &storage.Query{Prefix: "lectures/" + schoolID + "/" + string(id) + "/"}); ; {
		attrs, err := it.Next()
		if err == iterator.Done {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, attrs.Name)
	}
}

// registrar imitates a school's course catalog in the format of the korea adapter. Each semester has its
// own path below url and a list of titles, one per lecture.
type registrar struct {
	url string

	mu    sync.Mutex
	lists map[string][]string
	fail  func(w http.ResponseWriter, body []byte)
	count int
}

// offer sets a semester's lectures.
func (r *registrar) offer(id schema.SemesterID, titles ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lists[string(id)] = titles
}

// misbehave makes the school serve lists with f, which receives the regular body. A nil f ends that.
func (r *registrar) misbehave(f func(w http.ResponseWriter, body []byte)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = f
}

func (r *registrar) requests() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count
}

func (r *registrar) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method == http.MethodGet {
		http.SetCookie(w, &http.Cookie{Name: "JSESSIONID", Value: "1"})
		io.WriteString(w, "<html></html>")
		return
	}
	r.mu.Lock()
	titles, fail := r.lists[strings.Split(req.URL.Path, "/")[1]], r.fail
	r.count++
	r.mu.Unlock()
	rows := make([]map[string]string, len(titles))
	for i, title := range titles {
		rows[i] = map[string]string{
			"COUR_CD": fmt.Sprintf("GAON%03d", i), "COUR_CLS": "01", "COUR_NM": title, "ISU_NM": "전공필수", "CREDIT": "3(3)",
			"PROF_NM": "한가람", "DEPARTMENT": "컴퓨터학과", "TIME_ROOM": "월(1) 가온관 101호", "PARAMS": "",
		}
	}
	body, err := json.Marshal(map[string]any{"code": "200", "rows": rows})
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	if fail != nil {
		fail(w, body)
		return
	}
	w.Write(body)
}

// titles returns n lecture titles of one version of a list. The first title is the version.
func titles(version string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("강의 %d", i)
	}
	if n > 0 {
		list[0] = version
	}
	return list
}

// version returns the version that titles made the list from.
func version(list schema.CourseList) string {
	if len(list) == 0 {
		return ""
	}
	return list[0].Title
}
