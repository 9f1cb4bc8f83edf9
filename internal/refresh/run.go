package refresh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/logline"
)

const (
	// fetchTimeout bounds reading one list from the course service, which waits for a slow school.
	fetchTimeout = 3 * time.Minute
	// storeTimeout bounds storing a list in Cloud Storage and Firestore, and, separately, the clean-up.
	storeTimeout = 45 * time.Second
	// RunTimeout bounds one refresh as a whole.
	RunTimeout = 5 * time.Minute
	// runRetention is how long a run's document is kept.
	runRetention = 30 * 24 * time.Hour
)

// Refresh runs one task and returns what came of it. The error is nil if a retry cannot help, whatever
// the outcome.
//
// It may be killed at any point and may run twice, late or concurrently: see [Service.publish] and
// [Service.clean].
func (s *Service) Refresh(ctx context.Context, task Task) (*Run, error) {
	ctx, cancel := context.WithTimeout(ctx, RunTimeout)
	defer cancel()
	// Firestore stores microseconds. The slot is compared with stored ones, so it must not be finer.
	run := &Run{Slot: task.Slot.UTC().Truncate(time.Microsecond), Started: s.now()}
	sch, sem, err := s.schools.Find(task.School, task.Semester)
	if err != nil {
		run.Outcome, run.Reason, run.Ended = Refused, err.Error(), s.now()
		return run, nil
	}
	t := target{sch, sem, documentsOf(s.firestore, sch.ID, sem.ID)}
	record, err := ReadRecord(ctx, s.firestore, sch.ID, sem.ID)
	if err != nil {
		return run, s.failUnrecorded(ctx, task, run, err)
	}
	unnotified := s.notify(ctx, t, record.Notify)
	if unnotified != nil { // which is no reason to keep a newer list from students
		s.log.WarnContext(ctx, "leaving the notifications to the next run", "school", sch.ID, "semester", sem.ID, "error", unnotified.Error())
	}
	if !run.Slot.After(record.Slot) {
		if unnotified != nil {
			return run, s.failUnrecorded(ctx, task, run, unnotified)
		}
		run.Outcome, run.Reason, run.Ended = Superseded, "a run for this slot or a later one has finished", s.now()
		return run, nil
	}
	until, err := s.notBefore(ctx, sch.ID)
	if err != nil {
		return run, s.failUnrecorded(ctx, task, run, err)
	}
	if until.After(s.now()) {
		run.Outcome, run.Reason = Failed, "the school asked to be left alone"
	} else if until, err = s.refresh(ctx, t, task.Accept, &record, run); err != nil {
		return run, s.failUnrecorded(ctx, task, run, err)
	}
	if until.After(s.now()) {
		if err := s.postpone(ctx, t, task, run, until); err != nil {
			return run, s.failUnrecorded(ctx, task, run, err)
		}
		return run, nil
	}
	// The list is published. The next run repeats a failed clean-up.
	cleanCtx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := s.clean(cleanCtx, t); err != nil {
		s.log.WarnContext(ctx, "leaving the clean-up to the next run", "school", sch.ID, "semester", sem.ID, "error", err.Error())
	}
	if run.Retry {
		return run, fmt.Errorf("refresh %s %s: %s", sch.ID, sem.ID, run.Reason)
	}
	return run, nil
}

// refresh fetches the list, then publishes it or records why not. An error means that the outcome
// could not be recorded. If the school asked to be left alone until a later time, refresh returns that
// time and leaves recording the run to the caller.
func (s *Service) refresh(ctx context.Context, t target, accept bool, record *Record, run *Run) (until time.Time, err error) {
	fetchedAt := s.now()
	lectures, report, err := s.fetch(ctx, t.school, t.semester)
	run.Report = report
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err != nil {
		run.Outcome, run.Reason = Failed, reason(err)
		if delay, ok := retryDelay(err); ok && delay > 0 {
			until := s.now().Add(delay).Truncate(time.Second).Add(time.Second)
			return until, s.keepAway(ctx, t.school.ID, until)
		}
		run.Retry = retryable(err)
		return time.Time{}, s.record(ctx, t, run)
	}
	body, err := encode(lectures)
	if err != nil {
		run.Outcome, run.Reason = Failed, "the list cannot be published: "+err.Error()
		return time.Time{}, s.record(ctx, t, run)
	}
	run.Lectures, run.RawBytes, run.StoredBytes = body.lectures, int64(len(body.body)), int64(len(body.stored))
	l := list{body, body.name(t.school.ID, t.semester.ID), fetchedAt, accept}
	return time.Time{}, s.publish(ctx, t, l, record, run)
}

// failUnrecorded completes a run whose outcome could not be recorded because Firestore or Cloud
// Storage failed. Such a run is always retried. Only this instance counts it.
func (s *Service) failUnrecorded(ctx context.Context, task Task, run *Run, err error) error {
	run.Outcome, run.Reason, run.Retry, run.Ended = Failed, reason(err), true, s.now()
	if s.unrecorded.Add(task.School+"/"+string(task.Semester), run.Ended) {
		limit := s.unrecorded.Limit()
		s.log.ErrorContext(ctx, logline.RefreshKeepsFailing, logline.FieldSchool, task.School, logline.FieldSemester, string(task.Semester),
			"runs", limit.Events, "within", limit.Within.String(), "reason", run.Reason)
	}
	return err
}

// reason returns the text of err for operators: code and message if it wraps a gRPC status, cut to
// what fits on a screen.
func reason(err error) string {
	text := err.Error()
	var coded interface{ GRPCStatus() *status.Status }
	if errors.As(err, &coded) {
		text = coded.GRPCStatus().Code().String() + ": " + coded.GRPCStatus().Message()
	}
	const maxRunes = 1000
	if runes := []rune(text); len(runes) > maxRunes {
		text = string(runes[:maxRunes]) + "…"
	}
	return text
}

// report logs a run in one line.
func (s *Service) report(ctx context.Context, task Task, run *Run) {
	level := slog.LevelInfo
	switch run.Outcome {
	case Failed:
		level = slog.LevelError
	case Suspicious, Refused:
		level = slog.LevelWarn
	}
	s.log.LogAttrs(ctx, level, "refresh "+string(run.Outcome),
		slog.String(logline.FieldSchool, task.School), slog.String(logline.FieldSemester, string(task.Semester)),
		slog.Time("slot", run.Slot), slog.String("outcome", string(run.Outcome)), slog.String(logline.FieldReason, run.Reason),
		slog.Int("rows", run.Report.Rows), slog.Int("lectures", run.Lectures),
		slog.Int("merged", run.Report.Merged), slog.Int("skipped", run.Report.Skipped),
		slog.Int64("sourceBytes", run.Report.Bytes), slog.Int64("rawBytes", run.RawBytes), slog.Int64("storedBytes", run.StoredBytes),
		slog.String("url", run.URL), slog.Bool("retry", run.Retry), slog.Int64("milliseconds", run.Ended.Sub(run.Started).Milliseconds()))
}
