package tasks_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/tasks"
)

func TestNewErrorsNameMissingFields(t *testing.T) {
	for name, cfg := range map[string]tasks.Config{"Clock": {}, "Tokens": {Clock: clock.New()}} {
		if _, err := tasks.New(cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: error %v, want one that names it", name, err)
		}
	}
}

func TestQueueDefaults(t *testing.T) {
	c := start(t)
	q, err := c.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: queueName}})
	if err != nil {
		t.Fatal(err)
	}
	rates, retry := q.RateLimits, q.RetryConfig
	if q.State != cloudtaskspb.Queue_RUNNING || rates.MaxDispatchesPerSecond != 500 || rates.MaxConcurrentDispatches != 1000 || rates.MaxBurstSize < 100 ||
		retry.MaxAttempts != 100 || retry.MinBackoff.AsDuration() != 100*time.Millisecond || retry.MaxBackoff.AsDuration() != time.Hour ||
		retry.MaxDoublings != 16 || retry.MaxRetryDuration != nil {
		t.Errorf("the default queue is %v", q)
	}
	got, err := c.GetQueue(t.Context(), &cloudtaskspb.GetQueueRequest{Name: queueName})
	if err != nil || got.String() != q.String() {
		t.Errorf("GetQueue: %v, %v; want %v", got, err, q)
	}
}

func TestUpdateQueue(t *testing.T) {
	c := start(t)
	update := func(paths []string, q *cloudtaskspb.Queue) (*cloudtaskspb.Queue, error) {
		q.Name = queueName
		request := &cloudtaskspb.UpdateQueueRequest{Queue: q}
		if paths != nil {
			request.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths}
		}
		return c.UpdateQueue(t.Context(), request)
	}
	if _, err := update(nil, &cloudtaskspb.Queue{RetryConfig: &cloudtaskspb.RetryConfig{MaxAttempts: 7}}); err != nil {
		t.Fatalf("creating the queue with an update: %v", err)
	}
	if _, err := c.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: queueName}); err != nil {
		t.Fatal(err)
	}
	q, err := update([]string{"rate_limits.max_dispatches_per_second"}, &cloudtaskspb.Queue{RateLimits: &cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 5}})
	if err != nil || q.RateLimits.MaxDispatchesPerSecond != 5 || q.RateLimits.MaxConcurrentDispatches != 1000 || q.RetryConfig.MaxAttempts != 7 {
		t.Errorf("after updating the rate: %v, %v", q, err)
	}
	q, err = update([]string{"retry_config"}, &cloudtaskspb.Queue{})
	if err != nil || q.RetryConfig.MaxAttempts != 100 || q.RateLimits.MaxDispatchesPerSecond != 5 {
		t.Errorf("after clearing the retry configuration: %v, %v", q, err)
	}
	if q.State != cloudtaskspb.Queue_PAUSED {
		t.Errorf("an update changed the state to %v", q.State)
	}
	_, err = update([]string{"nonsense"}, &cloudtaskspb.Queue{})
	wantCode(t, err, codes.InvalidArgument)
	_, err = update([]string{"retry_config.min_backoff"}, &cloudtaskspb.Queue{RetryConfig: &cloudtaskspb.RetryConfig{MinBackoff: seconds(3601)}})
	wantCode(t, err, codes.InvalidArgument)
	got, err := c.GetQueue(t.Context(), &cloudtaskspb.GetQueueRequest{Name: queueName})
	if err != nil || got.String() != q.String() {
		t.Errorf("a rejected update changed the queue to %v, %v", got, err)
	}
}

func TestPagination(t *testing.T) {
	c := start(t)
	var want []string
	for i := range 5 {
		name := fmt.Sprintf("%s/queues/q%d", parent, i)
		want = append(want, name)
		if _, err := c.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: name}}); err != nil {
			t.Fatal(err)
		}
	}
	elsewhere := "projects/demo-test/locations/us-central1"
	if _, err := c.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: elsewhere, Queue: &cloudtaskspb.Queue{Name: elsewhere + "/queues/q9"}}); err != nil {
		t.Fatal(err)
	}
	var got []string
	queues := c.ListQueues(t.Context(), &cloudtaskspb.ListQueuesRequest{Parent: parent, PageSize: 2})
	for q, err := queues.Next(); err != iterator.Done; q, err = queues.Next() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, q.Name)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("queues %q, want %q", got, want)
	}

	c.queue(t)
	seen := map[string]bool{}
	for range 5 {
		seen[c.task(t, "http://127.0.0.1:1/", c.at(time.Hour), body("secret")).Name] = true
	}
	for _, view := range []cloudtaskspb.Task_View{cloudtaskspb.Task_VIEW_UNSPECIFIED, cloudtaskspb.Task_FULL} {
		n := 0
		list := c.ListTasks(t.Context(), &cloudtaskspb.ListTasksRequest{Parent: queueName, PageSize: 2, ResponseView: view})
		for task, err := list.Next(); err != iterator.Done; task, err = list.Next() {
			if err != nil {
				t.Fatal(err)
			}
			n++
			if !seen[task.Name] {
				t.Errorf("listed an unknown task %s", task.Name)
			}
			if full := string(task.GetHttpRequest().Body) == "secret"; full != (view == cloudtaskspb.Task_FULL) {
				t.Errorf("view %v: body %q", view, task.GetHttpRequest().Body)
			}
		}
		if n != 5 {
			t.Errorf("%d tasks, want 5", n)
		}
	}
}

func TestCreatedTask(t *testing.T) {
	c := start(t)
	c.queue(t)
	target := newTarget(t, statuses(500))
	before := c.clock.Now()
	task := c.task(t, target.URL, body("x"), c.at(time.Minute))
	if !strings.HasPrefix(task.Name, queueName+"/tasks/") || task.View != cloudtaskspb.Task_BASIC || task.GetHttpRequest().Body != nil {
		t.Errorf("wrong name, view or body: %v", task)
	}
	if task.GetHttpRequest().HttpMethod != cloudtaskspb.HttpMethod_POST || task.GetHttpRequest().Headers["User-Agent"] != "Google-Cloud-Tasks" {
		t.Errorf("wrong method or headers: %v", task)
	}
	if task.DispatchDeadline.AsDuration() != 10*time.Minute {
		t.Errorf("dispatch deadline %v, want 10m", task.DispatchDeadline.AsDuration())
	}
	if d := task.ScheduleTime.AsTime().Sub(before); d < 59*time.Second || d > 61*time.Second {
		t.Errorf("scheduled in %v, want 1m", d)
	}
	if at := task.CreateTime.AsTime(); at.Nanosecond() != 0 || before.Sub(at) > time.Second {
		t.Errorf("created at %v, want %v in whole seconds", at, before)
	}
	c.clock.Advance(time.Minute)
	c.idle(t)
	task, err := c.GetTask(t.Context(), &cloudtaskspb.GetTaskRequest{Name: task.Name, ResponseView: cloudtaskspb.Task_FULL})
	if err != nil {
		t.Fatal(err)
	}
	if task.DispatchCount != 1 || task.ResponseCount != 1 || string(task.GetHttpRequest().Body) != "x" ||
		task.FirstAttempt.GetDispatchTime() == nil || task.FirstAttempt.ResponseTime != nil || task.LastAttempt.ResponseTime == nil {
		t.Errorf("after an attempt: %v", task)
	}
}

func TestTaskNamesCannotBeReused(t *testing.T) {
	c := start(t)
	c.queue(t)
	target := newTarget(t, statuses(200))
	create := func(id string) error {
		_, err := c.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: queueName, Task: post(target.URL, named(id), c.at(time.Minute))})
		return err
	}
	for _, id := range []string{"runs", "deleted", "stays"} {
		if err := create(id); err != nil {
			t.Fatal(err)
		}
	}
	err := create("stays")
	wantCode(t, err, codes.AlreadyExists)
	if !strings.Contains(err.Error(), "Requested entity already exists") {
		t.Errorf("creating a task that exists: %v", err)
	}
	if err := c.DeleteTask(t.Context(), &cloudtaskspb.DeleteTaskRequest{Name: queueName + "/tasks/deleted"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RunTask(t.Context(), &cloudtaskspb.RunTaskRequest{Name: queueName + "/tasks/runs"}); err != nil {
		t.Fatal(err)
	}
	c.idle(t)
	for range 2 {
		for _, id := range []string{"runs", "deleted"} {
			err := create(id)
			wantCode(t, err, codes.AlreadyExists)
			if !strings.Contains(err.Error(), "existed too recently") {
				t.Errorf("creating a task that ended recently: %v", err)
			}
			_, err = c.GetTask(t.Context(), &cloudtaskspb.GetTaskRequest{Name: queueName + "/tasks/" + id})
			wantCode(t, err, codes.NotFound)
			if !strings.Contains(err.Error(), "existed recently") {
				t.Errorf("GetTask of a task that ended recently: %v", err)
			}
		}
		c.clock.Advance(24*time.Hour - time.Minute)
		c.idle(t) // delivers "stays"
	}
	for _, id := range []string{"runs", "deleted"} {
		if err := create(id); err != nil {
			t.Errorf("after more than 24 h, the name %s is still rejected: %v", id, err)
		}
	}
	wantCode(t, create("stays"), codes.AlreadyExists)
}

func TestQueueNameReusableAfterThreeDays(t *testing.T) {
	c := start(t)
	c.queue(t)
	c.task(t, "http://127.0.0.1:1/", c.at(time.Hour), named("x"))
	if err := c.DeleteQueue(t.Context(), &cloudtaskspb.DeleteQueueRequest{Name: queueName}); err != nil {
		t.Fatal(err)
	}
	create := func() error {
		_, err := c.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: parent, Queue: &cloudtaskspb.Queue{Name: queueName}})
		return err
	}
	wantCode(t, create(), codes.FailedPrecondition)
	_, err := c.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: queueName, Task: post("http://127.0.0.1:1/")})
	wantCode(t, err, codes.NotFound)
	c.clock.Advance(3 * 24 * time.Hour)
	if err := create(); err != nil {
		t.Fatalf("creating the queue after three days: %v", err)
	}
	if infos, err := c.server.Tasks(queueName); err != nil || len(infos) != 0 {
		t.Errorf("the new queue has the old queue's tasks: %v, %v", infos, err)
	}
}

func TestNotFound(t *testing.T) {
	c := start(t)
	c.queue(t)
	const hint = "Queue does not exist. If you just created the queue, wait at least a minute for the queue to initialize."
	const entity = "Requested entity was not found."
	other := parent + "/queues/other"
	ctx := t.Context()
	for name, test := range map[string]struct {
		call func() error
		want string
	}{
		"GetQueue":    {func() error { _, err := c.GetQueue(ctx, &cloudtaskspb.GetQueueRequest{Name: other}); return err }, hint},
		"PauseQueue":  {func() error { _, err := c.PauseQueue(ctx, &cloudtaskspb.PauseQueueRequest{Name: other}); return err }, hint},
		"ResumeQueue": {func() error { _, err := c.ResumeQueue(ctx, &cloudtaskspb.ResumeQueueRequest{Name: other}); return err }, hint},
		"PurgeQueue":  {func() error { _, err := c.PurgeQueue(ctx, &cloudtaskspb.PurgeQueueRequest{Name: other}); return err }, hint},
		"DeleteQueue": {func() error { return c.DeleteQueue(ctx, &cloudtaskspb.DeleteQueueRequest{Name: other}) }, entity},
		"CreateTask": {func() error {
			_, err := c.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{Parent: other, Task: post("http://127.0.0.1:1/")})
			return err
		}, hint},
		"ListTasks": {func() error {
			_, err := c.ListTasks(ctx, &cloudtaskspb.ListTasksRequest{Parent: other}).Next()
			return err
		}, hint},
		"GetTask": {func() error {
			_, err := c.GetTask(ctx, &cloudtaskspb.GetTaskRequest{Name: queueName + "/tasks/x"})
			return err
		}, entity},
		"RunTask": {func() error {
			_, err := c.RunTask(ctx, &cloudtaskspb.RunTaskRequest{Name: queueName + "/tasks/x"})
			return err
		}, entity},
		"DeleteTask": {func() error { return c.DeleteTask(ctx, &cloudtaskspb.DeleteTaskRequest{Name: queueName + "/tasks/x"}) }, entity},
	} {
		err := test.call()
		if got, _ := status.FromError(err); got.Code() != codes.NotFound || got.Message() != test.want {
			t.Errorf("%s: %v, want NOT_FOUND: %s", name, err, test.want)
		}
	}
}

func TestInvalidQueues(t *testing.T) {
	c := start(t)
	c.queue(t)
	type queue = cloudtaskspb.Queue
	rates := func(r *cloudtaskspb.RateLimits) *queue { return &queue{Name: parent + "/queues/x", RateLimits: r} }
	retry := func(r *cloudtaskspb.RetryConfig) *queue { return &queue{Name: parent + "/queues/x", RetryConfig: r} }
	for name, test := range map[string]struct {
		parent string
		queue  *queue
		want   codes.Code
	}{
		"no queue":                {parent, nil, codes.InvalidArgument},
		"no name":                 {parent, &queue{}, codes.InvalidArgument},
		"underscore":              {parent, &queue{Name: parent + "/queues/a_b"}, codes.InvalidArgument},
		"too long":                {parent, &queue{Name: parent + "/queues/" + strings.Repeat("a", 101)}, codes.InvalidArgument},
		"other location":          {"projects/demo-test/locations/us-central1", &queue{Name: parent + "/queues/x"}, codes.InvalidArgument},
		"parent not a location":   {"projects/demo-test", &queue{Name: parent + "/queues/x"}, codes.InvalidArgument},
		"exists":                  {parent, &queue{Name: queueName}, codes.AlreadyExists},
		"rate too high":           {parent, rates(&cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 501}), codes.InvalidArgument},
		"negative rate":           {parent, rates(&cloudtaskspb.RateLimits{MaxDispatchesPerSecond: -1}), codes.InvalidArgument},
		"rate is NaN":             {parent, rates(&cloudtaskspb.RateLimits{MaxDispatchesPerSecond: math.NaN()}), codes.InvalidArgument},
		"concurrency too high":    {parent, rates(&cloudtaskspb.RateLimits{MaxConcurrentDispatches: 5001}), codes.InvalidArgument},
		"attempts -2":             {parent, retry(&cloudtaskspb.RetryConfig{MaxAttempts: -2}), codes.InvalidArgument},
		"doublings -1":            {parent, retry(&cloudtaskspb.RetryConfig{MaxDoublings: -1}), codes.InvalidArgument},
		"negative backoff":        {parent, retry(&cloudtaskspb.RetryConfig{MinBackoff: seconds(-1)}), codes.InvalidArgument},
		"minimum above maximum":   {parent, retry(&cloudtaskspb.RetryConfig{MinBackoff: seconds(2), MaxBackoff: seconds(1)}), codes.InvalidArgument},
		"queue's own HTTP target": {parent, &queue{Name: parent + "/queues/x", HttpTarget: &cloudtaskspb.HttpTarget{}}, codes.Unimplemented},
	} {
		_, err := c.CreateQueue(t.Context(), &cloudtaskspb.CreateQueueRequest{Parent: test.parent, Queue: test.queue})
		if got := status.Code(err); got != test.want {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

func TestInvalidTasks(t *testing.T) {
	c := start(t)
	c.queue(t)
	const url = "http://127.0.0.1:1/"
	type task = cloudtaskspb.Task
	http := func(change func(*cloudtaskspb.HttpRequest)) *task {
		return post(url, func(t *task) { change(t.GetHttpRequest()) })
	}
	for name, test := range map[string]struct {
		task *task
		want codes.Code
	}{
		"no task":          {nil, codes.InvalidArgument},
		"no target":        {&task{}, codes.InvalidArgument},
		"no URL":           {post(""), codes.InvalidArgument},
		"relative URL":     {post("/refresh"), codes.InvalidArgument},
		"other scheme":     {post("ftp://127.0.0.1/"), codes.InvalidArgument},
		"no host":          {post("http:///x"), codes.InvalidArgument},
		"URL too long":     {post(url + strings.Repeat("a", 2083)), codes.InvalidArgument},
		"App Engine":       {&task{MessageType: &cloudtaskspb.Task_AppEngineHttpRequest{AppEngineHttpRequest: &cloudtaskspb.AppEngineHttpRequest{}}}, codes.Unimplemented},
		"malformed name":   {post(url, func(t *task) { t.Name = "x" }), codes.InvalidArgument},
		"ID with a space":  {post(url, named("a b")), codes.InvalidArgument},
		"ID too long":      {post(url, named(strings.Repeat("a", 501))), codes.InvalidArgument},
		"empty ID":         {post(url, named("")), codes.InvalidArgument},
		"other queue":      {post(url, func(t *task) { t.Name = parent + "/queues/other/tasks/x" }), codes.InvalidArgument},
		"in 31 days":       {post(url, c.at(31*24*time.Hour)), codes.InvalidArgument},
		"short deadline":   {post(url, func(t *task) { t.DispatchDeadline = seconds(14.9) }), codes.InvalidArgument},
		"long deadline":    {post(url, func(t *task) { t.DispatchDeadline = seconds(1801) }), codes.InvalidArgument},
		"body with GET":    {http(func(r *cloudtaskspb.HttpRequest) { r.HttpMethod, r.Body = cloudtaskspb.HttpMethod_GET, []byte("x") }), codes.InvalidArgument},
		"unknown method":   {http(func(r *cloudtaskspb.HttpRequest) { r.HttpMethod = 99 }), codes.InvalidArgument},
		"header name":      {http(func(r *cloudtaskspb.HttpRequest) { r.Headers = map[string]string{"a b": "c"} }), codes.InvalidArgument},
		"header value":     {http(func(r *cloudtaskspb.HttpRequest) { r.Headers = map[string]string{"a": "b\r\nc: d"} }), codes.InvalidArgument},
		"headers too long": {http(func(r *cloudtaskspb.HttpRequest) { r.Headers = map[string]string{"a": strings.Repeat("b", 80_000)} }), codes.InvalidArgument},
		"too large":        {post(url, body(strings.Repeat("x", 1<<20))), codes.InvalidArgument},
		"token without account": {http(func(r *cloudtaskspb.HttpRequest) {
			r.AuthorizationHeader = &cloudtaskspb.HttpRequest_OidcToken{OidcToken: &cloudtaskspb.OidcToken{}}
		}), codes.InvalidArgument},
		"access token": {http(func(r *cloudtaskspb.HttpRequest) {
			r.AuthorizationHeader = &cloudtaskspb.HttpRequest_OauthToken{OauthToken: &cloudtaskspb.OAuthToken{ServiceAccountEmail: account}}
		}), codes.Unimplemented},
		"retry configuration": {post(url, func(t *task) { t.RetryConfig = &cloudtaskspb.RetryConfig{MaxAttempts: -2} }), codes.InvalidArgument},
	} {
		_, err := c.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: queueName, Task: test.task})
		if got := status.Code(err); got != test.want {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	for name, task := range map[string]*task{
		"in 30 days":        post(url, c.at(30*24*time.Hour)),
		"nearly too large":  post(url, body(strings.Repeat("x", 1<<20-100)), c.at(time.Hour)),
		"longest ID":        post(url, named(strings.Repeat("a", 500)), c.at(time.Hour)),
		"shortest deadline": post(url, func(t *cloudtaskspb.Task) { t.DispatchDeadline = seconds(15) }, c.at(time.Hour)),
	} {
		if _, err := c.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: queueName, Task: task}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCreateTaskRejectsLongCallDeadline(t *testing.T) {
	c := start(t)
	c.queue(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := c.CreateTask(ctx, &cloudtaskspb.CreateTaskRequest{Parent: queueName, Task: post("http://127.0.0.1:1/")})
	wantCode(t, err, codes.InvalidArgument)
	if err == nil || !strings.Contains(err.Error(), "The deadline cannot be more than 30s in the future.") {
		t.Errorf("got error %v", err)
	}
}

func TestClosedServerRejectsTasks(t *testing.T) {
	for name, dir := range map[string]string{"in memory": "", "on disk": t.TempDir()} {
		c := start(t, func(cfg *tasks.Config) { cfg.DataDir = dir })
		c.queue(t)
		if err := c.server.Close(); err != nil {
			t.Fatal(err)
		}
		_, err := c.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: queueName, Task: post("http://127.0.0.1:1/")})
		if status.Code(err) != codes.Unavailable {
			t.Errorf("%s: %v, want UNAVAILABLE", name, err)
		}
	}
}
