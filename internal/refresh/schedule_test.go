package refresh_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/api/iterator"

	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/taskqueue"
)

// tasksInQueue returns the names of the queue's tasks. The queue must be paused, so that none leaves.
func tasksInQueue(t *testing.T, w *world) []string {
	t.Helper()
	var names []string
	for it := tasksclient.New(t, w.TasksAddress()).ListTasks(t.Context(), &cloudtaskspb.ListTasksRequest{Parent: queueName}); ; {
		task, err := it.Next()
		if err == iterator.Done {
			slices.Sort(names)
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, task.Name)
	}
}

func createPausedQueue(t *testing.T, w *world) {
	t.Helper()
	w.createQueue(t)
	if _, err := tasksclient.New(t, w.TasksAddress()).PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: queueName}); err != nil {
		t.Fatal(err)
	}
}

func TestSlotIsEnqueuedOnce(t *testing.T) {
	w := newWorld(t)
	createPausedQueue(t, w)
	// Several instances handle the same tick, which Cloud Scheduler may also repeat.
	var wg sync.WaitGroup
	for range 4 {
		s := w.service(t, semesterID)
		wg.Go(func() {
			if _, err := s.Due(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	first := tasksInQueue(t, w)
	if len(first) != 1 {
		t.Fatalf("tasks %v, want one", first)
	}
	w.Clock.Advance(10 * time.Minute) // the next slot of "*/10 * * * *"
	if n, err := w.service(t, semesterID).Due(t.Context()); n != 1 || err != nil {
		t.Errorf("next slot: enqueued %d, %v", n, err)
	}
	if both := tasksInQueue(t, w); len(both) != 2 || !slices.Contains(both, first[0]) {
		t.Errorf("tasks %v", both)
	}
}

// A call dies after enqueuing a task and before recording the slot. The next call enqueues the same task
// name, so no second task appears.
func TestKilledBeforeRecordingTheSlot(t *testing.T) {
	w := newWorld(t)
	createPausedQueue(t, w)
	s := w.service(t, semesterID)
	if n, err := s.Due(t.Context()); n != 1 || err != nil {
		t.Fatalf("enqueued %d, %v", n, err)
	}
	if _, err := w.fs.Collection("schedules").Doc("refresh").Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Due(t.Context()); n != 0 || err != nil {
		t.Errorf("enqueued %d, %v", n, err)
	}
	if tasks := tasksInQueue(t, w); len(tasks) != 1 {
		t.Errorf("tasks %v, want one", tasks)
	}
}

func TestMissedSlotsAreEnqueuedOnce(t *testing.T) {
	w := newWorld(t)
	createPausedQueue(t, w)
	s := w.service(t, semesterID)
	if _, err := s.Due(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Clock.Advance(7 * time.Hour)
	for _, want := range []int{1, 0} {
		if n, err := s.Due(t.Context()); n != want || err != nil {
			t.Errorf("enqueued %d, %v, want %d", n, err, want)
		}
	}
}

func TestDueCanBeRetriedAfterMissingQueue(t *testing.T) {
	w := newWorld(t)
	s := w.service(t, semesterID)
	if _, err := s.Due(t.Context()); err == nil {
		t.Fatal("Due succeeded without a queue")
	}
	createPausedQueue(t, w)
	if n, err := s.Due(t.Context()); n != 1 || err != nil {
		t.Errorf("enqueued %d, %v", n, err)
	}
}

func TestNewRejectsAnIncompleteConfig(t *testing.T) {
	w := newWorld(t)
	complete := refresh.Config{
		Bucket: "b", Schools: w.schools(t, semesterID),
		Firestore: w.fs, Storage: storageclient.New(t, w.StorageAddress()), Courses: w.courses, Log: discardLog(),
		Queue: &refresh.Queue{Client: tasksclient.New(t, w.TasksAddress()), Name: queueName, URL: "u", Audience: "a", ServiceAccount: "s"},
	}
	complete.Push = (*taskqueue.Queue)(complete.Queue)
	if _, err := refresh.New(complete); err != nil {
		t.Fatal(err)
	}
	for name, remove := range map[string]func(*refresh.Config){
		"bucket":    func(cfg *refresh.Config) { cfg.Bucket = "" },
		"schools":   func(cfg *refresh.Config) { cfg.Schools = nil },
		"firestore": func(cfg *refresh.Config) { cfg.Firestore = nil },
		"storage":   func(cfg *refresh.Config) { cfg.Storage = nil },
		"courses":   func(cfg *refresh.Config) { cfg.Courses = nil },
		"log":       func(cfg *refresh.Config) { cfg.Log = nil },
		"push":      func(cfg *refresh.Config) { cfg.Push = nil },
		"queue":     func(cfg *refresh.Config) { cfg.Queue = nil },
		"account":   func(cfg *refresh.Config) { cfg.Queue = &refresh.Queue{Client: cfg.Queue.Client, Name: queueName} },
	} {
		cfg := complete
		remove(&cfg)
		if _, err := refresh.New(cfg); err == nil {
			t.Errorf("New accepts a config without %s", name)
		}
	}
}
