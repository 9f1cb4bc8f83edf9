package tasks

import (
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Defaults and limits of queues.
// https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2#ratelimits
const (
	defaultPerSecond   = 500
	maxPerSecond       = 500
	defaultConcurrent  = 1000
	maxConcurrent      = 5000
	defaultMaxAttempts = 100
	defaultMinBackoff  = 100 * time.Millisecond
	defaultMaxBackoff  = time.Hour
	defaultDoublings   = 16
)

// normalizeQueue checks a queue and returns a copy with defaults filled in. Output-only fields are copied
// from old, which is nil for a new queue.
func normalizeQueue(given, old *cloudtaskspb.Queue) (*cloudtaskspb.Queue, error) {
	switch {
	case given.HttpTarget != nil:
		return nil, unimplemented("a queue's http_target")
	case given.AppEngineRoutingOverride != nil:
		return nil, unimplemented("a queue's app_engine_routing_override")
	}
	rates, err := normalizeRateLimits(given.RateLimits)
	if err != nil {
		return nil, err
	}
	retry, err := normalizeRetry(given.RetryConfig, nil)
	if err != nil {
		return nil, err
	}
	q := &cloudtaskspb.Queue{
		Name:                     given.Name,
		RateLimits:               rates,
		RetryConfig:              retry,
		StackdriverLoggingConfig: given.StackdriverLoggingConfig,
		State:                    cloudtaskspb.Queue_RUNNING,
	}
	if old != nil {
		q.State, q.PurgeTime = old.State, old.PurgeTime
	}
	return q, nil
}

// normalizeRateLimits checks rate limits and returns them with defaults filled in.
func normalizeRateLimits(given *cloudtaskspb.RateLimits) (*cloudtaskspb.RateLimits, error) {
	perSecond, concurrent := given.GetMaxDispatchesPerSecond(), given.GetMaxConcurrentDispatches()
	if perSecond == 0 {
		perSecond = defaultPerSecond
	}
	if concurrent == 0 {
		concurrent = defaultConcurrent
	}
	switch {
	case !(perSecond > 0 && perSecond <= maxPerSecond): // rejects NaN, too
		return nil, invalid("Queue.rate_limits.max_dispatches_per_second is %v; it must be more than 0 and at most %d.", perSecond, maxPerSecond)
	case concurrent < 0 || concurrent > maxConcurrent:
		return nil, invalid("Queue.rate_limits.max_concurrent_dispatches is %d; it must be from 1 to %d.", concurrent, maxConcurrent)
	}
	return &cloudtaskspb.RateLimits{
		MaxDispatchesPerSecond:  perSecond,
		MaxBurstSize:            burst(perSecond),
		MaxConcurrentDispatches: concurrent,
	}, nil
}

// normalizeRetry checks a retry configuration and returns a copy with unset fields filled in from base. For
// a task, base is its queue's configuration; for a queue, base is nil, which means the defaults.
func normalizeRetry(given, base *cloudtaskspb.RetryConfig) (*cloudtaskspb.RetryConfig, error) {
	if base == nil {
		base = &cloudtaskspb.RetryConfig{
			MaxAttempts:  defaultMaxAttempts,
			MinBackoff:   durationpb.New(defaultMinBackoff),
			MaxBackoff:   durationpb.New(defaultMaxBackoff),
			MaxDoublings: defaultDoublings,
		}
	}
	retry := proto.CloneOf(base)
	if given.GetMaxAttempts() != 0 {
		retry.MaxAttempts = given.MaxAttempts
	}
	if given.GetMaxDoublings() != 0 {
		retry.MaxDoublings = given.MaxDoublings
	}
	if given.GetMinBackoff().AsDuration() != 0 { // zero makes no sense for a backoff, so treat it as unset
		retry.MinBackoff = given.MinBackoff
	}
	if given.GetMaxBackoff().AsDuration() != 0 {
		retry.MaxBackoff = given.MaxBackoff
	}
	if given.GetMaxRetryDuration() != nil {
		retry.MaxRetryDuration = given.MaxRetryDuration
	}
	for field, d := range map[string]*durationpb.Duration{
		"min_backoff": retry.MinBackoff, "max_backoff": retry.MaxBackoff, "max_retry_duration": retry.MaxRetryDuration,
	} {
		if d != nil && (d.CheckValid() != nil || d.AsDuration() < 0) {
			return nil, invalid("retry_config.%s must be a duration of 0 or more.", field)
		}
	}
	switch minimum, maximum := retry.MinBackoff.AsDuration(), retry.MaxBackoff.AsDuration(); {
	case retry.MaxAttempts < -1:
		return nil, invalid("retry_config.max_attempts is %d; it must be -1 (unlimited) or more.", retry.MaxAttempts)
	case retry.MaxDoublings < 0:
		return nil, invalid("retry_config.max_doublings is %d; it must be 0 or more.", retry.MaxDoublings)
	case minimum > maximum:
		return nil, invalid("retry_config.min_backoff is %v; it must not exceed max_backoff, %v.", minimum, maximum)
	}
	return retry, nil
}
