// Package refresh keeps the published course lists fresh.
//
//	Cloud Scheduler ─POST /schedule─▶ Due ─▶ Cloud Tasks ─POST /refresh─▶ Refresh ─gRPC─▶ the course service
//	                                                                        ├─▶ Cloud Storage: the list, named by its hash
//	                                                                        ├─▶ Firestore: semester.lecturesUrl and the run
//	                                                                        └─▶ Cloud Tasks: notify students of what changed
//
// A published list is only ever replaced by a complete, validated, different one. Every step may run
// twice, late or concurrently with itself, and may be killed halfway.
package refresh

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"
	"github.com/googleapis/gax-go/v2"

	"heek.kr/heektime/internal/burst"
	"heek.kr/heektime/internal/lecturespb"
	"heek.kr/heektime/internal/liststore"
	"heek.kr/heektime/internal/school"
	"heek.kr/heektime/internal/taskqueue"
)

// Config holds the service's dependencies. All fields but Now are required.
type Config struct {
	Firestore *firestore.Client
	Storage   *storage.Client
	Queue     *Queue
	// Push is the queue of the push service.
	Push    *taskqueue.Queue
	Courses lecturespb.LecturesClient
	// Bucket is the name of the bucket that stores the lists.
	Bucket string
	// Schools are the schools whose lists are kept fresh.
	Schools *school.File
	Log     *slog.Logger
	// Now returns the time; nil means time.Now.
	Now func() time.Time
}

// Service refreshes course lists. It is safe for concurrent use. The state that it holds between requests is a
// count for an alert, and which tasks it has enqueued, which only saves repeating that.
type Service struct {
	schools    *school.File
	firestore  *firestore.Client
	bucketName string
	bucket     *storage.BucketHandle
	read       liststore.Read // of the bucket
	queue      *Queue
	push       *taskqueue.Queue
	notified   sync.Map // when the last task of each semester's notifications runs, by document
	courses    lecturespb.LecturesClient
	unrecorded *burst.Detector // failed runs of each list that Firestore has no record of
	log        *slog.Logger
	now        func() time.Time
}

// New returns a service, or an error naming the field that cfg lacks.
func New(cfg Config) (*Service, error) {
	switch {
	case cfg.Bucket == "":
		return nil, errors.New("refresh service needs a bucket name")
	case cfg.Schools == nil:
		return nil, errors.New("refresh service needs a school file")
	case cfg.Firestore == nil:
		return nil, errors.New("refresh service needs a Firestore client")
	case cfg.Storage == nil:
		return nil, errors.New("refresh service needs a Cloud Storage client")
	case cfg.Courses == nil:
		return nil, errors.New("refresh service needs a course service client")
	case cfg.Log == nil:
		return nil, errors.New("refresh service needs a logger")
	}
	if err := cfg.Queue.validate(); err != nil {
		return nil, err
	}
	if err := cfg.Push.Validate(); err != nil {
		return nil, fmt.Errorf("notifications: %w", err)
	}
	now := cfg.Now
	if now == nil {
		now = time.Now
	}
	bucket := cfg.Storage.Bucket(cfg.Bucket).Retryer(storageRetries()...)
	return &Service{
		schools: cfg.Schools, firestore: cfg.Firestore, bucketName: cfg.Bucket, bucket: bucket, read: liststore.From(bucket),
		queue: cfg.Queue, push: cfg.Push, courses: cfg.Courses, log: cfg.Log,
		unrecorded: burst.New(burst.Limit{Events: failingRuns, Within: 2 * failingFor, Quiet: failingAgain}),
		// Firestore stores UTC timestamps in microseconds. Times compared with stored ones need the
		// same precision.
		now: func() time.Time { return now().UTC().Truncate(time.Microsecond) },
	}, nil
}

// storageRetries keeps retries few: Cloud Tasks retries later, at no cost while no instance runs. By
// default the storage client would keep retrying inside a billed instance.
func storageRetries() []storage.RetryOption {
	return []storage.RetryOption{
		storage.WithMaxAttempts(4), storage.WithBackoff(gax.Backoff{Initial: 250 * time.Millisecond, Max: 2 * time.Second}),
	}
}
