package scheduler_test

import (
	"net/http/httptest"
	"testing"

	scheduler "cloud.google.com/go/scheduler/apiv1"
	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/api/option"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// Google's REST client calls every method.
func TestRESTClient(t *testing.T) {
	c := start(t)
	server := httptest.NewServer(c.server.Handler())
	defer server.Close()
	ctx := t.Context()
	client, err := scheduler.NewCloudSchedulerRESTClient(ctx, option.WithEndpoint(server.URL), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	const parent = "projects/demo-test/locations/asia-northeast3"
	const name = parent + "/jobs/nightly"
	target := newTarget(t, always(200))
	created, err := client.CreateJob(ctx, &schedulerpb.CreateJobRequest{Parent: parent, Job: &schedulerpb.Job{
		Name: name, Schedule: "0 3 * * *", TimeZone: "Asia/Seoul",
		Target: &schedulerpb.Job_HttpTarget{HttpTarget: &schedulerpb.HttpTarget{Uri: target.URL}},
	}})
	if err != nil || created.State != schedulerpb.Job_ENABLED {
		t.Fatalf("created %v, %v", created, err)
	}
	updated, err := client.UpdateJob(ctx, &schedulerpb.UpdateJobRequest{
		Job: &schedulerpb.Job{Name: name, Description: "at four", Schedule: "0 4 * * *"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"schedule"}},
	})
	if err != nil || updated.Schedule != "0 4 * * *" || updated.Description != "" {
		t.Errorf("updated to %v, %v; want one field of two", updated, err)
	}
	if job, err := client.ListJobs(ctx, &schedulerpb.ListJobsRequest{Parent: parent}).Next(); err != nil || job.Name != name {
		t.Errorf("listed %v, %v", job, err)
	}
	if job, err := client.PauseJob(ctx, &schedulerpb.PauseJobRequest{Name: name}); err != nil || job.State != schedulerpb.Job_PAUSED {
		t.Errorf("paused: %v, %v", job, err)
	}
	if job, err := client.ResumeJob(ctx, &schedulerpb.ResumeJobRequest{Name: name}); err != nil || job.State != schedulerpb.Job_ENABLED {
		t.Errorf("resumed: %v, %v", job, err)
	}
	if _, err := client.RunJob(ctx, &schedulerpb.RunJobRequest{Name: name}); err != nil {
		t.Error(err)
	}
	if err := client.DeleteJob(ctx, &schedulerpb.DeleteJobRequest{Name: name}); err != nil {
		t.Error(err)
	}
	if job, err := client.GetJob(ctx, &schedulerpb.GetJobRequest{Name: name}); err == nil {
		t.Errorf("deleted: %v", job)
	}
}
