package scheduler_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"github.com/coreos/go-oidc/v3/oidc"
	"google.golang.org/grpc/codes"

	"heek.kr/heektime/emulator/identity"
)

func TestRunTimesAndHeaders(t *testing.T) {
	c := start(t)
	target := newTarget(t, always(200))
	job := c.job(t, target.URL+"/schedule", func(j *schedulerpb.Job) {
		j.GetHttpTarget().Body = []byte(`{}`)
		j.GetHttpTarget().Headers = map[string]string{"X-Mine": "yes", "user-agent": "me", "X-CloudScheduler-JobName": "evil", "X-Google-X": "1"}
	})
	if job.State != schedulerpb.Job_ENABLED || job.AttemptDeadline.AsDuration() != 3*time.Minute || job.RetryConfig.MinBackoffDuration.AsDuration() != 5*time.Second {
		t.Errorf("the created job is %v", job)
	}
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	for range 100 { // more than a day
		slot := c.toNext(t)
		r := <-target.requests
		local := slot.In(seoul)
		if local.Minute()%10 != 0 || local.Second() != 0 || local.Hour() < 8 || local.Hour() > 20 || local.Weekday() == time.Saturday || local.Weekday() == time.Sunday {
			t.Errorf("a run at %v, outside the schedule", local)
		}
		if n := target.count(); n != 0 {
			t.Errorf("%d more requests, want none", n)
		}
		if r.Method != "POST" || r.URL.Path != "/schedule" || r.body != `{}` {
			t.Errorf("got %s %s %q", r.Method, r.URL, r.body)
		}
		for name, want := range map[string]string{
			"User-Agent":                    "Google-Cloud-Scheduler",
			"X-CloudScheduler":              "true",
			"X-CloudScheduler-JobName":      "refresh",
			"X-CloudScheduler-ScheduleTime": slot.UTC().Format(time.RFC3339),
			"Content-Type":                  "application/octet-stream",
			"X-Mine":                        "yes",
			"X-Google-X":                    "",
			"Authorization":                 "",
		} {
			if values := r.Header.Values(name); r.Header.Get(name) != want || len(values) > 1 {
				t.Errorf("header %s is %q, want %q", name, values, want)
			}
		}
	}
	got := c.get(t)
	if got.Status.GetCode() != 0 || got.LastAttemptTime == nil || !got.ScheduleTime.AsTime().After(c.clock.Now()) {
		t.Errorf("after its runs, the job is %v", got)
	}
}

func TestURLIsSentEncoded(t *testing.T) {
	c := start(t)
	target := newTarget(t, always(200))
	c.job(t, target.URL+"/목록?q=a b|가&r=%20")
	c.toNext(t)
	const want = "/%EB%AA%A9%EB%A1%9D?q=a%20b%7C%EA%B0%80&r=%20"
	if got := (<-target.requests).RequestURI; got != want {
		t.Errorf("the target received %s, want %s", got, want)
	}
}

func TestOIDCToken(t *testing.T) {
	c := start(t)
	keys := httptest.NewServer(c.identity.Handler())
	defer keys.Close()
	const audience = "https://refresh.example"
	verifier := oidc.NewVerifier(identity.Issuer, oidc.NewRemoteKeySet(t.Context(), keys.URL+identity.CertsPath), &oidc.Config{ClientID: audience})
	target := newTarget(t, func(w http.ResponseWriter, r *http.Request) {
		raw, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if _, err := verifier.Verify(r.Context(), raw); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
		}
	})
	c.job(t, target.URL, func(j *schedulerpb.Job) {
		j.GetHttpTarget().AuthorizationHeader = &schedulerpb.HttpTarget_OidcToken{
			OidcToken: &schedulerpb.OidcToken{ServiceAccountEmail: account, Audience: audience},
		}
	})
	c.toNext(t)
	attempt := c.server.Jobs()[0].Runs[0].Attempts[0]
	if attempt.Status != 200 {
		t.Errorf("the target responded with %d: %s", attempt.Status, attempt.Text)
	}
}

func TestRetries(t *testing.T) {
	minute := func(cfg *schedulerpb.RetryConfig, cron string) func(*schedulerpb.Job) {
		return func(j *schedulerpb.Job) { j.RetryConfig, j.Schedule = cfg, cron }
	}
	tests := []struct {
		name string
		set  func(*schedulerpb.Job)
		want []time.Duration // between the attempts of a run
	}{
		{"none by default", minute(nil, "0 * * * *"), nil},
		{"as documented", minute(&schedulerpb.RetryConfig{
			RetryCount: 5, MinBackoffDuration: seconds(10), MaxBackoffDuration: seconds(100), MaxDoublings: 2,
		}, "0 0 * * *"), []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 100 * time.Second}},
		{"defaults", minute(&schedulerpb.RetryConfig{RetryCount: 2}, "0 0 * * *"), []time.Duration{5 * time.Second, 10 * time.Second}},
		{"until the next slot", minute(&schedulerpb.RetryConfig{
			RetryCount: 5, MinBackoffDuration: seconds(25), MaxBackoffDuration: seconds(25),
		}, "* * * * *"), []time.Duration{25 * time.Second, 25 * time.Second}},
		{"both limits must be reached", minute(&schedulerpb.RetryConfig{
			RetryCount: 1, MaxRetryDuration: seconds(45), MinBackoffDuration: seconds(20), MaxBackoffDuration: seconds(20),
		}, "0 0 * * *"), []time.Duration{20 * time.Second, 20 * time.Second, 20 * time.Second}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := start(t)
			target := newTarget(t, always(503))
			c.job(t, target.URL, test.set)
			c.toNext(t)
			for i, want := range test.want {
				if n := target.count(); n != 1 {
					t.Fatalf("%d requests in attempt %d, want 1", n, i)
				}
				info := c.server.Jobs()[0]
				run := info.Runs[0]
				if got := run.Next.Sub(run.Attempts[i].Answered); got != want {
					t.Errorf("retry %d in %v, want %v", i+1, got, want)
				}
				if next := info.Job.ScheduleTime.AsTime(); run.Next.Sub(next).Abs() > time.Microsecond {
					t.Errorf("schedule_time is %v, want the time of the retry, %v", next, run.Next)
				}
				c.clock.Advance(want)
				c.idle(t)
			}
			if n := target.count(); n != 1 {
				t.Fatalf("%d requests in the last attempt, want 1", n)
			}
			info := c.server.Jobs()[0]
			if run := info.Runs[0]; run.Ended.IsZero() || len(run.Attempts) != len(test.want)+1 || !run.Next.IsZero() {
				t.Errorf("the run has not ended properly: %+v", run)
			}
			if code := codes.Code(info.Job.Status.GetCode()); code != codes.Unavailable {
				t.Errorf("the job's status is %v, want %v", code, codes.Unavailable)
			}
		})
	}
}

func TestSuccessEndsRetries(t *testing.T) {
	c := start(t)
	answers := make(chan int, 2)
	answers <- 500
	answers <- 204
	target := newTarget(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(<-answers) })
	c.job(t, target.URL, every("0 * * * *"), func(j *schedulerpb.Job) { j.RetryConfig = &schedulerpb.RetryConfig{RetryCount: 5} })
	c.toNext(t)
	slot := c.server.Jobs()[0].Runs[0].Slot
	c.clock.Advance(5 * time.Second)
	c.idle(t)
	for range 2 { // a retry carries the schedule time of its run
		if got := (<-target.requests).Header.Get("X-CloudScheduler-ScheduleTime"); got != slot.UTC().Format(time.RFC3339) {
			t.Errorf("schedule time %s, want %v", got, slot.UTC())
		}
	}
	if job := c.get(t); job.Status.GetCode() != 0 || !job.ScheduleTime.AsTime().Equal(slot.Add(time.Hour)) {
		t.Errorf("after a success, the job is %v", job)
	}
}

func TestRunsDoNotOverlap(t *testing.T) {
	c := start(t)
	release := make(chan struct{})
	target := newTarget(t, func(http.ResponseWriter, *http.Request) { <-release })
	c.job(t, target.URL, every("* * * * *"), func(j *schedulerpb.Job) { j.AttemptDeadline = seconds(1800) })
	first := c.get(t).ScheduleTime.AsTime()
	c.clock.Advance(first.Sub(c.clock.Now()))
	<-target.requests
	c.clock.Advance(5*time.Minute + 10*time.Second)
	if runs := c.server.Jobs()[0].Runs; len(runs) != 1 || target.count() != 0 {
		t.Errorf("%d concurrent runs, want 1", len(runs))
	}
	close(release)
	c.idle(t)
	runs := c.server.Jobs()[0].Runs
	if len(runs) != 2 || !runs[0].Slot.Equal(first.Add(5*time.Minute)) {
		t.Errorf("after five slots: %+v; want one more run, for the latest slot", runs)
	}
	if n := target.count(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
}

func TestAttemptDeadline(t *testing.T) {
	c := start(t)
	target := newTarget(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	c.job(t, target.URL, every("0 0 * * *"), func(j *schedulerpb.Job) { j.AttemptDeadline = seconds(15) })
	c.clock.Advance(c.get(t).ScheduleTime.AsTime().Sub(c.clock.Now()))
	<-target.requests
	c.clock.Advance(15 * time.Second)
	c.idle(t)
	if code := codes.Code(c.get(t).Status.GetCode()); code != codes.DeadlineExceeded {
		t.Errorf("the job's status is %v, want %v", code, codes.DeadlineExceeded)
	}
}

func TestRunJob(t *testing.T) {
	c := start(t)
	release := make(chan struct{})
	target := newTarget(t, func(http.ResponseWriter, *http.Request) { <-release })
	c.job(t, target.URL)
	if _, err := c.PauseJob(t.Context(), &schedulerpb.PauseJobRequest{Name: jobName}); err != nil {
		t.Fatal(err)
	}
	for range 2 { // concurrently
		if _, err := c.RunJob(t.Context(), &schedulerpb.RunJobRequest{Name: jobName}); err != nil {
			t.Fatal(err)
		}
		<-target.requests
	}
	close(release)
	c.idle(t)
	info := c.server.Jobs()[0]
	if len(info.Runs) != 2 || !info.Runs[0].Forced || info.Runs[0].Ended.IsZero() || info.Job.LastAttemptTime == nil {
		t.Errorf("after two forced runs: %+v", info)
	}
	_, err := c.RunJob(t.Context(), &schedulerpb.RunJobRequest{Name: parent + "/jobs/other"})
	wantCode(t, err, codes.NotFound)
}

func TestPauseAndResume(t *testing.T) {
	c := start(t)
	target := newTarget(t, always(500))
	c.job(t, target.URL, every("* * * * *"), func(j *schedulerpb.Job) {
		j.RetryConfig = &schedulerpb.RetryConfig{RetryCount: 5, MinBackoffDuration: seconds(20)}
	})
	_, err := c.ResumeJob(t.Context(), &schedulerpb.ResumeJobRequest{Name: jobName})
	wantCode(t, err, codes.FailedPrecondition)
	c.toNext(t)
	// Pause the job while it waits for a retry.
	paused, err := c.PauseJob(t.Context(), &schedulerpb.PauseJobRequest{Name: jobName})
	if err != nil || paused.State != schedulerpb.Job_PAUSED || paused.ScheduleTime != nil {
		t.Errorf("paused: %v, %v", paused, err)
	}
	_, err = c.PauseJob(t.Context(), &schedulerpb.PauseJobRequest{Name: jobName})
	wantCode(t, err, codes.FailedPrecondition)
	c.clock.Advance(time.Hour)
	c.idle(t)
	if n := target.count(); n != 1 {
		t.Errorf("%d requests, want only the one before the pause", n)
	}
	resumed, err := c.ResumeJob(t.Context(), &schedulerpb.ResumeJobRequest{Name: jobName})
	if err != nil || resumed.State != schedulerpb.Job_ENABLED {
		t.Fatalf("resumed: %v, %v", resumed, err)
	}
	c.idle(t)
	if n := target.count(); n != 0 {
		t.Errorf("%d runs for slots during the pause, want none", n)
	}
	c.toNext(t)
	if n := target.count(); n != 1 {
		t.Errorf("%d requests after the pause, want 1", n)
	}
}

func TestDeletedJobDoesNotRun(t *testing.T) {
	c := start(t)
	target := newTarget(t, always(500))
	c.job(t, target.URL, every("* * * * *"), func(j *schedulerpb.Job) { j.RetryConfig = &schedulerpb.RetryConfig{RetryCount: 5} })
	c.toNext(t)
	if err := c.DeleteJob(t.Context(), &schedulerpb.DeleteJobRequest{Name: jobName}); err != nil {
		t.Fatal(err)
	}
	c.clock.Advance(time.Hour)
	c.idle(t)
	if n := target.count(); n != 1 {
		t.Errorf("%d requests, want 1", n)
	}
	c.job(t, target.URL) // the name can be reused immediately
}
