package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/refresh"
)

// screen shows a developer what goes on: what dev itself says, and, once the first refresh is done, a line for every later
// one. It is a slog handler of the services' log, of which it shows little; the file has all of it.
type screen struct {
	out   io.Writer
	quiet bool

	mu        sync.Mutex
	following bool
}

// say prints a line with the time.
func (s *screen) say(format string, args ...any) {
	if s.quiet {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "%s  %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

// follow shows refreshes from now on.
func (s *screen) follow() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.following = true
}

// Enabled shows nothing below a warning but the runs.
func (s *screen) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle shows a run as one line.
func (s *screen) Handle(_ context.Context, r slog.Record) error {
	s.mu.Lock()
	following := s.following
	s.mu.Unlock()
	var school, semester, outcome, reason string
	var lectures int64
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "school":
			school = a.Value.String()
		case "semester":
			semester = a.Value.String()
		case "outcome":
			outcome = a.Value.String()
		case "reason":
			reason = a.Value.String()
		case "lectures":
			lectures = a.Value.Int64()
		}
		return true
	})
	if following && outcome != "" && outcome != string(refresh.Superseded) {
		s.say("%s %s %s", school, semester, summary(refresh.Run{Outcome: refresh.Outcome(outcome), Reason: reason, Lectures: int(lectures)}))
	}
	return nil
}

// WithAttrs and WithGroup keep the screen: it reads the record's own attributes only.
func (s *screen) WithAttrs([]slog.Attr) slog.Handler { return s }

// WithGroup is like WithAttrs.
func (s *screen) WithGroup(string) slog.Handler { return s }

// summary is a run in half a line.
func summary(r refresh.Run) string {
	if r.Reason != "" {
		return string(r.Outcome) + ": " + shorten(r.Reason)
	}
	return fmt.Sprintf("%s, %s lectures", r.Outcome, table.Count(r.Lectures))
}

// tee is a slog handler that hands each record to two.
type tee [2]slog.Handler

func (t tee) Enabled(ctx context.Context, level slog.Level) bool {
	return t[0].Enabled(ctx, level) || t[1].Enabled(ctx, level)
}

func (t tee) Handle(ctx context.Context, r slog.Record) error {
	return errors.Join(t[0].Handle(ctx, r.Clone()), t[1].Handle(ctx, r.Clone()))
}

func (t tee) WithAttrs(attrs []slog.Attr) slog.Handler {
	return tee{t[0].WithAttrs(attrs), t[1].WithAttrs(attrs)}
}

func (t tee) WithGroup(name string) slog.Handler {
	return tee{t[0].WithGroup(name), t[1].WithGroup(name)}
}
