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
	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/rules"
	"heek.kr/heektime/internal/refresh"
)

// screen prints dev's progress and, after the first refreshes, one line for each later refresh for
// rejected web pages, whose developer sees no reason in the browser, and for mistakes in rules. It is a slog handler: it picks
// these out of the log, which goes to a file in full.
type screen struct {
	out   io.Writer
	quiet bool

	mu            sync.Mutex
	showRefreshes bool
}

// printf prints a line with the time.
func (s *screen) printf(format string, args ...any) {
	if s.quiet {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "%s  %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}

// startShowingRefreshes shows refreshes from now on.
func (s *screen) startShowingRefreshes() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.showRefreshes = true
}

// Enabled accepts the level at which refreshes are logged.
func (s *screen) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// Handle prints a record that describes a finished refresh, a rejected page or a mistake in rules, and ignores all others.
func (s *screen) Handle(_ context.Context, r slog.Record) error {
	s.mu.Lock()
	show := s.showRefreshes
	s.mu.Unlock()
	if r.Message == emulator.RejectedPage {
		s.printAttribute(r, "reason", "%s: %s (environment variable ALLOWED_ORIGINS)")
		return nil
	}
	if r.Message == rules.Warning && r.Level >= slog.LevelWarn {
		s.printAttribute(r, "issue", "%s: %s")
		return nil
	}
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
	if show && outcome != "" && outcome != string(refresh.Superseded) {
		s.printf("%s %s %s", school, semester, summary(refresh.Run{Outcome: refresh.Outcome(outcome), Reason: reason, Lectures: int(lectures)}))
	}
	return nil
}

// printAttribute prints the message and an attribute of a record.
func (s *screen) printAttribute(r slog.Record, key, format string) {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == key {
			s.printf(format, r.Message, a.Value)
		}
		return true
	})
}

// WithAttrs returns s: Handle reads only the attributes of the record itself.
func (s *screen) WithAttrs([]slog.Attr) slog.Handler { return s }

// WithGroup returns s, as WithAttrs does.
func (s *screen) WithGroup(string) slog.Handler { return s }

// summary describes a refresh briefly.
func summary(r refresh.Run) string {
	if r.Reason != "" {
		return string(r.Outcome) + ": " + shorten(r.Reason)
	}
	return fmt.Sprintf("%s, %s lectures", r.Outcome, table.Count(r.Lectures))
}

// tee is a slog handler that passes each record to two others.
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
