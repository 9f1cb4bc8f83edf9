package push_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/firestore"
	fcm "firebase.google.com/go/v4/messaging"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/messagingclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/emulator/messaging"
	"heek.kr/heektime/internal/liststore"
	"heek.kr/heektime/internal/push"
	"heek.kr/heektime/internal/push/pushplan"
	"heek.kr/heektime/internal/push/topic"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/taskqueue"
)

const (
	schoolID  = "가온대학교-서울"
	queueName = "projects/demo-test/locations/asia-northeast3/queues/push"
)

// today is a morning in Seoul in the next days, because the local cloud's clock is that of this machine.
var today = pushplan.NextMorning(time.Now()).Add(2 * time.Hour)

// semesterID is the semester that begins this month.
var semesterID = schema.SemesterID(today.Format("2006-0100"))

// world is the service with the official clients, against the local cloud.
type world struct {
	*emulatortest.Cloud
	*push.Service
	fs    *firestore.Client
	tasks *cloudtasks.Client
	at    time.Time
	lists map[string][]byte // by object
}

func newWorld(t *testing.T) *world {
	t.Helper()
	indexes, err := os.ReadFile("../../firestore.indexes.json")
	must(t, err)
	w := &world{Cloud: emulatortest.Start(t, func(cfg *emulator.Config) { cfg.Indexes = indexes }), at: today, lists: map[string][]byte{}}
	w.fs, w.tasks = w.FirestoreClient(t), tasksclient.New(t, w.TasksAddress())
	parent, _, _ := strings.Cut(queueName, "/queues/")
	_, err = w.tasks.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: queueName}})
	must(t, err)
	_, err = w.tasks.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: queueName})
	must(t, err)
	w.Service = w.open(t, w.fs, messagingclient.New(t, w.Project, w.MessagingAddress()), w.tasks)
	return w
}

// open returns the service with these clients.
func (w *world) open(t *testing.T, fs *firestore.Client, fcm *fcm.Client, tasks *cloudtasks.Client) *push.Service {
	t.Helper()
	s, err := push.New(push.Config{
		Firestore: fs, Messaging: fcm, Log: slog.New(slog.DiscardHandler),
		Queue: &taskqueue.Queue{Client: tasks, Name: queueName, URL: "http://127.0.0.1:1", Audience: "push", ServiceAccount: "tasks@demo-test.iam.gserviceaccount.com"},
		Now:   func() time.Time { return w.at },
		Lists: func(_ context.Context, name string) ([]byte, error) {
			body, ok := w.lists[name]
			if !ok {
				return nil, liststore.ErrNone
			}
			return body, nil
		},
	})
	must(t, err)
	return s
}

// device registers a device that is subscribed to a topic.
func (w *world) device(t *testing.T, topics ...string) (token string) {
	t.Helper()
	token, err := w.Messages().Register(messaging.DeviceInfo{})
	must(t, err)
	for _, name := range topics {
		_, err = messagingclient.New(t, w.Project, w.MessagingAddress()).SubscribeToTopic(t.Context(), []string{token}, name)
		must(t, err)
	}
	return token
}

// change stores what changed in the list now: the room of a lecture.
func (w *world) change(t *testing.T, code, from, to string) {
	t.Helper()
	times := func(room string) map[string]any {
		return map[string]any{"times": []any{map[string]any{"weekday": 0, "timeBegin": 540, "timeEnd": 615, "room": room}}}
	}
	c := schema.Change{
		At: w.at, From: "gs://x/1.json", To: "gs://x/2.json", Complete: true, Changed: 1, Expires: w.at.Add(time.Hour),
		Lectures: []schema.LectureChange{{Kind: schema.LectureChanged, Identifier: code, Title: "자료구조", Before: times(from), After: times(to)}},
	}
	_, err := schema.ChangeRef(schema.SemesterRef(w.fs, schoolID, semesterID), w.at, "12345678").Set(t.Context(), c)
	must(t, err)
}

func (w *world) notify(t *testing.T) {
	t.Helper()
	must(t, w.Notify(t.Context(), schoolID, semesterID))
}

// later returns when the tasks run that the service added.
func (w *world) later(t *testing.T) (times []string) {
	t.Helper()
	for it := w.tasks.ListTasks(t.Context(), &cloudtaskspb.ListTasksRequest{Parent: queueName}); ; {
		task, err := it.Next()
		if err == iterator.Done {
			return times
		}
		must(t, err)
		times = append(times, task.GetScheduleTime().AsTime().In(pushplan.Seoul).Format("01-02 15:04"))
	}
}

func lectureTopic(code string, l schema.Language) string {
	return topic.Lecture(schoolID, semesterID, code).In(l)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
