package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"cloud.google.com/go/run/apiv2/runpb"
	"cloud.google.com/go/scheduler/apiv1/schedulerpb"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest/schedulerclient"
	"heek.kr/heektime/emulator/emulatortest/tasksclient"
	cloudrun "heek.kr/heektime/emulator/run"
	"heek.kr/heektime/emulator/triggers"
)

const location = "projects/demo-test/locations/asia-northeast3"

func TestServices(t *testing.T) {
	cloud, api := open(t)
	name := location + "/services/courses"
	cloud.Run.FailStarts(func(r *runpb.Revision) error {
		if r.Containers[0].Image == "bad" {
			return cloudrun.ErrImageNotFound
		}
		return nil
	})
	for _, image := range []string{"good", "bad"} {
		_, err := cloud.Run.UpdateService(t.Context(), &runpb.UpdateServiceRequest{AllowMissing: true, Service: &runpb.Service{
			Name: name, Template: &runpb.RevisionTemplate{Containers: []*runpb.Container{{Image: image}}},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	var seen struct {
		Services []struct {
			Name, URL, Message string
			Ready              bool
			Traffic            []struct {
				Revision string
				Percent  int
			}
			Revisions []struct {
				ID, Image, Message string
				Ready              bool
			}
		}
	}
	api.must("GET", "services", nil, nil, &seen)
	if len(seen.Services) != 1 {
		t.Fatalf("services: %+v", seen)
	}
	s := seen.Services[0]
	if s.Name != name || s.URL == "" || s.Ready || !strings.Contains(s.Message, "not found") || len(s.Revisions) != 2 {
		t.Fatalf("a service whose last revision failed: %+v", s)
	}
	if bad := s.Revisions[0]; bad.Image != "bad" || bad.Ready || bad.Message == "" {
		t.Errorf("the failed revision: %+v", bad)
	}
	if good := s.Revisions[1]; !good.Ready || len(s.Traffic) != 1 || s.Traffic[0].Revision != good.ID || s.Traffic[0].Percent != 100 {
		t.Errorf("traffic %+v, want all to %+v", s.Traffic, good)
	}
}

type tasks struct {
	Queue struct {
		State   string
		Waiting int
	}
	More  int
	Tasks []struct {
		Name, State, Body string
		Attempts          []struct {
			Status int
			Text   string
		}
	}
}

func TestQueues(t *testing.T) {
	cloud, api := open(t)
	calls := make(chan struct{}, 10)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls <- struct{}{}
		http.Error(w, "out of order", http.StatusServiceUnavailable)
	}))
	defer target.Close()
	client := tasksclient.New(t, cloud.TasksAddress())
	name := location + "/queues/refresh"
	if _, err := client.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: location, Queue: &cloudtaskspb.Queue{Name: name}}); err != nil {
		t.Fatal(err)
	}
	queue := map[string]string{"name": name, "action": "pause"}
	api.must("POST", "queue", queue, nil, nil)
	task, err := client.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: name, Task: &cloudtaskspb.Task{
		MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{Url: target.URL, Body: []byte(`{"학교":1}`)}}}})
	if err != nil {
		t.Fatal(err)
	}
	var seen tasks
	api.must("GET", "tasks", map[string]string{"queue": name}, nil, &seen)
	if seen.Queue.State != "PAUSED" || seen.Queue.Waiting != 1 || len(seen.Tasks) != 1 || seen.Tasks[0].State != "waiting" || seen.Tasks[0].Body != `{"학교":1}` || len(seen.Tasks[0].Attempts) != 0 {
		t.Fatalf("a paused queue with one task: %+v", seen)
	}
	api.must("POST", "task", map[string]string{"name": task.Name, "action": "run"}, nil, nil)
	<-calls
	eventually(t, func() bool {
		api.must("GET", "tasks", map[string]string{"queue": name}, nil, &seen)
		attempts := seen.Tasks[0].Attempts
		return len(attempts) == 1 && attempts[0].Status == 503 && strings.Contains(attempts[0].Text, "out of order")
	})
	for range 220 {
		if _, err := client.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: name, Task: &cloudtaskspb.Task{
			MessageType: &cloudtaskspb.Task_HttpRequest{HttpRequest: &cloudtaskspb.HttpRequest{Url: target.URL}}}}); err != nil {
			t.Fatal(err)
		}
	}
	if api.must("GET", "tasks", map[string]string{"queue": name}, nil, &seen); len(seen.Tasks) != 200 || seen.More != 21 {
		t.Errorf("of 221 tasks, %d are listed and %d are not, want 200 and 21", len(seen.Tasks), seen.More)
	}
	queue["action"] = "purge"
	api.must("POST", "queue", queue, nil, nil)
	api.must("GET", "tasks", map[string]string{"queue": name}, nil, &seen)
	if seen.Queue.Waiting != 0 || len(seen.Tasks) != 200 || seen.Tasks[0].State != "deleted" {
		t.Errorf("after the purge: %+v", seen)
	}
	queue["action"] = "resume"
	api.must("POST", "queue", queue, nil, nil)
	queue["action"] = "explode"
	if code, message := api.do("POST", "queue", queue, nil, nil); code != http.StatusBadRequest || !strings.Contains(message, "explode") {
		t.Errorf("an unknown action: %d %s, want 400", code, message)
	}
	if code, _ := api.do("GET", "tasks", map[string]string{"queue": "none"}, nil, nil); code != http.StatusNotFound {
		t.Errorf("a queue that does not exist: %d, want 404", code)
	}
}

// eventually waits until done returns true. It has no time limit but that of go test.
func eventually(t testing.TB, done func() bool) {
	t.Helper()
	for !done() {
		time.Sleep(10 * time.Millisecond)
	}
}

func TestJobs(t *testing.T) {
	cloud, api := open(t)
	calls := make(chan struct{}, 10)
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls <- struct{}{} }))
	defer target.Close()
	name := location + "/jobs/yearly"
	if _, err := schedulerclient.New(t, cloud.TasksAddress()).CreateJob(t.Context(), &schedulerpb.CreateJobRequest{Parent: location, Job: &schedulerpb.Job{
		Name: name, Schedule: "0 0 1 1 *", TimeZone: "Asia/Seoul", Target: &schedulerpb.Job_HttpTarget{HttpTarget: &schedulerpb.HttpTarget{Uri: target.URL}},
	}}); err != nil {
		t.Fatal(err)
	}
	type jobs struct {
		Jobs []struct {
			State      string
			Next, Last *time.Time
			Runs       []struct {
				Forced   bool
				Attempts []struct{ Status int }
			}
		}
	}
	var seen jobs
	job := map[string]string{"name": name}
	act := func(action string) {
		t.Helper()
		job["action"] = action
		api.must("POST", "job", job, nil, nil)
		seen = jobs{}
		api.must("GET", "jobs", nil, nil, &seen)
	}
	act("run")
	<-calls
	eventually(t, func() bool {
		api.must("GET", "jobs", nil, nil, &seen)
		runs := seen.Jobs[0].Runs
		return len(runs) == 1 && runs[0].Forced && len(runs[0].Attempts) == 1 && runs[0].Attempts[0].Status == 200 && seen.Jobs[0].Last != nil
	})
	if act("pause"); seen.Jobs[0].State != "PAUSED" || seen.Jobs[0].Next != nil {
		t.Errorf("paused: %+v", seen)
	}
	if act("resume"); seen.Jobs[0].State != "ENABLED" || seen.Jobs[0].Next == nil {
		t.Errorf("resumed: %+v", seen)
	}
	// Advancing the clock by a year runs the job at New Year.
	var now struct {
		Now     time.Time
		AheadMs int64
	}
	api.must("POST", "clock", nil, map[string]int{"seconds": 366 * 24 * 3600}, &now)
	<-calls
	if now.AheadMs < 365*24*3600*1000 || cloud.Clock.Now().Before(now.Now) {
		t.Errorf("the clock is %d ms ahead", now.AheadMs)
	}
	for _, seconds := range []int{0, -1, 366*24*3600 + 1} {
		if code, _ := api.do("POST", "clock", nil, map[string]int{"seconds": seconds}, nil); code != http.StatusBadRequest {
			t.Errorf("advancing by %d seconds: %d, want 400", seconds, code)
		}
	}
}

type events struct {
	Trigger struct {
		Name, Event, Document string
		Dead, Done            int
	}
	Events []struct {
		ID, Event, Document, State string
		Attempts                   []struct {
			Status int
			Text   string
		}
	}
}

// A dead event is listed with its target's response and can be redelivered.
func TestTriggers(t *testing.T) {
	var fixed atomic.Bool
	release := make(chan struct{})
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.Header.Get("Ce-Document"), "users/u"):
			<-release
		case !fixed.Load():
			http.Error(w, "out of order", http.StatusInternalServerError)
		}
	}))
	defer target.Close()
	cloud, api := open(t, func(c *emulator.Config) {
		c.Triggers = []triggers.Trigger{{Name: "purge", Event: triggers.Written, Document: "users/{uid}", URL: target.URL}}
	})
	if _, err := cloud.FirestoreClient(t).Doc("users/가").Set(t.Context(), map[string]any{}); err != nil {
		t.Fatal(err)
	}
	var seen events
	fetch := func() {
		seen = events{}
		api.must("GET", "events", map[string]string{"trigger": "purge"}, nil, &seen)
	}
	eventually(t, func() bool { fetch(); return seen.Trigger.Dead == 1 })
	e := seen.Events[0]
	if seen.Trigger.Event != "written" || seen.Trigger.Document != "users/{uid}" || e.State != "dead" || e.Event != "written" || e.Document != "users/가" ||
		len(e.Attempts) != 1 || e.Attempts[0].Status != 500 || !strings.Contains(e.Attempts[0].Text, "out of order") {
		t.Fatalf("got %+v", seen)
	}
	database, err := cloud.Firestore.Database(cloud.Project, "(default)")
	if err != nil {
		t.Fatal(err)
	}
	for n := range 300 {
		if err := database.Seed(map[string]map[string]any{fmt.Sprintf("users/u%d", n): {}}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, func() bool { fetch(); return len(seen.Events) == 200 })
	if last := seen.Events[199]; last.State != "dead" || seen.Events[0].State == "dead" {
		t.Errorf("with 300 waiting events, the last listed event is %s, want the dead one", last.State)
	}
	fixed.Store(true)
	close(release)
	api.must("POST", "event", map[string]string{"trigger": "purge", "id": e.ID}, nil, nil)
	eventually(t, func() bool {
		fetch()
		return seen.Trigger.Done == 301 && seen.Trigger.Dead == 0 && seen.Events[0].State == "done"
	})
	for _, query := range []map[string]string{{"trigger": "none", "id": e.ID}, {"trigger": "purge", "id": "none"}} {
		if code, _ := api.do("POST", "event", query, nil, nil); code != http.StatusNotFound {
			t.Errorf("redelivering %v: %d, want 404", query, code)
		}
	}
	if code, _ := api.do("GET", "events", map[string]string{"trigger": "none"}, nil, nil); code != http.StatusNotFound {
		t.Errorf("a trigger that does not exist: %d, want 404", code)
	}
}
