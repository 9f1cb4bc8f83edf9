package functions

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/googleapis/google-cloudevents-go/cloud/firestoredata"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/internal/cloudevent"
	"heek.kr/heektime/internal/pushtask"
	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/taskqueue"
)

// Events of a user without a device cost one read for all that were written together, and events of one with a device
// a task for all of some seconds. Events that change no identifier cost nothing. It is
// long because each case builds on the one before.
func TestTopicsFollowEvents(t *testing.T) {
	const queue = "projects/demo-test/locations/asia-northeast3/queues/topics"
	cloud := emulatortest.Start(t)
	client, fs, now := tasksclient.New(t, cloud.TasksAddress()), cloud.FirestoreClient(t), time.Now()
	parent, _, _ := strings.Cut(queue, "/queues/")
	if _, err := client.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: queue}}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: queue}); err != nil {
		t.Fatal(err)
	}
	handle := &topics{
		firestore: fs, log: slog.New(slog.DiscardHandler), now: func() time.Time { return now },
		queue: &taskqueue.Queue{Client: client, Name: queue, URL: "http://127.0.0.1:1", Audience: "push", ServiceAccount: "tasks@demo-test.iam.gserviceaccount.com"},
	}
	tasks := func() (n int) {
		for it := client.ListTasks(t.Context(), &cloudtaskspb.ListTasksRequest{Parent: queue}); ; n++ {
			if _, err := it.Next(); err == iterator.Done {
				return n
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
	written := func(uid string, at time.Time, before, after string) {
		t.Helper()
		e := cloudevent.EventOf(lecture(before), lecture(after))
		e.Path, e.Time = strings.Split("users/"+uid+"/timetables/t/lectures/l", "/"), at
		if err := handle.LectureWritten(t.Context(), e); err != nil {
			t.Error(err)
		}
	}
	reads := func(do func()) int { // not Measure, which would wait for the tasks of the paused queue
		before := cloud.Usage()
		do()
		return emulatortest.CostOf(billing.Between(before, cloud.Usage())).Reads
	}
	if n := reads(func() {
		for range 20 {
			written("alice", now.Add(-time.Second), "", "A")
		}
	}); n != 1 {
		t.Errorf("20 lectures of a user without a device cost %d reads, want 1", n)
	}
	if n := reads(func() { written("alice", now, "A", "A"); written("bob", now, "", "") }); n != 0 {
		t.Errorf("events that change no identifier cost %d reads", n)
	}
	if _, err := schema.SubscriptionRef(schema.UserRef(fs, "alice"), "s").Set(t.Context(), map[string]any{"token": "x"}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(pushtask.FollowAgain) // nothing has announced the device
	if n := reads(func() {
		for range 20 {
			written("alice", now, "A", "")
		}
	}); n != 1 || tasks() != 1 {
		t.Errorf("20 lectures of a user with a device cost %d reads and %d tasks, want 1 and 1", n, tasks())
	}
	now = now.Add(time.Minute)
	written("alice", now, "A", "B") // later
	if tasks() != 2 {
		t.Errorf("%d tasks, want a second one", tasks())
	}
}

// One read is about all users up to the next one with a device.
func TestTopicsOfUsersWithoutDevices(t *testing.T) {
	cloud := emulatortest.Start(t)
	fs, at := cloud.FirestoreClient(t), time.Now()
	handle := &topics{firestore: fs, log: slog.New(slog.DiscardHandler), now: time.Now}
	reads := func(at time.Time, uids ...string) int {
		return emulatortest.CostOf(cloud.Measure(t, func() {
			for _, uid := range uids {
				e := cloudevent.EventOf(nil, lecture("A"))
				e.Path, e.Time = strings.Split("users/"+uid+"/timetables/t/lectures/l", "/"), at
				if err := handle.LectureWritten(t.Context(), e); err != nil {
					t.Error(err)
				}
			}
		})).Reads
	}
	users := []string{"nina", "adam", "zoe", "mia", "mia2", "한별"}
	if n := reads(at, users...); n != 1 {
		t.Errorf("nobody has a device: %d reads for %d users, want 1", n, len(users))
	}
	for _, uid := range []string{"mia1", "zzz"} {
		if _, err := schema.SubscriptionRef(schema.UserRef(fs, uid), "s").Set(t.Context(), map[string]any{"token": "x"}); err != nil {
			t.Fatal(err)
		}
	}
	at = at.Add(pushtask.FollowAgain)
	for _, c := range []struct {
		uid   string
		reads int
	}{
		{"nina", 2}, // the first device is mia1's, the next one zzz's
		{"zoe", 0},
		{"adam", 0},
		{"mia", 0},
		{"mia2", 1},
		{"한별", 1},
		{"한별", 0},
	} {
		if n := reads(at, c.uid); n != c.reads {
			t.Errorf("%s: %d reads, want %d", c.uid, n, c.reads)
		}
	}
}

// The events of one commit arrive together. One that looked before a check ended, and checks after it, finds what the
// check found.
func TestTopicsOfEventsAtOnce(t *testing.T) {
	cloud := emulatortest.Start(t)
	handle := &topics{firestore: cloud.FirestoreClient(t), log: slog.New(slog.DiscardHandler), now: time.Now}
	at := time.Now()
	cost := emulatortest.CostOf(cloud.Measure(t, func() {
		for range 3 {
			if err := handle.check(t.Context(), "alice", at); err != nil {
				t.Error(err)
			}
		}
	}))
	if cost.Reads != 1 {
		t.Errorf("three events of one commit cost %d reads, want 1", cost.Reads)
	}
}

// lecture returns a lecture's document, nil if it does not exist.
func lecture(identifier string) *firestoredata.Document {
	if identifier == "" {
		return nil
	}
	return &firestoredata.Document{Fields: map[string]*firestoredata.Value{
		schema.FieldIdentifier: {ValueType: &firestoredata.Value_StringValue{StringValue: identifier}},
	}}
}
