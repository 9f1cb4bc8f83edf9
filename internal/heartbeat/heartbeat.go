// Package heartbeat lets the two frequent jobs watch each other: /schedule reports that the purge does not
// succeed, and the purge reports that /schedule does not. So an alert that matches a line notices when
// one of them stops, and no condition has to watch for the absence of lines, which has a price; see
// docs/alerts.md. When both are silent, only the condition of the alert nothing-runs notices.
//
// Each job records that it ran in the document that /schedule reads anyway. /schedule does so every half
// an hour, and only then checks the purge: together they bill 72 writes and 24 reads a day.
package heartbeat

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/firestore"

	"heek.kr/heektime/internal/schema"
)

// Job is a job that records its runs.
type Job struct {
	// Name is the key of its heartbeat.
	Name string
	// Every is how old a recorded run is before a run is recorded again.
	Every time.Duration
	// Pause is the age of the recorded run from which on the job has paused, instead of running each time.
	Pause time.Duration
	// Limit is the age at which the recorded success is too old.
	Limit time.Duration
}

var (
	// Schedule runs every five minutes. It is late after half an hour without a success. The recorded
	// success may be older than the last by Every and an interval.
	Schedule = Job{Name: "schedule", Every: 30 * time.Minute, Pause: (30 + 30 + 5) * time.Minute, Limit: (30 + 30 + 5) * time.Minute}
	// Purge runs every hour. It has paused if it missed an hour, and is late after three.
	Purge = Job{Name: "purge", Pause: 110 * time.Minute, Limit: 3 * time.Hour}
)

// Next returns the job's heartbeat after a run that ends now, and whether it is due to be recorded. beats
// are the recorded heartbeats.
func (j Job) Next(beats map[string]schema.Heartbeat, now time.Time, succeeded bool) (next schema.Heartbeat, due bool) {
	next, known := beats[j.Name]
	// A time in the future is from a clock that was ahead.
	old := func(at time.Time, limit time.Duration) bool { return at.After(now) || now.Sub(at) >= limit }
	due = !known || old(next.Ran, j.Every) || succeeded && old(next.Succeeded, j.Every)
	if !known || old(next.Ran, j.Pause) {
		next.Since = now
	}
	next.Ran = now
	if succeeded {
		next.Succeeded = now
	}
	return next, due
}

// Late reports whether the job is late, and when it last succeeded, in the view of another job that has
// run since a time without a long pause. Whoever watches gives the job as much time as it has watched:
// in a new project, or after everything was paused, no job is late.
func (j Job) Late(beats map[string]schema.Heartbeat, watchedSince, now time.Time) (last time.Time, late bool) {
	last = beats[j.Name].Succeeded
	from := last
	if watchedSince.After(from) {
		from = watchedSince
	}
	return last, now.Sub(from) >= j.Limit
}

// Fields returns the fields to merge into the schedule's document to record a heartbeat of the job.
func (j Job) Fields(beat schema.Heartbeat) map[string]any {
	return map[string]any{schema.FieldJobs: map[string]any{j.Name: beat}}
}

// Record records a run of the job that ends now, and reports whether the other job is late, and when that
// last succeeded. Billed: 1 read, and 1 write if the heartbeat is due.
func (j Job) Record(ctx context.Context, client *firestore.Client, other Job, now time.Time, succeeded bool) (last time.Time, late bool, err error) {
	var stored schema.Schedule
	ref := schema.ScheduleRef(client)
	if _, err := schema.Read(ctx, ref, &stored); err != nil {
		return time.Time{}, false, err
	}
	next, due := j.Next(stored.Jobs, now, succeeded)
	if due {
		if _, err := ref.Set(ctx, j.Fields(next), firestore.MergeAll); err != nil {
			return time.Time{}, false, fmt.Errorf("record that %s ran: %w", j.Name, err)
		}
	}
	last, late = other.Late(stored.Jobs, next.Since, now)
	return last, late, nil
}
