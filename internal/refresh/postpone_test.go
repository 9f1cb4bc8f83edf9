package refresh_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"

	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/school"
)

// leaveAlone makes the school ask for a time without requests.
func leaveAlone(code int, retryAfter string) func(http.ResponseWriter, []byte) {
	return func(w http.ResponseWriter, _ []byte) {
		w.Header().Set("Retry-After", retryAfter)
		http.Error(w, "later", code)
	}
}

// withoutSchedule removes the schedule of the only semester, so that no later slot follows.
func withoutSchedule(cfg *refresh.Config) {
	file := *cfg.Schools
	file.Schools = slices.Clone(file.Schools)
	file.Schools[0].Semesters = []school.Semester{file.Schools[0].Semesters[0]}
	file.Schools[0].Semesters[0].Schedule = ""
	cfg.Schools = &file
}

// TestRetryAfterIsHonoured checks that nothing asks a school before the time that it named: not the
// queue's retries, nor another task. The task itself is enqueued for that time, once.
func TestRetryAfterIsHonoured(t *testing.T) {
	for _, c := range []struct {
		name, retryAfter string
		code             int
		wait             time.Duration
	}{
		{"too many requests", "120", 429, 2 * time.Minute},
		{"overloaded", "3600", 503, time.Hour},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			createPausedQueue(t, w)
			w.school.offer(semesterID, titles("판", 30)...)
			w.school.misbehave(leaveAlone(c.code, c.retryAfter))
			s, task := w.service(t, semesterID, withoutSchedule), w.task(semesterID)
			for range 3 { // Cloud Tasks may repeat a task
				run, err := s.Refresh(context.Background(), task)
				if err != nil || run.Outcome != refresh.Failed || !run.Retry || !strings.Contains(run.Reason, "retried at") {
					t.Errorf("run %+v, %v; want a failed one that is retried, and no error", run, err)
				}
			}
			other := w.task(semesterID)
			other.Slot = other.Slot.Add(time.Second)
			if run, err := s.Refresh(context.Background(), other); err != nil || run.Outcome != refresh.Failed {
				t.Errorf("other task: %+v, %v", run, err)
			}
			if n := w.school.requests(); n != 1 {
				t.Errorf("the school received %d requests, want 1", n)
			}
			earliest := w.Clock.Now().Add(c.wait)
			for i, name := range tasksInQueue(t, w) {
				queued, err := tasksclient.New(t, w.TasksAddress()).GetTask(t.Context(), &cloudtaskspb.GetTaskRequest{Name: name})
				if err != nil {
					t.Fatal(err)
				}
				if at := queued.GetScheduleTime().AsTime(); at.Before(earliest) || at.After(earliest.Add(2*time.Second)) || i > 1 {
					t.Errorf("task %d of %s is scheduled for %v, want two at %v", i, name, at, earliest)
				}
			}
			// When the time has come, the task publishes the list.
			w.school.misbehave(nil)
			w.Clock.Advance(c.wait + 2*time.Second)
			if run, err := s.Refresh(context.Background(), task); err != nil || run.Outcome != refresh.Changed {
				t.Errorf("afterwards: %+v, %v", run, err)
			}
		})
	}
}

// TestLaterSlotReplacesAPostponedTask checks that tasks do not pile up while a school is overloaded: if
// a later slot comes before the time that the school named, only that one waits.
func TestLaterSlotReplacesAPostponedTask(t *testing.T) {
	w := newWorld(t)
	createPausedQueue(t, w)
	w.school.offer(semesterID, titles("판", 30)...)
	w.school.misbehave(leaveAlone(503, "3600"))
	s := w.service(t, semesterID) // every ten minutes
	for range 6 {
		if run, err := s.Refresh(context.Background(), w.task(semesterID)); err != nil || run.Outcome != refresh.Failed || run.Retry {
			t.Errorf("run %+v, %v; want a failed one that is not retried", run, err)
		}
		w.Clock.Advance(10 * time.Minute)
	}
	if n := w.school.requests(); n != 1 {
		t.Errorf("the school received %d requests, want 1", n)
	}
	if tasks := tasksInQueue(t, w); len(tasks) > 1 {
		t.Errorf("%d tasks wait: %v", len(tasks), tasks)
	}
}

// TestEndlessRetryAfterEnds checks that a task is not postponed for ever.
func TestEndlessRetryAfterEnds(t *testing.T) {
	w := newWorld(t)
	createPausedQueue(t, w)
	w.school.misbehave(leaveAlone(503, "20000"))
	s, task := w.service(t, semesterID, withoutSchedule), w.task(semesterID)
	for i := range 10 {
		run, err := s.Refresh(context.Background(), task)
		if err != nil {
			t.Fatal(err)
		}
		if !run.Retry {
			if i < 3 || i > 5 {
				t.Errorf("gave up after %d attempts", i)
			}
			return
		}
		w.Clock.Advance(20_002 * time.Second)
	}
	t.Error("never gave up")
}
