package simulation

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"

	"heek.kr/heektime/cmd/heektime/internal/demo"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
)

type specService = spec.Service

func deployed() []spec.Service { return deployment.Table().Services }

func listen() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the university: %w", err)
	}
	return l, nil
}

// schoolFile returns the demo university's school file with one semester.
func schoolFile(schedule string) string {
	school, _, _ := strings.Cut(demo.SchoolFile(), "    semesters:\n")
	return school + fmt.Sprintf(`    semesters:
      - id: %q
        year: 2026
        term: 2학기
        status: normal
        schedule: %q
        timeZone: Asia/Seoul
`, semester, schedule)
}

// signUpReader signs up somebody who reads the list before the month.
func (p *player) signUpReader(ctx context.Context, s *student) error {
	s.email = "reader@user.heektime.heek.kr"
	return p.signUp(ctx, s)
}

// errorLog keeps the errors that services log: a month in which something fails says so.
type errorLog struct {
	mu    sync.Mutex
	first []string
	count int
}

// maxErrors is how many errors are kept.
const maxErrors = 5

func (l *errorLog) logger() *slog.Logger { return slog.New(errorHandler{l, nil}) }

func (l *errorLog) text() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count > len(l.first) {
		return append(l.first[:len(l.first):len(l.first)], fmt.Sprintf("and %d more", l.count-len(l.first)))
	}
	return l.first
}

// errorHandler passes errors to an errorLog.
type errorHandler struct {
	log   *errorLog
	attrs []slog.Attr
}

func (h errorHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelError
}

func (h errorHandler) Handle(_ context.Context, r slog.Record) error {
	text := []string{r.Message}
	add := func(a slog.Attr) bool { text = append(text, a.String()); return true }
	for _, a := range h.attrs {
		add(a)
	}
	r.Attrs(add)
	h.log.mu.Lock()
	defer h.log.mu.Unlock()
	if h.log.count++; len(h.log.first) < maxErrors {
		h.log.first = append(h.log.first, strings.Join(text, " "))
	}
	return nil
}

func (h errorHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return errorHandler{h.log, append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)}
}

func (h errorHandler) WithGroup(string) slog.Handler { return h }
