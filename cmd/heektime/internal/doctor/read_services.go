package doctor

import (
	"context"
	"fmt"

	"google.golang.org/api/cloudscheduler/v1"
	"google.golang.org/api/cloudtasks/v2"
	"google.golang.org/api/eventarc/v1"
	"google.golang.org/api/run/v2"
	"google.golang.org/api/secretmanager/v1"

	"heek.kr/heektime/internal/deployment/spec"
)

func readServices(ctx context.Context, r *reader) error {
	client, err := run.NewService(ctx, r.options(runAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Cloud Run: %w", err)
	}
	var all []*run.GoogleCloudRunV2Service
	err = client.Projects.Locations.Services.List(r.location()).PageSize(100).Pages(ctx, func(page *run.GoogleCloudRunV2ListServicesResponse) error {
		all = append(all, page.Services...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the services: %w", err)
	}
	r.state.Services = byID(all, func(s *run.GoogleCloudRunV2Service) string { return s.Name })
	return nil
}

func readInvokers(ctx context.Context, r *reader) error {
	client, err := run.NewService(ctx, r.options(runAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Cloud Run: %w", err)
	}
	return each(ctx, r.Table.Services, func(ctx context.Context, s spec.Service) error {
		policy, err := client.Projects.Locations.Services.GetIamPolicy(r.location() + "/services/" + s.Name).OptionsRequestedPolicyVersion(3).Context(ctx).Do()
		return r.policy(spec.OnService, s.Name, policy, err)
	})
}

func readQueues(ctx context.Context, r *reader) error {
	client, err := cloudtasks.NewService(ctx, r.options(tasksAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Cloud Tasks: %w", err)
	}
	var all []*cloudtasks.Queue
	err = client.Projects.Locations.Queues.List(r.location()).Pages(ctx, func(page *cloudtasks.ListQueuesResponse) error {
		all = append(all, page.Queues...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the queues: %w", err)
	}
	r.state.Queues = byID(all, func(q *cloudtasks.Queue) string { return q.Name })
	return nil
}

func readQueuePolicies(ctx context.Context, r *reader) error {
	client, err := cloudtasks.NewService(ctx, r.options(tasksAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Cloud Tasks: %w", err)
	}
	return each(ctx, r.Table.Queues, func(ctx context.Context, q spec.Queue) error {
		request := &cloudtasks.GetIamPolicyRequest{Options: &cloudtasks.GetPolicyOptions{RequestedPolicyVersion: 3}}
		policy, err := client.Projects.Locations.Queues.GetIamPolicy(r.Table.QueueName(r.Project, q.ID), request).Context(ctx).Do()
		return r.policy(spec.OnQueue, q.ID, policy, err)
	})
}

func readJobs(ctx context.Context, r *reader) error {
	client, err := cloudscheduler.NewService(ctx, r.options(schedulerAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Cloud Scheduler: %w", err)
	}
	var all []*cloudscheduler.Job
	err = client.Projects.Locations.Jobs.List(r.location()).Pages(ctx, func(page *cloudscheduler.ListJobsResponse) error {
		all = append(all, page.Jobs...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the scheduler jobs: %w", err)
	}
	r.state.Jobs = byID(all, func(j *cloudscheduler.Job) string { return j.Name })
	return nil
}

func readTriggers(ctx context.Context, r *reader) error {
	client, err := eventarc.NewService(ctx, r.options(eventarcAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Eventarc: %w", err)
	}
	var all []*eventarc.Trigger
	err = client.Projects.Locations.Triggers.List(r.location()).Pages(ctx, func(page *eventarc.ListTriggersResponse) error {
		all = append(all, page.Triggers...)
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the triggers: %w", err)
	}
	r.state.Triggers = byID(all, func(t *eventarc.Trigger) string { return t.Name })
	return nil
}

// readSecrets lists the secrets' versions. It does not read their values.
func readSecrets(ctx context.Context, r *reader) error {
	client, err := secretmanager.NewService(ctx, r.options(secretsAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Secret Manager: %w", err)
	}
	all := map[string][]*secretmanager.SecretVersion{}
	for _, s := range r.Table.Secrets {
		versions := []*secretmanager.SecretVersion{}
		err := client.Projects.Secrets.Versions.List(r.parent()+"/secrets/"+s.ID).Pages(ctx, func(page *secretmanager.ListSecretVersionsResponse) error {
			versions = append(versions, page.Versions...)
			return nil
		})
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("list the versions of secret %s: %w", s.ID, err)
		}
		all[s.ID] = versions
	}
	r.state.Secrets = all
	return nil
}

func readSecretPolicies(ctx context.Context, r *reader) error {
	client, err := secretmanager.NewService(ctx, r.options(secretsAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Secret Manager: %w", err)
	}
	return each(ctx, r.Table.Secrets, func(ctx context.Context, s spec.Secret) error {
		policy, err := client.Projects.Secrets.GetIamPolicy(r.parent() + "/secrets/" + s.ID).OptionsRequestedPolicyVersion(3).Context(ctx).Do()
		return r.policy(spec.OnSecret, s.ID, policy, err)
	})
}
