package main

import (
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	"heek.kr/heektime/internal/refresh"
	"heek.kr/heektime/internal/schema"
)

// TestOvertakenRefresh checks that a refresh that a scheduled one overtakes ends with the newer result:
// the task leaves the queue without a run of its own.
func TestOvertakenRefresh(t *testing.T) {
	cloud := emulatortest.Start(t)
	client, tasks := cloud.FirestoreClient(t), tasksclient.New(t, cloud.TasksAddress())
	const parent = "projects/demo-test/locations/asia-northeast3"
	queue := &refresh.Queue{Client: tasks, Name: parent + "/queues/refresh", URL: "http://127.0.0.1:1", Audience: "refresh", ServiceAccount: "tasks@demo-test.iam.gserviceaccount.com"}
	if _, err := tasks.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: queue.Name}}); err != nil {
		t.Fatal(err)
	}
	task := refresh.Task{School: "가온대학교", Semester: "2026-0900", Slot: time.Date(2026, 8, 3, 9, 4, 59, 0, time.UTC)}
	for _, c := range []struct {
		name  string
		last  schema.Run
		ended bool
		want  refresh.Outcome
	}{
		{"no run", schema.Run{}, true, refresh.Refused},
		{"an earlier run", schema.Run{Slot: task.Slot.Add(-time.Second), Outcome: refresh.Changed}, true, refresh.Refused},
		{"our run", schema.Run{Slot: task.Slot, Outcome: refresh.Changed}, true, refresh.Changed},
		{"a later run", schema.Run{Slot: task.Slot.Add(time.Second), Outcome: refresh.Unchanged}, true, refresh.Unchanged},
		{"a later run that is retried", schema.Run{Slot: task.Slot.Add(time.Second), Outcome: refresh.Failed, Retry: true}, false, ""},
	} {
		record := schema.Refresh{Slot: c.last.Slot, LastRun: c.last}
		if _, err := schema.RefreshRef(client, task.School, task.Semester).Set(t.Context(), record); err != nil {
			t.Fatal(err)
		}
		run, ended, err := result(t.Context(), client, queue, task)
		if err != nil || ended != c.ended || run.Outcome != c.want {
			t.Errorf("%s: outcome %q, ended %v, %v; want %q, %v", c.name, run.Outcome, ended, err, c.want, c.ended)
		}
	}
}
