// Package refresh keeps the published course lists fresh.
//
//	Cloud Scheduler ─POST /schedule─▶ Due ─▶ Cloud Tasks ─POST /refresh─▶ Refresh ─gRPC─▶ the course service
//	                                                                        ├─▶ Cloud Storage: the list, under its content's hash
//	                                                                        └─▶ Firestore: semester.lecturesUrl, the run's record
//
// Nothing replaces a published list but a complete, checked, different one; every step may be done twice, late, beside
// itself, or die half-way.
package refresh

import (
	"errors"
	"log/slog"
	"time"

	"cloud.google.com/go/firestore"
	"cloud.google.com/go/storage"
	"github.com/googleapis/gax-go/v2"

	"heek.kr/heektime/internal/lecturespb"
	"heek.kr/heektime/internal/school"
)

// Config is what the service works with. All but Now are required.
type Config struct {
	Firestore *firestore.Client
	Storage   *storage.Client
	Queue     *Queue
	Courses   lecturespb.LecturesClient
	// Bucket that the lists are stored in.
	Bucket string
	// Schools whose lists are kept fresh.
	Schools *school.File
	Log     *slog.Logger
	// Now returns the time; nil means time.Now.
	Now func() time.Time
}

// Service refreshes course lists. It is safe for concurrent use and keeps nothing between requests.
type Service struct {
	schools    *school.File
	firestore  *firestore.Client
	bucketName string
	bucket     *storage.BucketHandle
	queue      *Queue
	courses    lecturespb.LecturesClient
	log        *slog.Logger
	now        func() time.Time
}

// New returns an error that names what the config lacks.
func New(cfg Config) (*Service, error) {
	switch {
	case cfg.Bucket == "":
		return nil, errors.New("refresh service needs the name of a bucket")
	case cfg.Schools == nil:
		return nil, errors.New("refresh service needs a school file")
	case cfg.Firestore == nil:
		return nil, errors.New("refresh service needs a Firestore client")
	case cfg.Storage == nil:
		return nil, errors.New("refresh service needs a Cloud Storage client")
	case cfg.Courses == nil:
		return nil, errors.New("refresh service needs a client of the course service")
	case cfg.Log == nil:
		return nil, errors.New("refresh service needs a logger")
	}
	if err := cfg.Queue.validate(); err != nil {
		return nil, err
	}
	now := cfg.Now
	if now == nil {
		now = time.Now
	}
	return &Service{
		schools: cfg.Schools, firestore: cfg.Firestore,
		bucketName: cfg.Bucket, bucket: cfg.Storage.Bucket(cfg.Bucket).Retryer(retries()...),
		queue: cfg.Queue, courses: cfg.Courses, log: cfg.Log,
		// Firestore stores microseconds, in UTC. Everything that is compared with what it returns has
		// the same precision.
		now: func() time.Time { return now().UTC().Truncate(time.Microsecond) },
	}, nil
}

// retries are few: Cloud Tasks retries later, while the instance sleeps. The storage client by itself
// would keep retrying in an instance that is paid for.
func retries() []storage.RetryOption {
	return []storage.RetryOption{
		storage.WithMaxAttempts(4), storage.WithBackoff(gax.Backoff{Initial: 250 * time.Millisecond, Max: 2 * time.Second}),
	}
}
