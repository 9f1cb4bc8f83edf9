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
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/refresh"
)

// createQueues creates the table's queues. It keeps queues that an old data folder already has.
func (b *Backend) createQueues(ctx context.Context) error {
	client, err := gcp.Tasks(ctx)
	if err != nil {
		return err
	}
	b.Queue = &refresh.Queue{
		Client: client, Name: b.deployment.QueueName(b.place.Project, deployment.RefreshQueue),
		URL: b.URLs["refresh"], Audience: b.URLs["refresh"], ServiceAccount: spec.Email(b.place.Project, deployment.TasksAccount),
	}
	for _, q := range b.deployment.Queues {
		_, err = client.CreateQueue(ctx, &cloudtaskspb.CreateQueueRequest{
			Parent: b.deployment.Location(b.place.Project),
			Queue: &cloudtaskspb.Queue{
				Name: b.deployment.QueueName(b.place.Project, q.ID),
				RateLimits: &cloudtaskspb.RateLimits{
					MaxDispatchesPerSecond: q.MaxDispatchesPerSecond, MaxConcurrentDispatches: int32(q.MaxConcurrentDispatches),
				},
				RetryConfig: &cloudtaskspb.RetryConfig{
					MaxAttempts: int32(q.Retry.MaxAttempts), MaxDoublings: int32(q.Retry.MaxDoublings),
					MinBackoff: durationpb.New(q.Retry.MinBackoff), MaxBackoff: durationpb.New(q.Retry.MaxBackoff),
				},
			},
		})
		if err != nil && status.Code(err) != codes.AlreadyExists {
			return fmt.Errorf("create the queue %s: %w", q.ID, err)
		}
	}
	return nil
}

// Scheduler opens a client of Cloud Scheduler.
func Scheduler(ctx context.Context) (*scheduler.CloudSchedulerClient, error) {
	opts, err := gcp.TasksOptions()
	if err != nil {
		return nil, err
	}
	client, err := scheduler.NewCloudSchedulerClient(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("open Cloud Scheduler: %w", err)
	}
	return client, nil
}

// createJobs creates the table's scheduler jobs, or updates those that an old data folder has.
func (b *Backend) createJobs(ctx context.Context) (err error) {
	client, err := Scheduler(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	for _, j := range b.deployment.Jobs {
		job := b.job(j)
		_, err := client.CreateJob(ctx, &schedulerpb.CreateJobRequest{Parent: b.deployment.Location(b.place.Project), Job: job})
		if status.Code(err) == codes.AlreadyExists {
			_, err = client.UpdateJob(ctx, &schedulerpb.UpdateJobRequest{Job: job})
		}
		if err != nil {
			return fmt.Errorf("create the job %s: %w", j.ID, err)
		}
	}
	return nil
}

// job converts a job of the table.
func (b *Backend) job(j spec.Job) *schedulerpb.Job {
	url := b.URLs[j.Target.Service]
	return &schedulerpb.Job{
		Name:     b.deployment.JobName(b.place.Project, j.ID),
		Schedule: j.Schedule,
		TimeZone: j.TimeZone,
		Target: &schedulerpb.Job_HttpTarget{HttpTarget: &schedulerpb.HttpTarget{
			Uri:        url + j.Target.Path,
			HttpMethod: schedulerpb.HttpMethod_POST,
			AuthorizationHeader: &schedulerpb.HttpTarget_OidcToken{OidcToken: &schedulerpb.OidcToken{
				ServiceAccountEmail: spec.Email(b.place.Project, j.Target.Account), Audience: url,
			}},
		}},
		AttemptDeadline: durationpb.New(j.AttemptDeadline),
		RetryConfig: &schedulerpb.RetryConfig{
			RetryCount: int32(j.Retry.Count), MaxDoublings: int32(j.Retry.MaxDoublings),
			MinBackoffDuration: backoff(j.Retry.MinBackoff), MaxBackoffDuration: backoff(j.Retry.MaxBackoff),
		},
	}
}

// backoff returns nil, which means Cloud Scheduler's default, if the table has no value.
func backoff(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

// registerTriggers registers the table's triggers, and removes all others from an old data folder.
func (b *Backend) registerTriggers() error {
	for _, t := range b.deployment.Triggers {
		url := b.URLs[t.Target.Service]
		err := b.Cloud.Triggers.Register(triggers.Trigger{
			Name: t.ID, Event: triggers.EventType(t.Event), Database: t.DatabaseAt(b.place), Document: t.Document,
			URL: url + t.Target.Path, Audience: url, ServiceAccount: spec.Email(b.place.Project, t.Target.Account), Retry: true,
		})
		if err != nil {
			return err
		}
	}
	b.Cloud.Triggers.RemoveAbsent()
	return nil
}
