package refresh

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/grpc/status"
)

const (
	// fetchTimeout is how long the course service may take for one list, slow school included.
	fetchTimeout = 3 * time.Minute
	// storeTimeout is how long the stores may take to take a list, and to clean up.
	storeTimeout = 45 * time.Second
	// runTimeout is how long one refresh may take as a whole.
	runTimeout = 5 * time.Minute
	// runsKept is how long the record of a run is kept.
	runsKept = 30 * 24 * time.Hour
)

// Refresh does one task. The run says how it went; the error is nil when trying again cannot help, whatever the outcome.
//
// It may be killed at any point, run twice, late, or beside itself: see [Service.publish] and [Service.clean].
func (s *Service) Refresh(ctx context.Context, task Task) (*Run, error) {
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	// Firestore keeps microseconds; what is compared with it later must not be finer.
	run := &Run{Slot: task.Slot.UTC().Truncate(time.Microsecond), Started: s.now()}
	sch, sem, err := s.schools.Find(task.School, task.Semester)
	if err != nil {
		run.Outcome, run.Reason, run.Ended = Refused, err.Error(), s.now()
		return run, nil
	}
	t := target{sch, sem, documentsOf(s.firestore, sch.ID, sem.ID)}
	record, err := ReadRecord(ctx, s.firestore, sch.ID, sem.ID)
	if err != nil {
		return run, s.unfinished(run, err)
	}
	if !run.Slot.After(record.Slot) {
		run.Outcome, run.Reason, run.Ended = Superseded, "a run for this slot or a later one is done", s.now()
		return run, nil
	}
	if err := s.refresh(ctx, t, task.Accept, &record, run); err != nil {
		return run, s.unfinished(run, err)
	}
	// The list is published; what the clean-up leaves, the next run takes.
	cleanCtx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := s.clean(cleanCtx, t); err != nil {
		s.log.WarnContext(ctx, "clean-up left to the next run", "school", sch.ID, "semester", sem.ID, "error", err.Error())
	}
	if run.Retry {
		return run, fmt.Errorf("refresh %s %s: %s", sch.ID, sem.ID, run.Reason)
	}
	return run, nil
}

// refresh fetches the list and publishes or records it. The error says that the outcome could not be written down.
func (s *Service) refresh(ctx context.Context, t target, accept bool, record *Record, run *Run) error {
	fetchedAt := s.now()
	lectures, report, err := s.fetch(ctx, t.school, t.semester)
	run.Report = report
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err != nil {
		run.Outcome, run.Reason, run.Retry = Failed, reason(err), retryable(err)
		return s.record(ctx, t, run)
	}
	body, err := encode(lectures)
	if err != nil {
		run.Outcome, run.Reason = Failed, "the list cannot be published: "+err.Error()
		return s.record(ctx, t, run)
	}
	run.Lectures, run.RawBytes, run.StoredBytes = body.lectures, body.raw, int64(len(body.stored))
	l := list{body, body.name(t.school.ID, t.semester.ID), fetchedAt, accept}
	fresh := len(record.Published) == 0 || record.Published[0].Hash != body.hash
	// A new list is stored before the transaction that would only find it missing.
	if fresh && (accept || suspicion(record, l, t.school.Loss()) == "") {
		if err := s.upload(ctx, l.name, body); err != nil {
			return err
		}
	}
	return s.publish(ctx, t, l, run)
}

// unfinished completes a run whose outcome could not be recorded, because a store is unavailable: it is worth another try.
func (s *Service) unfinished(run *Run, err error) error {
	run.Outcome, run.Reason, run.Retry, run.Ended = Failed, reason(err), true, s.now()
	return err
}

// reason is what an operator reads: the innermost sentence of a gRPC error, or the error, cut to what fits on a screen.
func reason(err error) string {
	text := err.Error()
	var coded interface{ GRPCStatus() *status.Status }
	if errors.As(err, &coded) {
		text = coded.GRPCStatus().Code().String() + ": " + coded.GRPCStatus().Message()
	}
	const most = 1000
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return text
}

// report logs one line a run, with its counts.
func (s *Service) report(ctx context.Context, task Task, run *Run) {
	level := slog.LevelInfo
	switch run.Outcome {
	case Failed:
		level = slog.LevelError
	case Suspicious, Refused:
		level = slog.LevelWarn
	}
	s.log.LogAttrs(ctx, level, "refresh "+string(run.Outcome),
		slog.String("school", task.School), slog.String("semester", string(task.Semester)),
		slog.Time("slot", run.Slot), slog.String("outcome", string(run.Outcome)), slog.String("reason", run.Reason),
		slog.Int("rows", run.Report.Rows), slog.Int("lectures", run.Lectures),
		slog.Int("merged", run.Report.Merged), slog.Int("skipped", run.Report.Skipped),
		slog.Int64("sourceBytes", run.Report.Bytes), slog.Int64("rawBytes", run.RawBytes), slog.Int64("storedBytes", run.StoredBytes),
		slog.String("url", run.URL), slog.Bool("retry", run.Retry), slog.Int64("milliseconds", run.Ended.Sub(run.Started).Milliseconds()))
}
