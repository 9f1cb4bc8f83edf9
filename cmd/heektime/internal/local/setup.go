package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	scheduler "cloud.google.com/go/scheduler/apiv1"
	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/refresh"
)

// setUp makes what a deployment makes in Google's cloud: the queue that refreshes wait in and the schedule that looks for due
// ones. Both are left as they are when they exist, in a data folder from before.
func (b *Backend) setUp(ctx context.Context, project string) (*refresh.Queue, error) {
	client, err := gcp.Tasks(ctx)
	if err != nil {
		return nil, err
	}
	queue := &refresh.Queue{
		Client: client, Name: Queue(project), URL: b.RefreshURL, Audience: b.RefreshURL, ServiceAccount: TasksAccount(project),
	}
	_, err = client.CreateQueue(ctx, &cloudtaskspb.CreateQueueRequest{
		Parent: "projects/" + project + "/locations/" + region,
		Queue: &cloudtaskspb.Queue{
			Name:       queue.Name,
			RateLimits: &cloudtaskspb.RateLimits{MaxDispatchesPerSecond: 5, MaxConcurrentDispatches: 4},
			// A developer waits for it, so it gives up sooner than a deployed queue would.
			RetryConfig: &cloudtaskspb.RetryConfig{
				MaxAttempts: 3, MinBackoff: durationpb.New(time.Second), MaxBackoff: durationpb.New(10 * time.Second), MaxDoublings: 3,
			},
		},
	})
	if err != nil && status.Code(err) != codes.AlreadyExists {
		return nil, errors.Join(fmt.Errorf("create the queue: %w", err), client.Close())
	}
	return queue, b.schedule(ctx, project)
}

// schedule makes Cloud Scheduler ask the refresh service every minute what is due: the finest step there is, so that a
// schedule in the school file is seen to work.
func (b *Backend) schedule(ctx context.Context, project string) error {
	local, err := gcp.Local(b.Cloud.TasksAddress())
	if err != nil {
		return err
	}
	client, err := scheduler.NewCloudSchedulerClient(ctx, local)
	if err != nil {
		return fmt.Errorf("open Cloud Scheduler: %w", err)
	}
	defer client.Close()
	parent := "projects/" + project + "/locations/" + region
	job := &schedulerpb.Job{
		Name:     parent + "/jobs/schedule",
		Schedule: "* * * * *",
		TimeZone: "Asia/Seoul",
		Target: &schedulerpb.Job_HttpTarget{HttpTarget: &schedulerpb.HttpTarget{
			Uri:        b.RefreshURL + "/schedule",
			HttpMethod: schedulerpb.HttpMethod_POST,
			AuthorizationHeader: &schedulerpb.HttpTarget_OidcToken{OidcToken: &schedulerpb.OidcToken{
				ServiceAccountEmail: schedulerAccount(project), Audience: b.RefreshURL,
			}},
		}},
	}
	_, err = client.CreateJob(ctx, &schedulerpb.CreateJobRequest{Parent: parent, Job: job})
	if status.Code(err) == codes.AlreadyExists {
		_, err = client.UpdateJob(ctx, &schedulerpb.UpdateJobRequest{Job: job})
	}
	if err != nil {
		return fmt.Errorf("create the schedule: %w", err)
	}
	return nil
}
