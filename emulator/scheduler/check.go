package scheduler

import (
	"regexp"
	"strings"
	"time"

	"cloud.google.com/go/scheduler/apiv1/schedulerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"heek.kr/heektime/emulator/internal/dispatch"
)

// Defaults and limits of jobs.
// https://cloud.google.com/scheduler/docs/reference/rpc/google.cloud.scheduler.v1#job
const (
	userAgent         = "Google-Cloud-Scheduler"
	maxDescription    = 500 // characters
	maxJobSize        = 1 << 20
	minDeadline       = 15 * time.Second
	maxDeadline       = 30 * time.Minute
	defaultDeadline   = 3 * time.Minute
	maxRetryCount     = 5
	defaultMinBackoff = 5 * time.Second
	defaultMaxBackoff = time.Hour
	defaultDoublings  = 5
)

var (
	locationName = regexp.MustCompile(`^projects/[A-Za-z0-9:.-]+/locations/[A-Za-z0-9-]+$`)
	jobName      = regexp.MustCompile(`^projects/[A-Za-z0-9:.-]+/locations/[A-Za-z0-9-]+/jobs/[A-Za-z0-9_-]+$`)
)

// maxJobID is the length of the longest job ID. It is not in the expression, which every start would compile.
const maxJobID = 500

// invalid returns an INVALID_ARGUMENT error.
func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}

// unimplemented returns an UNIMPLEMENTED error for a feature that the local cloud lacks.
func unimplemented(feature string) error {
	return status.Errorf(codes.Unimplemented, "The local cloud does not support %s.", feature)
}

func checkName(name string) error {
	if !jobName.MatchString(name) || len(name[strings.LastIndexByte(name, '/')+1:]) > maxJobID {
		return invalid(`Job name must be formatted: "projects/<PROJECT_ID>/locations/<LOCATION_ID>/jobs/<JOB_ID>". Got %q.`, name)
	}
	return nil
}

// normalizeJob checks a job and returns a copy with defaults filled in and without output-only fields,
// together with its parsed schedule.
func normalizeJob(given *schedulerpb.Job) (*schedulerpb.Job, schedule, error) {
	when, err := parseSchedule(given.Schedule, given.TimeZone)
	if err != nil {
		return nil, when, invalid("Schedule or time zone is invalid. (%v)", err)
	}
	pb := &schedulerpb.Job{
		Name:        given.Name,
		Description: given.Description,
		Schedule:    given.Schedule,
		TimeZone:    given.TimeZone,
		State:       schedulerpb.Job_ENABLED,
	}
	if pb.TimeZone == "" {
		pb.TimeZone = "Etc/UTC"
	}
	if len([]rune(pb.Description)) > maxDescription {
		return nil, when, invalid("Job.description must not have more than %d characters.", maxDescription)
	}
	if size := proto.Size(given); size > maxJobSize {
		return nil, when, invalid("The job has %d bytes; the limit is %d.", size, maxJobSize)
	}
	target, err := normalizeTarget(given)
	if err != nil {
		return nil, when, err
	}
	pb.Target = &schedulerpb.Job_HttpTarget{HttpTarget: target}
	pb.AttemptDeadline = given.AttemptDeadline
	if d := pb.AttemptDeadline; d == nil {
		pb.AttemptDeadline = durationpb.New(defaultDeadline)
	} else if d.CheckValid() != nil || d.AsDuration() < minDeadline || d.AsDuration() > maxDeadline {
		return nil, when, invalid("Job.attempt_deadline must be between [%v, %v].", minDeadline, maxDeadline)
	}
	pb.RetryConfig, err = normalizeRetry(given.RetryConfig)
	return pb, when, err
}

// normalizeTarget checks a job's HTTP request and returns a copy with defaults filled in.
func normalizeTarget(given *schedulerpb.Job) (*schedulerpb.HttpTarget, error) {
	switch given.Target.(type) {
	case *schedulerpb.Job_PubsubTarget:
		return nil, unimplemented("Pub/Sub targets; use http_target")
	case *schedulerpb.Job_AppEngineHttpTarget:
		return nil, unimplemented("App Engine targets; use http_target")
	}
	if given.GetHttpTarget() == nil {
		return nil, invalid("Job.http_target is required.")
	}
	target := proto.CloneOf(given.GetHttpTarget())
	if err := dispatch.CheckURL(target.Uri); err != nil {
		return nil, invalid("HttpTarget.uri: %v", err)
	}
	if err := dispatch.CheckHeaders(target.Headers); err != nil {
		return nil, invalid("HttpTarget.headers: %v", err)
	}
	switch target.HttpMethod {
	case schedulerpb.HttpMethod_HTTP_METHOD_UNSPECIFIED:
		target.HttpMethod = schedulerpb.HttpMethod_POST
	case schedulerpb.HttpMethod_POST, schedulerpb.HttpMethod_PUT, schedulerpb.HttpMethod_PATCH:
	default:
		if _, known := schedulerpb.HttpMethod_name[int32(target.HttpMethod)]; !known {
			return nil, invalid("HttpTarget.http_method %d does not exist.", target.HttpMethod)
		}
		if len(target.Body) > 0 {
			return nil, invalid("HttpTarget.body is only allowed with POST, PUT or PATCH, not with %s.", target.HttpMethod)
		}
	}
	switch token := target.AuthorizationHeader.(type) {
	case *schedulerpb.HttpTarget_OauthToken:
		return nil, unimplemented("OAuth access tokens for targets; use oidc_token")
	case *schedulerpb.HttpTarget_OidcToken:
		if token.OidcToken.GetServiceAccountEmail() == "" {
			return nil, invalid("HttpTarget.oidc_token.service_account_email is required.")
		}
	}
	setHeader(target, "User-Agent", userAgent, true)
	if len(target.Body) > 0 {
		setHeader(target, "Content-Type", "application/octet-stream", false)
	}
	return target, nil
}

// setHeader sets a header of the target. A value from the caller stays unless replace is set.
func setHeader(target *schedulerpb.HttpTarget, name, value string, replace bool) {
	for given := range target.Headers {
		if !strings.EqualFold(given, name) {
			continue
		}
		if !replace {
			return
		}
		delete(target.Headers, given)
	}
	if target.Headers == nil {
		target.Headers = map[string]string{}
	}
	target.Headers[name] = value
}

// normalizeRetry checks a retry configuration and returns a copy with defaults filled in.
func normalizeRetry(given *schedulerpb.RetryConfig) (*schedulerpb.RetryConfig, error) {
	cfg := &schedulerpb.RetryConfig{
		RetryCount:         given.GetRetryCount(),
		MaxRetryDuration:   given.GetMaxRetryDuration(),
		MinBackoffDuration: given.GetMinBackoffDuration(),
		MaxBackoffDuration: given.GetMaxBackoffDuration(),
		MaxDoublings:       given.GetMaxDoublings(),
	}
	for field, d := range map[string]struct {
		value    **durationpb.Duration
		fallback time.Duration
	}{
		"max_retry_duration":   {&cfg.MaxRetryDuration, 0},
		"min_backoff_duration": {&cfg.MinBackoffDuration, defaultMinBackoff},
		"max_backoff_duration": {&cfg.MaxBackoffDuration, defaultMaxBackoff},
	} {
		if (*d.value).AsDuration() == 0 { // unset, or zero, which makes no sense for a backoff
			*d.value = durationpb.New(d.fallback)
		}
		if (*d.value).CheckValid() != nil || (*d.value).AsDuration() < 0 {
			return nil, invalid("retry_config.%s must be a duration of 0 or more.", field)
		}
	}
	if cfg.MaxDoublings == 0 {
		cfg.MaxDoublings = defaultDoublings
	}
	switch minimum, maximum := cfg.MinBackoffDuration.AsDuration(), cfg.MaxBackoffDuration.AsDuration(); {
	case cfg.RetryCount < 0 || cfg.RetryCount > maxRetryCount:
		return nil, invalid("retry_config.retry_count is %d; it must be from 0 to %d.", cfg.RetryCount, maxRetryCount)
	case cfg.MaxDoublings < 0:
		return nil, invalid("retry_config.max_doublings is %d; it must be 0 or more.", cfg.MaxDoublings)
	case minimum > maximum:
		return nil, invalid("retry_config.min_backoff_duration is %v; it must not exceed max_backoff_duration, %v.", minimum, maximum)
	}
	return cfg, nil
}
