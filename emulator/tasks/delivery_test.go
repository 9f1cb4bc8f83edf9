package tasks_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"github.com/coreos/go-oidc/v3/oidc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"heek.kr/heektime/emulator/identity"
	"heek.kr/heektime/emulator/tasks"
)

func seconds(n float64) *durationpb.Duration {
	return durationpb.New(time.Duration(n * float64(time.Second)))
}

func timestamp(t time.Time) *timestamppb.Timestamp { return timestamppb.New(t) }

func TestDeliveryHeaders(t *testing.T) {
	c := start(t)
	c.queue(t)
	target := newTarget(t, statuses(503, 404, 200))
	created := c.task(t, target.URL+"/refresh?x=1", named("snu-2026-2"), body(`{"a":1}`), func(t *cloudtaskspb.Task) {
		t.GetHttpRequest().Headers = map[string]string{
			"Content-Type": "application/json", "X-Mine": "yes", "user-agent": "me", "Host": "evil",
			"X-CloudTasks-TaskRetryCount": "9", "x-google-internal": "1", "X-AppEngine-QueueName": "q",
		}
	})
	c.idle(t)
	c.clock.Advance(10 * time.Second)
	c.idle(t)
	c.clock.Advance(20 * time.Second)
	c.idle(t)

	previous, executed := []string{"", "503", "404"}, []string{"0", "0", "1"}
	for i := range 3 {
		r := <-target.requests
		if r.Method != "POST" || r.URL.String() != "/refresh?x=1" || r.body != `{"a":1}` || r.ContentLength != 7 {
			t.Errorf("attempt %d: got %s %s with %q (%d bytes)", i, r.Method, r.URL, r.body, r.ContentLength)
		}
		if "http://"+r.Host != target.URL {
			t.Errorf("attempt %d: Host is %q", i, r.Host)
		}
		for name, want := range map[string]string{
			"Content-Type":                      "application/json",
			"X-Mine":                            "yes",
			"User-Agent":                        "Google-Cloud-Tasks",
			"X-CloudTasks-QueueName":            "refresh",
			"X-CloudTasks-TaskName":             "snu-2026-2",
			"X-CloudTasks-TaskRetryCount":       strconv.Itoa(i),
			"X-CloudTasks-TaskExecutionCount":   executed[i],
			"X-CloudTasks-TaskPreviousResponse": previous[i],
			"X-Google-Internal":                 "",
			"X-AppEngine-QueueName":             "",
			"Authorization":                     "",
		} {
			if values := r.Header.Values(name); r.Header.Get(name) != want || len(values) > 1 {
				t.Errorf("attempt %d: header %s is %q, want %q", i, name, values, want)
			}
		}
		if _, present := r.Header["X-Cloudtasks-Taskretryreason"]; present != (i > 0) {
			t.Errorf("attempt %d: X-CloudTasks-TaskRetryReason present: %v", i, present)
		}
		eta, err := strconv.ParseFloat(r.Header.Get("X-CloudTasks-TaskETA"), 64)
		if off := eta - float64(created.ScheduleTime.AsTime().UnixMicro())/1e6; err != nil || (i == 0) != (off < 1e-3) || off < -1e-3 {
			t.Errorf("attempt %d: ETA %q is %v s after the schedule time, %v", i, r.Header.Get("X-CloudTasks-TaskETA"), off, err)
		}
	}
	if n := target.count(); n != 0 {
		t.Errorf("%d more requests after the 200, want none", n)
	}
	_, err := c.GetTask(t.Context(), &cloudtaskspb.GetTaskRequest{Name: created.Name})
	wantCode(t, err, codes.NotFound)
}

// TestURLs checks which characters of a task's URL are sent encoded.
func TestURLs(t *testing.T) {
	c := start(t)
	c.queue(t)
	target := newTarget(t, statuses(200))
	for given, want := range map[string]string{
		"":                             "/",
		"?":                            "/?",
		"?a=1":                         "/?a=1",
		"/a?q=b c&d=e":                 "/a?q=b%20c&d=e",
		"/a?q=b+c%20d":                 "/a?q=b+c%20d",
		"/a?q=가온&r=%EA%B0%80":          "/a?q=%EA%B0%80%EC%98%A8&r=%EA%B0%80",
		"/a?q=b|c":                     "/a?q=b%7Cc",
		"/a?q=\"b\"<c>{d}^`\\":         "/a?q=%22b%22%3Cc%3E%7Bd%7D%5E%60%5C",
		"/a?q=100%&r=%zz&s=%4":         "/a?q=100%25&r=%25zz&s=%254",
		"/a?q=b/c?d:e@f,g;h!i$j'k(l)*": "/a?q=b/c?d:e@f,g;h!i$j'k(l)*",
		"/a?ids[]=1&ids[]=2":           "/a?ids[]=1&ids[]=2",
		"/a?q=😀":                       "/a?q=%F0%9F%98%80",
		"/a?q=1#part 2":                "/a?q=1",
		"/강의 목록/b|c?d":                 "/%EA%B0%95%EC%9D%98%20%EB%AA%A9%EB%A1%9D/b%7Cc?d",
		"/a%2Fb%20c/%ea%b0%80":         "/a%2Fb%20c/%ea%b0%80",
		"/100%/a":                      "/100%25/a",
		"/a?q=b ":                      "/a?q=b%20",
	} {
		c.task(t, target.URL+given)
		c.idle(t)
		if got := (<-target.requests).RequestURI; got != want {
			t.Errorf("the target of %q received %s, want %s", given, got, want)
		}
		if n := target.count(); n != 0 {
			t.Errorf("%q was sent %d more times, want none", given, n)
		}
	}
	for _, given := range []string{"/a?q=b\nc", "/a\x00", "/?" + strings.Repeat("가", 250)} { // 2,250 bytes encoded
		_, err := c.CreateTask(t.Context(), &cloudtaskspb.CreateTaskRequest{Parent: queueName, Task: post(target.URL + given)})
		wantCode(t, err, codes.InvalidArgument)
	}
}

func TestOIDCToken(t *testing.T) {
	c := start(t)
	c.queue(t)
	keys := httptest.NewServer(c.identity.Handler())
	defer keys.Close()
	keySet := oidc.NewRemoteKeySet(t.Context(), keys.URL+identity.CertsPath)
	var target *target
	verify := func(r *http.Request) string {
		audience := "https://refresh.example"
		if r.URL.Path == "/default" {
			audience = target.URL + "/default"
		}
		raw, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !found || len(r.Header.Values("Authorization")) != 1 {
			return "no single bearer token"
		}
		token, err := oidc.NewVerifier(identity.Issuer, keySet, &oidc.Config{ClientID: audience}).Verify(r.Context(), raw)
		if err != nil {
			return err.Error()
		}
		var claims struct {
			Email    string `json:"email"`
			Verified bool   `json:"email_verified"`
		}
		if err := token.Claims(&claims); err != nil || claims.Email != account || !claims.Verified {
			return "not from the account"
		}
		return ""
	}
	target = newTarget(t, func(w http.ResponseWriter, r *http.Request) {
		if problem := verify(r); problem != "" {
			t.Errorf("%s: %s", r.URL.Path, problem)
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	for path, audience := range map[string]string{"/given": "https://refresh.example", "/default": ""} {
		c.task(t, target.URL+path, func(t *cloudtaskspb.Task) {
			t.GetHttpRequest().Headers = map[string]string{"authorization": "Basic stolen"}
			t.GetHttpRequest().AuthorizationHeader = &cloudtaskspb.HttpRequest_OidcToken{OidcToken: &cloudtaskspb.OidcToken{
				ServiceAccountEmail: account, Audience: audience,
			}}
		})
	}
	c.idle(t)
	if n := target.count(); n != 2 {
		t.Errorf("the target got %d requests, want 2", n)
	}
}

func TestBackoff(t *testing.T) {
	c := start(t)
	c.queue(t)
	target := newTarget(t, statuses(500))
	task := c.task(t, target.URL)
	c.idle(t)
	if n := target.count(); n != 1 {
		t.Fatalf("%d first requests, want 1", n)
	}
	// https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#retryconfig
	for i, want := range []int{10, 20, 40, 80, 160, 240, 300, 300, 300} {
		// Check the due time, which does not depend on the machine's speed.
		got, err := c.GetTask(t.Context(), &cloudtaskspb.GetTaskRequest{Name: task.Name})
		if err != nil {
			t.Fatal(err)
		}
		if wait := got.ScheduleTime.AsTime().Sub(got.LastAttempt.ResponseTime.AsTime()); wait != time.Duration(want)*time.Second {
			t.Errorf("after %d failures, the task waits %v, want %ds", i+1, wait, want)
		}
		if n := target.count(); n != 0 {
			t.Errorf("%d requests before the task was due", n)
		}
		c.clock.Advance(time.Duration(want) * time.Second)
		c.idle(t)
		if n := target.count(); n != 1 {
			t.Fatalf("%d requests after %ds, want 1", n, want)
		}
	}
}

func TestRetriesEnd(t *testing.T) {
	tests := []struct {
		name     string
		attempts int32
		duration *durationpb.Duration
		want     int // attempts, with 10 s between them
	}{
		{"by attempts", 3, nil, 3},
		{"only one attempt", 1, nil, 1},
		{"by duration", -1, seconds(25), 4},
		{"both must be reached, attempts last", 6, seconds(25), 6},
		{"both must be reached, duration last", 2, seconds(25), 4},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := start(t)
			c.queue(t, func(q *cloudtaskspb.Queue) {
				q.RetryConfig = &cloudtaskspb.RetryConfig{
					MaxAttempts: test.attempts, MaxRetryDuration: test.duration, MinBackoff: seconds(10), MaxBackoff: seconds(10),
				}
			})
			target := newTarget(t, statuses(500))
			c.task(t, target.URL, named("failing"))
			for range 10 {
				c.idle(t)
				c.clock.Advance(10 * time.Second)
			}
			c.idle(t)
			if n := target.count(); n != test.want {
				t.Errorf("%d attempts, want %d", n, test.want)
			}
			infos, err := c.server.Tasks(queueName)
			if err != nil || len(infos) != 1 || infos[0].State != tasks.Dead || len(infos[0].Attempts) != test.want {
				t.Errorf("Tasks returned %+v, %v; want one dead task", infos, err)
			}
		})
	}
}

func TestTaskOlderThan31DaysIsDead(t *testing.T) {
	c := start(t)
	c.queue(t, func(q *cloudtaskspb.Queue) { q.RetryConfig.MaxAttempts = -1 })
	if _, err := c.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: queueName}); err != nil {
		t.Fatal(err)
	}
	target := newTarget(t, statuses(200))
	c.task(t, target.URL)
	c.clock.Advance(31 * 24 * time.Hour)
	c.task(t, target.URL)
	if _, err := c.ResumeQueue(t.Context(), &cloudtaskspb.ResumeQueueRequest{Name: queueName}); err != nil {
		t.Fatal(err)
	}
	c.idle(t)
	if n := target.count(); n != 1 {
		t.Errorf("%d requests, want only one for the newer task", n)
	}
}

func TestTaskRetryConfigOverridesQueue(t *testing.T) {
	c := start(t)
	c.queue(t)
	target := newTarget(t, statuses(500))
	task := c.task(t, target.URL, func(t *cloudtaskspb.Task) {
		t.RetryConfig = &cloudtaskspb.RetryConfig{MinBackoff: seconds(77)}
	})
	c.idle(t)
	got, err := c.GetTask(t.Context(), &cloudtaskspb.GetTaskRequest{Name: task.Name})
	if err != nil {
		t.Fatal(err)
	}
	if wait := got.ScheduleTime.AsTime().Sub(got.LastAttempt.ResponseTime.AsTime()); wait != 77*time.Second {
		t.Errorf("the task waits %v, want 77s", wait)
	}
}

// failure is a response that counts as a failure.
type failure struct {
	name    string
	respond http.HandlerFunc
	wait    time.Duration // until the next attempt
	code    codes.Code
	text    string
}

// failures returns failing responses. One redirects to a URL, another one sends to hangs and never ends.
func failures(redirect string, hangs chan<- struct{}) []failure {
	return []failure{
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, redirect, http.StatusTemporaryRedirect)
		}, 10 * time.Second, codes.Unknown, ""},
		{"bad request", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "semester is missing", http.StatusBadRequest)
		}, 10 * time.Second, codes.InvalidArgument, "semester is missing"},
		{"broken connection", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 10 * time.Second, codes.Unavailable, "EOF"},
		{"Retry-After in seconds", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusTooManyRequests)
		}, 120 * time.Second, codes.ResourceExhausted, ""},
		{"Retry-After shorter than the backoff", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, 10 * time.Second, codes.Unavailable, ""},
		{"invalid Retry-After", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "soon")
			w.WriteHeader(http.StatusServiceUnavailable)
		}, 10 * time.Second, codes.Unavailable, ""},
		{"timeout", func(_ http.ResponseWriter, r *http.Request) {
			hangs <- struct{}{}
			<-r.Context().Done()
		}, 10 * time.Second, codes.DeadlineExceeded, "15s"},
	}
}

func TestFailures(t *testing.T) {
	elsewhere := newTarget(t, statuses(200))
	hangs := make(chan struct{})
	for _, test := range failures(elsewhere.URL, hangs) {
		t.Run(test.name, func(t *testing.T) {
			c := start(t)
			c.queue(t)
			task := c.task(t, newTarget(t, test.respond).URL, func(t *cloudtaskspb.Task) { t.DispatchDeadline = seconds(15) })
			if test.code == codes.DeadlineExceeded {
				<-hangs
				c.clock.Advance(15 * time.Second)
			}
			c.idle(t)
			got, err := c.GetTask(t.Context(), &cloudtaskspb.GetTaskRequest{Name: task.Name})
			if err != nil {
				t.Fatal(err)
			}
			if wait := got.ScheduleTime.AsTime().Sub(got.LastAttempt.ResponseTime.AsTime()); wait != test.wait {
				t.Errorf("the task waits %v, want %v", wait, test.wait)
			}
			if code := codes.Code(got.LastAttempt.ResponseStatus.Code); code != test.code {
				t.Errorf("the attempt's status is %v, want %v", code, test.code)
			}
			infos, err := c.server.Tasks(queueName)
			if err != nil || len(infos) != 1 || !strings.Contains(infos[0].Attempts[0].Text, test.text) {
				t.Errorf("Tasks returned %+v, %v; want %q", infos, err, test.text)
			}
		})
	}
	if n := elsewhere.count(); n != 0 {
		t.Errorf("a redirect was followed %d times, want never", n)
	}
}

func TestConnectionRefused(t *testing.T) {
	c := start(t)
	c.queue(t)
	target := newTarget(t, statuses(200))
	target.Server.Close()
	c.task(t, target.URL)
	c.idle(t)
	infos, err := c.server.Tasks(queueName)
	if err != nil || len(infos) != 1 || infos[0].State != tasks.Waiting || !strings.Contains(infos[0].Attempts[0].Text, "refused") {
		t.Errorf("Tasks returned %+v, %v; want a refused connection", infos, err)
	}
	if got := infos[0].Task.ResponseCount; got != 0 {
		t.Errorf("response_count is %d, want 0", got)
	}
}

func TestConcurrencyLimit(t *testing.T) {
	c := start(t)
	c.queue(t, func(q *cloudtaskspb.Queue) { q.RateLimits = &cloudtaskspb.RateLimits{MaxConcurrentDispatches: 2} })
	release := make(chan struct{})
	var now, most atomic.Int32
	target := newTarget(t, func(http.ResponseWriter, *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		<-release
		now.Add(-1)
	})
	for range 6 {
		c.task(t, target.URL)
	}
	<-target.requests
	<-target.requests
	if info := c.server.Queues()[0]; info.Running != 2 || info.Waiting != 4 {
		t.Errorf("%d running and %d waiting, want 2 and 4", info.Running, info.Waiting)
	}
	close(release)
	c.idle(t)
	if most.Load() > 2 {
		t.Errorf("%d concurrent requests, want at most 2", most.Load())
	}
	if n := target.count(); n != 4 {
		t.Errorf("%d more requests, want 4", n)
	}
}

func TestRateLimit(t *testing.T) {
	c := start(t)
	// One request in 100 s: the machine's speed does not matter.
	c.queue(t, func(q *cloudtaskspb.Queue) { q.RateLimits = &cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 0.01} })
	target := newTarget(t, statuses(200))
	for range 4 {
		c.task(t, target.URL)
	}
	<-target.requests
	for i := range 3 {
		c.clock.Advance(90 * time.Second)
		if n := target.count(); n != 0 {
			t.Errorf("%d requests within 90 s of request %d, want none", n, i)
		}
		c.clock.Advance(10 * time.Second)
		<-target.requests
	}
	c.idle(t)
}

func TestScheduleTime(t *testing.T) {
	c := start(t)
	c.queue(t)
	target := newTarget(t, statuses(200))
	c.task(t, target.URL+"/late", c.at(2*time.Hour))
	c.task(t, target.URL+"/early", c.at(time.Hour))
	c.task(t, target.URL+"/past", c.at(-time.Hour))
	c.idle(t)
	for _, want := range []string{"/past", "/early", "/late"} {
		if r := <-target.requests; r.URL.Path != want {
			t.Errorf("got %s, want %s", r.URL.Path, want)
		}
		if n := target.count(); n != 0 {
			t.Errorf("%d more requests after %s, want none", n, want)
		}
		c.clock.Advance(time.Hour)
		c.idle(t)
	}
}

func TestPauseResumePurgeDelete(t *testing.T) {
	c := start(t)
	c.queue(t)
	target := newTarget(t, statuses(200))
	paused, err := c.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: queueName})
	if err != nil || paused.State != cloudtaskspb.Queue_PAUSED {
		t.Fatalf("pause: %v, %v", paused, err)
	}
	c.task(t, target.URL, named("purged"))
	c.idle(t)
	purged, err := c.PurgeQueue(t.Context(), &cloudtaskspb.PurgeQueueRequest{Name: queueName})
	if err != nil || purged.PurgeTime == nil {
		t.Fatalf("purge: %v, %v", purged, err)
	}
	kept, deleted := c.task(t, target.URL+"/kept"), c.task(t, target.URL+"/deleted")
	if err := c.DeleteTask(t.Context(), &cloudtaskspb.DeleteTaskRequest{Name: deleted.Name}); err != nil {
		t.Fatal(err)
	}
	resumed, err := c.ResumeQueue(t.Context(), &cloudtaskspb.ResumeQueueRequest{Name: queueName})
	if err != nil || resumed.State != cloudtaskspb.Queue_RUNNING {
		t.Fatalf("resume: %v, %v", resumed, err)
	}
	c.idle(t)
	if r := <-target.requests; r.URL.Path != "/kept" || target.count() != 0 {
		t.Errorf("got %s, want only /kept (%s)", r.URL.Path, kept.Name)
	}
	wantCode(t, c.DeleteTask(t.Context(), &cloudtaskspb.DeleteTaskRequest{Name: kept.Name}), codes.NotFound)
}

func TestRunTask(t *testing.T) {
	c := start(t)
	c.queue(t)
	target := newTarget(t, statuses(500, 200))
	task := c.task(t, target.URL, c.at(time.Hour))
	if _, err := c.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: queueName}); err != nil {
		t.Fatal(err)
	}
	run := &cloudtaskspb.RunTaskRequest{Name: task.Name}
	got, err := c.RunTask(t.Context(), run)
	if err != nil || got.DispatchCount != 1 {
		t.Fatalf("RunTask: %v, %v", got, err)
	}
	c.idle(t)
	got, err = c.GetTask(t.Context(), &cloudtaskspb.GetTaskRequest{Name: task.Name})
	if err != nil {
		t.Fatal(err)
	}
	if wait := got.ScheduleTime.AsTime().Sub(got.LastAttempt.ResponseTime.AsTime()); wait != 10*time.Second {
		t.Errorf("after a failure, the task waits %v, want 10s", wait)
	}
	if _, err := c.RunTask(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	c.idle(t)
	if n := target.count(); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
	_, err = c.RunTask(t.Context(), run)
	wantCode(t, err, codes.NotFound)
}

func TestDeleteTaskInFlight(t *testing.T) {
	c := start(t)
	c.queue(t)
	release := make(chan struct{})
	target := newTarget(t, func(w http.ResponseWriter, _ *http.Request) {
		<-release
		w.WriteHeader(500)
	})
	task := c.task(t, target.URL)
	<-target.requests
	if err := c.DeleteTask(t.Context(), &cloudtaskspb.DeleteTaskRequest{Name: task.Name}); err != nil {
		t.Fatal(err)
	}
	close(release)
	c.idle(t)
	c.clock.Advance(time.Hour)
	c.idle(t)
	if n := target.count(); n != 0 {
		t.Errorf("a deleted task was retried %d times", n)
	}
}

func TestFaults(t *testing.T) {
	c := start(t)
	c.queue(t, func(q *cloudtaskspb.Queue) { q.RateLimits = &cloudtaskspb.RateLimits{MaxConcurrentDispatches: 1} })
	c.server.SetFaults(tasks.Faults{Twice: true, Shuffle: true, Delay: time.Millisecond, Seed: 3})
	target := newTarget(t, statuses(200))
	if _, err := c.PauseQueue(t.Context(), &cloudtaskspb.PauseQueueRequest{Name: queueName}); err != nil {
		t.Fatal(err)
	}
	const n = 20
	for i := range n {
		c.task(t, target.URL+"/"+strconv.Itoa(i))
	}
	if _, err := c.ResumeQueue(t.Context(), &cloudtaskspb.ResumeQueueRequest{Name: queueName}); err != nil {
		t.Fatal(err)
	}
	c.idle(t)
	times, inOrder, last := map[string]int{}, true, -1
	for range 2 * n {
		r := <-target.requests
		times[r.URL.Path]++
		i, err := strconv.Atoi(r.URL.Path[1:])
		if err != nil {
			t.Fatal(err)
		}
		inOrder, last = inOrder && i >= last, i
	}
	for path, n := range times {
		if n != 2 {
			t.Errorf("%s was delivered %d times, want 2", path, n)
		}
	}
	if inOrder {
		t.Error("the tasks were not shuffled")
	}
	if extra := target.count(); extra != 0 || len(times) != n {
		t.Errorf("%d paths and %d more requests, want %d and 0", len(times), extra, n)
	}
}
