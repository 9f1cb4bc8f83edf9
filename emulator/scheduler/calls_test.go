package scheduler_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"heek.kr/heektime/emulator/clock"
	"heek.kr/heektime/emulator/scheduler"
)

func TestNewErrorsNameMissingFields(t *testing.T) {
	for name, cfg := range map[string]scheduler.Config{"Clock": {}, "Tokens": {Clock: clock.New()}} {
		if _, err := scheduler.New(cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: error %v, want one that names it", name, err)
		}
	}
}

// at parses a time in a zone, such as "2026-11-20 20:45 Z Asia/Seoul".
func at(t *testing.T, text string) time.Time {
	t.Helper()
	clock, zone, _ := strings.Cut(text, " Z ")
	location, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	when, err := time.ParseInLocation("2006-01-02 15:04", clock, location)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

func TestSchedules(t *testing.T) {
	year := time.Now().Year() + 1 // the clock moves only forward
	tests := []struct {
		cron, zone string
		from       string // next year, in the zone
		want       []string
	}{
		{"*/10 8-20 * * *", "Asia/Seoul", "03-10 20:45", []string{"03-10 20:50", "03-11 08:00", "03-11 08:10"}},
		{"0 3 1,15 * *", "Asia/Seoul", "03-10 00:00", []string{"03-15 03:00", "04-01 03:00"}},
		{"30 4 * FEB-MAR,12 *", "UTC", "03-30 12:00", []string{"03-31 04:30", "12-01 04:30"}},
		{"5-59/20 0 * * *", "Etc/UTC", "03-10 00:00", []string{"03-10 00:05", "03-10 00:25", "03-10 00:45", "03-11 00:05"}},
		{"0 0 31 * *", "utc", "03-31 00:00", []string{"05-31 00:00", "07-31 00:00"}},
		{"0 0 1 1 *", "", "03-10 00:00", nil},
	}
	for _, test := range tests {
		t.Run(test.cron, func(t *testing.T) {
			t.Parallel()
			zone := test.zone
			if zone == "utc" {
				zone = "UTC"
			}
			when := func(text string) time.Time { return at(t, fmt.Sprintf("%d-%s Z %s", year, text, zone)) }
			c := start(t)
			c.clock.Advance(when(test.from).Sub(c.clock.Now()))
			job := c.job(t, newTarget(t, always(200)).URL, every(test.cron), func(j *schedulerpb.Job) { j.TimeZone = test.zone })
			for i, want := range test.want {
				if got := job.ScheduleTime.AsTime(); !got.Equal(when(want)) {
					t.Errorf("run %d is scheduled for %v, want %v", i, got, when(want))
				}
				c.toNext(t)
				job = c.get(t)
			}
			if test.zone == "" && job.TimeZone != "Etc/UTC" {
				t.Errorf("the default time zone is %q, want Etc/UTC", job.TimeZone)
			}
		})
	}
}

func TestWeekdaysInSeoul(t *testing.T) {
	c := start(t)
	seoul, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	friday := c.clock.Now().In(seoul).AddDate(0, 0, 1)
	for friday.Weekday() != time.Friday {
		friday = friday.AddDate(0, 0, 1)
	}
	friday = time.Date(friday.Year(), friday.Month(), friday.Day(), 20, 45, 0, 0, seoul)
	c.clock.Advance(friday.Sub(c.clock.Now()))
	c.job(t, newTarget(t, always(200)).URL)
	c.toNext(t)
	monday := friday.AddDate(0, 0, 3)
	want := time.Date(monday.Year(), monday.Month(), monday.Day(), 8, 0, 0, 0, seoul)
	if got := c.get(t).ScheduleTime.AsTime(); !got.Equal(want) {
		t.Errorf("the run after Friday's last is at %v, want %v", got.In(seoul), want)
	}
}

// invalidCrons are expressions that are not unix-cron or never occur.
var invalidCrons = []string{
	"", "* * * *", "* * * * * *", "@daily", "every 5 minutes", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *",
	"* * * * 8", "*/0 * * * *", "1,,2 * * * *", "5-1 * * * *", "1-2-3 * * * *", "-1 * * * *", "+1 * * * *", "5/15 * * * *", "* * L * *",
	"* * * * MON#1", "* * * * MONTUE", "* * * FOO *", "1,99 * * * *", "0 0 31 2 *", "? * * * *", "1.5 * * * *", "*/ * * * *", "* * * ANF *",
}

func TestInvalidJobs(t *testing.T) {
	c := start(t)
	const url = "http://127.0.0.1:1/"
	c.job(t, url, func(j *schedulerpb.Job) { j.Name = parent + "/jobs/exists" })
	type job = schedulerpb.Job
	http := func(change func(*schedulerpb.HttpTarget)) *job {
		return post(url, func(j *job) { change(j.GetHttpTarget()) })
	}
	zone := func(name string) *job { return post(url, func(j *job) { j.TimeZone = name }) }
	retry := func(cfg *schedulerpb.RetryConfig) *job { return post(url, func(j *job) { j.RetryConfig = cfg }) }
	type test struct {
		job  *job
		want codes.Code
	}
	tests := map[string]test{
		"no job":           {nil, codes.InvalidArgument},
		"no target":        {&job{Name: jobName, Schedule: "* * * * *"}, codes.InvalidArgument},
		"Pub/Sub":          {&job{Name: jobName, Schedule: "* * * * *", Target: &schedulerpb.Job_PubsubTarget{PubsubTarget: &schedulerpb.PubsubTarget{}}}, codes.Unimplemented},
		"App Engine":       {&job{Name: jobName, Schedule: "* * * * *", Target: &schedulerpb.Job_AppEngineHttpTarget{AppEngineHttpTarget: &schedulerpb.AppEngineHttpTarget{}}}, codes.Unimplemented},
		"exists":           {post(url, func(j *job) { j.Name = parent + "/jobs/exists" }), codes.AlreadyExists},
		"malformed name":   {post(url, func(j *job) { j.Name = "x" }), codes.InvalidArgument},
		"id with a space":  {post(url, func(j *job) { j.Name = parent + "/jobs/a b" }), codes.InvalidArgument},
		"other location":   {post(url, func(j *job) { j.Name = "projects/demo-test/locations/us-central1/jobs/x" }), codes.InvalidArgument},
		"long description": {post(url, func(j *job) { j.Description = strings.Repeat("가", 501) }), codes.InvalidArgument},
		"unknown zone":     {zone("Asia/Heek"), codes.InvalidArgument},
		"local zone":       {zone("Local"), codes.InvalidArgument},
		"path as zone":     {zone("../etc/passwd"), codes.InvalidArgument},
		"no URL":           {post(""), codes.InvalidArgument},
		"other scheme":     {post("ftp://x/"), codes.InvalidArgument},
		"short deadline":   {post(url, func(j *job) { j.AttemptDeadline = seconds(14) }), codes.InvalidArgument},
		"long deadline":    {post(url, func(j *job) { j.AttemptDeadline = seconds(1801) }), codes.InvalidArgument},
		"too many retries": {retry(&schedulerpb.RetryConfig{RetryCount: 6}), codes.InvalidArgument},
		"negative retries": {retry(&schedulerpb.RetryConfig{RetryCount: -1}), codes.InvalidArgument},
		"negative backoff": {retry(&schedulerpb.RetryConfig{MinBackoffDuration: seconds(-1)}), codes.InvalidArgument},
		"long backoff":     {retry(&schedulerpb.RetryConfig{MinBackoffDuration: seconds(3601)}), codes.InvalidArgument},
		"body with GET":    {http(func(r *schedulerpb.HttpTarget) { r.HttpMethod, r.Body = schedulerpb.HttpMethod_GET, []byte("x") }), codes.InvalidArgument},
		"invalid header":   {http(func(r *schedulerpb.HttpTarget) { r.Headers = map[string]string{"a": "\n"} }), codes.InvalidArgument},
		"token without account": {http(func(r *schedulerpb.HttpTarget) {
			r.AuthorizationHeader = &schedulerpb.HttpTarget_OidcToken{OidcToken: &schedulerpb.OidcToken{}}
		}), codes.InvalidArgument},
		"access token": {http(func(r *schedulerpb.HttpTarget) {
			r.AuthorizationHeader = &schedulerpb.HttpTarget_OauthToken{OauthToken: &schedulerpb.OAuthToken{}}
		}), codes.Unimplemented},
	}
	for _, cron := range invalidCrons {
		tests["cron "+cron] = test{post(url, every(cron)), codes.InvalidArgument}
	}
	for name, test := range tests {
		_, err := c.CreateJob(t.Context(), &schedulerpb.CreateJobRequest{Parent: parent, Job: test.job})
		if got := status.Code(err); got != test.want {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
		if strings.HasPrefix(name, "cron") && !strings.Contains(fmt.Sprint(err), "Schedule or time zone is invalid.") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := c.GetJob(t.Context(), &schedulerpb.GetJobRequest{Name: jobName})
	wantCode(t, err, codes.NotFound)
}

func TestUpdateJob(t *testing.T) {
	c := start(t)
	target := newTarget(t, always(200))
	c.job(t, target.URL+"/old", every("0 0 1 1 *"))
	update := func(paths []string, job *schedulerpb.Job) (*schedulerpb.Job, error) {
		request := &schedulerpb.UpdateJobRequest{Job: job}
		if paths != nil {
			request.UpdateMask = &fieldmaskpb.FieldMask{Paths: paths}
		}
		return c.CloudSchedulerClient.UpdateJob(t.Context(), request)
	}
	job, err := update([]string{"schedule", "http_target.uri"}, post(target.URL+"/new", every("* * * * *"), func(j *schedulerpb.Job) { j.Description = "not in the mask" }))
	if err != nil || job.Schedule != "* * * * *" || job.GetHttpTarget().Uri != target.URL+"/new" || job.Description != "" || job.TimeZone != "Asia/Seoul" {
		t.Errorf("after updating two fields: %v, %v", job, err)
	}
	c.toNext(t)
	if r := <-target.requests; r.URL.Path != "/new" {
		t.Errorf("the run called %s, want /new", r.URL)
	}
	last := c.get(t).LastAttemptTime
	job, err = update(nil, post(target.URL+"/all", func(j *schedulerpb.Job) { j.Description = "all" }))
	if err != nil || job.Description != "all" || job.GetHttpTarget().Uri != target.URL+"/all" || job.LastAttemptTime.String() != last.String() {
		t.Errorf("after updating all fields: %v, %v", job, err)
	}
	_, err = update([]string{"nonsense"}, post(target.URL))
	wantCode(t, err, codes.InvalidArgument)
	_, err = update([]string{"schedule"}, post(target.URL, every("never")))
	wantCode(t, err, codes.InvalidArgument)
	_, err = update(nil, post(target.URL, func(j *schedulerpb.Job) { j.Name = parent + "/jobs/other" }))
	wantCode(t, err, codes.NotFound)
}

func TestListJobs(t *testing.T) {
	c := start(t)
	seen := map[string]bool{}
	for range 5 {
		job := c.job(t, "http://127.0.0.1:1/", func(j *schedulerpb.Job) { j.Name = "" })
		if !strings.HasPrefix(job.Name, parent+"/jobs/") {
			t.Errorf("a job without a name got the name %s", job.Name)
		}
		seen[job.Name] = true
	}
	n := 0
	jobs := c.ListJobs(t.Context(), &schedulerpb.ListJobsRequest{Parent: parent, PageSize: 2})
	for job, err := jobs.Next(); err != iterator.Done; job, err = jobs.Next() {
		if err != nil {
			t.Fatal(err)
		}
		if n++; !seen[job.Name] {
			t.Errorf("listed an unknown job %s", job.Name)
		}
	}
	if n != 5 || len(seen) != 5 {
		t.Errorf("%d jobs listed and %d created, want 5", n, len(seen))
	}
	for name, err := range map[string]error{
		"GetJob":    func() error { _, err := c.GetJob(t.Context(), &schedulerpb.GetJobRequest{Name: jobName}); return err }(),
		"DeleteJob": c.DeleteJob(t.Context(), &schedulerpb.DeleteJobRequest{Name: jobName}),
		"PauseJob": func() error {
			_, err := c.PauseJob(t.Context(), &schedulerpb.PauseJobRequest{Name: jobName})
			return err
		}(),
		"ResumeJob": func() error {
			_, err := c.ResumeJob(t.Context(), &schedulerpb.ResumeJobRequest{Name: jobName})
			return err
		}(),
	} {
		if got, _ := status.FromError(err); got.Code() != codes.NotFound || got.Message() != "Job not found." {
			t.Errorf("%s of a missing job: %v", name, err)
		}
	}
}
