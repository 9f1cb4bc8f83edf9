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

// Settings of the service that are not clients.
type Settings struct {
	// Bucket that the lists are stored in.
	Bucket string
	// Schools whose lists are kept fresh.
	Schools *school.File
}

// Dependencies are what the service works with; all but Now are required.
type Dependencies struct {
	Settings  Settings
	Firestore *firestore.Client
	Storage   *storage.Client
	Queue     *Queue
	Courses   lecturespb.LecturesClient
	Log       *slog.Logger
	// Now tells the time; time.Now when nil.
	Now func() time.Time
}

// Service refreshes course lists. It is safe for concurrent use and keeps nothing between requests.
type Service struct {
	settings  Settings
	schools   *school.File
	firestore *firestore.Client
	bucket    *storage.BucketHandle
	queue     *Queue
	courses   lecturespb.LecturesClient
	log       *slog.Logger
	now       func() time.Time
}

// New refuses missing dependencies by name.
func New(d Dependencies) (*Service, error) {
	switch {
	case d.Settings.Bucket == "":
		return nil, errors.New("refresh service needs the name of a bucket")
	case d.Settings.Schools == nil:
		return nil, errors.New("refresh service needs a school file")
	case d.Firestore == nil:
		return nil, errors.New("refresh service needs a Firestore client")
	case d.Storage == nil:
		return nil, errors.New("refresh service needs a Cloud Storage client")
	case d.Courses == nil:
		return nil, errors.New("refresh service needs a client of the course service")
	case d.Log == nil:
		return nil, errors.New("refresh service needs a logger")
	}
	if err := d.Queue.validate(); err != nil {
		return nil, err
	}
	now := d.Now
	if now == nil {
		now = time.Now
	}
	return &Service{
		settings: d.Settings, schools: d.Settings.Schools, firestore: d.Firestore,
		// Cloud Tasks tries again later, with the instance asleep; the client would try for as long as it may, paid for.
		bucket: d.Storage.Bucket(d.Settings.Bucket).Retryer(storage.WithMaxAttempts(4), storage.WithBackoff(gax.Backoff{Initial: 250 * time.Millisecond, Max: 2 * time.Second})),
		queue:  d.Queue, courses: d.Courses, log: d.Log,
		// Firestore keeps microseconds, in UTC; so does everything that is compared with what it gives back.
		now: func() time.Time { return now().UTC().Truncate(time.Microsecond) },
	}, nil
}
