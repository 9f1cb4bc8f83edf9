package tasks_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	cloudtasks "cloud.google.com/go/cloudtasks/apiv2"
	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/api/googleapi"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"heek.kr/heektime/emulator/tasks"
)

// rest starts a cloud and serves its REST API.
func rest(t *testing.T, set ...func(*tasks.Config)) (*cloud, string) {
	t.Helper()
	c := start(t, set...)
	server := httptest.NewServer(c.server.Handler())
	t.Cleanup(server.Close)
	return c, server.URL
}

// TestRESTClient calls every method with Google's REST client. It is long because there are so many.
func TestRESTClient(t *testing.T) {
	c, url := rest(t)
	ctx := t.Context()
	client, err := cloudtasks.NewRESTClient(ctx, option.WithEndpoint(url), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	_, err = client.CreateQueue(ctx, &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: queueName}})
	must(err)
	_, err = client.CreateQueue(ctx, &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: queueName}})
	wantConflict(t, err)
	updated, err := client.UpdateQueue(ctx, &cloudtaskspb.UpdateQueueRequest{
		Queue:      &cloudtaskspb.Queue{Name: queueName, RateLimits: &cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 7, MaxConcurrentDispatches: 9}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"rate_limits.max_dispatches_per_second"}},
	})
	must(err)
	if r := updated.RateLimits; r.MaxDispatchesPerSecond != 7 || r.MaxConcurrentDispatches != 1000 {
		t.Errorf("updated to %v; want one field of two", r)
	}
	queue, err := client.GetQueue(ctx, &cloudtaskspb.GetQueueRequest{Name: queueName})
	must(err)
	if queue.RateLimits.MaxDispatchesPerSecond != 7 {
		t.Errorf("got %v", queue)
	}
	queues := client.ListQueues(ctx, &cloudtaskspb.ListQueuesRequest{Parent: parent})
	if q, err := queues.Next(); err != nil || q.Name != queueName {
		t.Errorf("listed %v, %v", q, err)
	}
	paused, err := client.PauseQueue(ctx, &cloudtaskspb.PauseQueueRequest{Name: queueName})
	must(err)
	if paused.State != cloudtaskspb.Queue_PAUSED {
		t.Errorf("paused: %v", paused.State)
	}

	to := newTarget(t, statuses(200))
	for _, id := range []string{"a", "b", "c"} {
		_, err = client.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{Parent: queueName, Task: post(to.URL+"/"+id, named(id), body("\x00\xff"))})
		must(err)
	}
	_, err = client.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{Parent: queueName, Task: post(to.URL, named("a"))})
	wantConflict(t, err)
	_, err = client.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{Parent: queueName, Task: post("")})
	wantCode(t, err, codes.InvalidArgument) // the default URL is for the Admin SDKs only
	full, err := client.GetTask(ctx, &cloudtaskspb.GetTaskRequest{Name: queueName + "/tasks/a", ResponseView: cloudtaskspb.Task_FULL})
	must(err)
	if string(full.GetHttpRequest().GetBody()) != "\x00\xff" {
		t.Errorf("the full view has body %q", full.GetHttpRequest().GetBody())
	}
	var ids []string
	pages := client.ListTasks(ctx, &cloudtaskspb.ListTasksRequest{Parent: queueName, PageSize: 2})
	for {
		task, err := pages.Next()
		if err == iterator.Done {
			break
		}
		must(err)
		ids = append(ids, task.Name[len(queueName+"/tasks/"):])
	}
	if strings.Join(ids, "") != "abc" {
		t.Errorf("listed %v in pages of two", ids)
	}
	must(client.DeleteTask(ctx, &cloudtaskspb.DeleteTaskRequest{Name: queueName + "/tasks/a"}))
	wantCode(t, client.DeleteTask(ctx, &cloudtaskspb.DeleteTaskRequest{Name: queueName + "/tasks/a"}), codes.NotFound)
	_, err = client.RunTask(ctx, &cloudtaskspb.RunTaskRequest{Name: queueName + "/tasks/b"})
	must(err)
	c.idle(t)
	if n := to.count(); n != 1 {
		t.Errorf("%d requests after running one task of a paused queue", n)
	}
	_, err = client.ResumeQueue(ctx, &cloudtaskspb.ResumeQueueRequest{Name: queueName})
	must(err)
	c.idle(t)
	if n := to.count(); n != 1 {
		t.Errorf("%d more requests after resuming the queue, want that of the last task", n)
	}
	purged, err := client.PurgeQueue(ctx, &cloudtaskspb.PurgeQueueRequest{Name: queueName})
	must(err)
	if purged.PurgeTime == nil {
		t.Error("no purge_time")
	}
	must(client.DeleteQueue(ctx, &cloudtaskspb.DeleteQueueRequest{Name: queueName}))
	_, err = client.GetQueue(ctx, &cloudtaskspb.GetQueueRequest{Name: queueName})
	wantCode(t, err, codes.NotFound)
}

// wantConflict expects HTTP status 409: Google's REST client does not read the code in the body.
func wantConflict(t *testing.T, err error) {
	t.Helper()
	var response *googleapi.Error
	if !errors.As(err, &response) || response.Code != http.StatusConflict {
		t.Errorf("got %v, want status 409", err)
	}
}

// send sends a REST request and returns the response's status and JSON.
func send(t *testing.T, method, url, body string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var result map[string]any
	if err := json.Unmarshal(text, &result); err != nil {
		t.Fatalf("%s %s: %d %s: %v", method, url, response.StatusCode, text, err)
	}
	return response.StatusCode, result
}

func TestRESTErrors(t *testing.T) {
	c, url := rest(t)
	c.queue(t)
	const tasks = "/v2/" + queueName + "/tasks"
	for name, test := range map[string]struct {
		method, path, body string
		status             int
		code               string
	}{
		"no such method":     {"PUT", "/v2/" + queueName, "", 405, "UNIMPLEMENTED"},
		"no such path":       {"GET", "/v2/projects/p/places", "", 404, "NOT_FOUND"},
		"no such verb":       {"POST", "/v2/" + queueName + ":fill", "{}", 404, "NOT_FOUND"},
		"not JSON":           {"POST", tasks, "{", 400, "INVALID_ARGUMENT"},
		"an unknown field":   {"POST", tasks, `{"job":{}}`, 400, "INVALID_ARGUMENT"},
		"an unknown param":   {"GET", tasks + "?view=FULL", "", 400, "INVALID_ARGUMENT"},
		"a bad query":        {"GET", tasks + "?pageSize=%zz", "", 400, "INVALID_ARGUMENT"},
		"no task":            {"POST", tasks, "", 400, "INVALID_ARGUMENT"},
		"a bad name":         {"GET", tasks + "/a%2Fb", "", 400, "INVALID_ARGUMENT"},
		"no such task":       {"GET", tasks + "/a", "", 404, "NOT_FOUND"},
		"no such queue":      {"POST", "/v2/" + parent + "/queues/none/tasks", `{"task":{"httpRequest":{"url":"http://localhost"}}}`, 404, "NOT_FOUND"},
		"not emulated":       {"POST", tasks, `{"task":{"appEngineHttpRequest":{}}}`, 501, "UNIMPLEMENTED"},
		"access control":     {"POST", "/v2/" + queueName + ":getIamPolicy", "{}", 501, "UNIMPLEMENTED"},
		"too large":          {"POST", tasks, `{"task":{"name":"` + strings.Repeat("x", 7<<20) + `"}}`, 413, "INVALID_ARGUMENT"},
		"the queue's parent": {"POST", "/v2/" + parent + "/queues", `{"name":"projects/p/locations/l/queues/q"}`, 400, "INVALID_ARGUMENT"},
	} {
		status, got := send(t, test.method, url+test.path, test.body)
		e, _ := got["error"].(map[string]any)
		if status != test.status || e["status"] != test.code || e["code"] != float64(status) || e["message"] == "" {
			t.Errorf("%s: %d %v, want %d %s", name, status, got, test.status, test.code)
		}
	}
}

// Parameters may be written as in JSON or as in the protocol, and the response may be asked for with the
// parameters of every Google API.
func TestRESTParameters(t *testing.T) {
	c, url := rest(t)
	c.queue(t)
	for _, mask := range []string{"rateLimits.maxDispatchesPerSecond", "rate_limits.max_dispatches_per_second"} {
		status, got := send(t, "PATCH", url+"/v2/"+queueName+"?prettyPrint=true&alt=json&key=k&updateMask="+mask, `{"rateLimits":{"maxDispatchesPerSecond":5}}`)
		if limits, _ := got["rateLimits"].(map[string]any); status != 200 || limits["maxDispatchesPerSecond"] != 5.0 || limits["maxConcurrentDispatches"] != 1000.0 {
			t.Errorf("%s: %d %v", mask, status, got)
		}
	}
	if _, got := send(t, "GET", url+"/v2/"+queueName, ""); got["state"] != "RUNNING" {
		t.Errorf("the state is %v, want its name", got["state"])
	}
	if _, got := send(t, "GET", url+"/v2/"+queueName+"?%24alt=json%3Benum-encoding%3Dint", ""); got["state"] != 1.0 {
		t.Errorf("the state is %v, want its number", got["state"])
	}
}

// Admin SDKs leave the URL empty: the task goes to the function that is named like the queue.
func TestFunctionURL(t *testing.T) {
	to := newTarget(t, statuses(200))
	const declared, other = parent + "/queues/resize", parent + "/queues/other"
	c, url := rest(t, func(cfg *tasks.Config) {
		cfg.Functions = map[string]string{declared: to.URL + "/resize"}
		cfg.FunctionsAddress = strings.TrimPrefix(to.URL, "http://")
	})
	if _, err := c.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: other}}); err != nil {
		t.Fatal(err)
	}
	for queue, want := range map[string]string{declared: "/resize", other: "/demo-test/asia-northeast3/other"} {
		for given, want := range map[string]string{"": want, to.URL + "/own": "/own"} {
			status, got := send(t, "POST", url+"/"+queue+"/tasks", `{"task":{"httpRequest":{"url":"`+given+`","body":"e30="}}}`)
			request, _ := got["httpRequest"].(map[string]any)
			if status != 200 || request["url"] != to.URL+want {
				t.Errorf("%s, URL %q: %d %v, want %s", queue, given, status, got, want)
			}
		}
	}
	c.idle(t)
	if n := to.count(); n != 4 {
		t.Errorf("%d requests, want 4", n)
	}
	if status, got := send(t, "POST", url+"/"+parent+"/queues/none/tasks", `{"task":{"httpRequest":{"url":""}}}`); status != 404 {
		t.Errorf("a queue that does not exist: %d %v", status, got)
	}
}

// The queues of functions outlive a restart with what they were set to, and a deletion does not prevent one.
func TestFunctionQueuesAfterRestart(t *testing.T) {
	dir := t.TempDir()
	functions := func(cfg *tasks.Config) {
		cfg.DataDir, cfg.Functions = dir, map[string]string{queueName: "http://127.0.0.1:1/"}
	}
	first := start(t, functions)
	if _, err := first.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: queueName}); err != nil {
		t.Fatal(err)
	}
	if err := first.server.Close(); err != nil {
		t.Fatal(err)
	}
	second := start(t, functions)
	if q, err := second.GetQueue(t.Context(), &cloudtaskspb.GetQueueRequest{Name: queueName}); err != nil || q.State != cloudtaskspb.Queue_PAUSED {
		t.Errorf("after a restart: %v, %v", q, err)
	}
	if err := second.DeleteQueue(t.Context(), &cloudtaskspb.DeleteQueueRequest{Name: queueName}); err != nil {
		t.Fatal(err)
	}
	if err := second.server.Close(); err != nil {
		t.Fatal(err)
	}
	third := start(t, functions)
	if q, err := third.GetQueue(t.Context(), &cloudtaskspb.GetQueueRequest{Name: queueName}); err != nil || q.State != cloudtaskspb.Queue_RUNNING {
		t.Errorf("after a deletion and a restart: %v, %v", q, err)
	}
	for name, bad := range map[string]map[string]string{
		"name": {"resize": "http://localhost/"}, "URL": {queueName: "localhost"},
	} {
		if _, err := tasks.New(tasks.Config{Clock: third.clock, Tokens: third.identity, Functions: bad}); err == nil {
			t.Errorf("a function with a bad %s is accepted", name)
		}
	}
}
