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

	"heek.kr/heektime/emulator/triggers"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/refresh"
)

// setUp makes what a deployment makes in Google's cloud: the queue that refreshes wait in, and the schedules. The queue is
// left as it is when it exists, in a data folder from before.
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

// schedule makes the jobs of Cloud Scheduler. What a deployment does every few minutes, or every hour, is done every minute:
// the finest step there is, so that it is seen to work.
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
	for _, j := range []struct{ name, cron, service, path string }{
		{"schedule", "* * * * *", b.RefreshURL, "/schedule"},
		{"purge", "* * * * *", b.CleanupURL, "/purge"},
		{"sweep", "0 5 * * 1", b.CleanupURL, "/sweep"},
	} {
		job := &schedulerpb.Job{
			Name:     Job(project, j.name),
			Schedule: j.cron,
			TimeZone: "Asia/Seoul",
			Target: &schedulerpb.Job_HttpTarget{HttpTarget: &schedulerpb.HttpTarget{
				Uri:        j.service + j.path,
				HttpMethod: schedulerpb.HttpMethod_POST,
				AuthorizationHeader: &schedulerpb.HttpTarget_OidcToken{OidcToken: &schedulerpb.OidcToken{
					ServiceAccountEmail: schedulerAccount(project), Audience: j.service,
				}},
			}},
			AttemptDeadline: durationpb.New(15 * time.Minute),
		}
		_, err = client.CreateJob(ctx, &schedulerpb.CreateJobRequest{Parent: "projects/" + project + "/locations/" + region, Job: job})
		if status.Code(err) == codes.AlreadyExists {
			_, err = client.UpdateJob(ctx, &schedulerpb.UpdateJobRequest{Job: job})
		}
		if err != nil {
			return fmt.Errorf("create the schedule %s: %w", j.name, err)
		}
	}
	return nil
}

// trigger lets the functions hear of what is deleted, as a deployment's triggers do.
func (b *Backend) trigger(project string) error {
	for name, document := range map[string]string{
		deletion.TimetableDeleted: "users/{uid}/timetables/{timetable}",
		deletion.UserDeleted:      "users/{uid}",
	} {
		err := b.Cloud.Triggers.Register(triggers.Trigger{
			Name: name, Event: triggers.Deleted, Document: document, URL: b.FunctionsURL + "/" + name, Retry: true,
			ServiceAccount: eventarcAccount(project), Audience: b.FunctionsURL,
		})
		if err != nil {
			return err
		}
	}
	b.Cloud.Triggers.RemoveAbsent() // of an earlier version, in a data folder from before
	return nil
}
