// Package courses is the course service: it reads a semester's course list from a school's own system and streams its lectures.
//
// The service keeps nothing. A request says everything: which semester, and in its options how and where to read. The option
// "adapter" chooses one of the adapters in adapter.go, each of which knows one way in which schools publish their lists; the
// other options are the adapter's own, and an option that it does not know is refused.
//
// Every row of a list becomes a lecture, is merged into one, or is left out with a reason; the account ([reading.Report]) travels
// behind the lectures. Nothing is sent before the whole list has been read and judged, so a list that fails sends no lectures at all.
//
// The code of an error tells the caller whether trying again can help:
//
//	Unavailable        the school can't be reached, is overloaded, too slow, broke off or said nothing: try again
//	DeadlineExceeded   the caller's own time ran out: try again
//	InvalidArgument    the request is wrong: mend the school's options
//	FailedPrecondition the school answered something else than a list in the known shape: mend the adapter or its options
//	DataLoss           the list is damaged, or too many of its rows can't be read
//	ResourceExhausted  the list is larger than the bounds
package courses

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/internal/lecturespb"
)

// Config is what the service works with; all but Log may be left empty.
type Config struct {
	// Transport makes the connections to schools; nil is a plain one of net/http that goes through no proxy but the environment's.
	Transport http.RoundTripper
	// Timeout bounds one request to a school, from connecting to the last byte; a school that needs longer is Unavailable.
	// 0 is a minute and a half.
	Timeout time.Duration
	// Pause is the time between two requests of one reading to the same school. 0 is half a second.
	Pause time.Duration
	// UserAgent names us to schools, with a way to reach us. "" is [DefaultUserAgent].
	UserAgent string
	// MaxBytes bounds what a school may answer to one request, packed and unpacked. 0 is 16 MiB: seven times the largest list known.
	MaxBytes int64
	// MaxRows bounds the rows of a list. 0 is 30,000: four times the longest list known.
	MaxRows int
	// FilesRoot is the directory under which file: URLs may read; "/" allows all, "" none. In production it stays "".
	FilesRoot string
	// Log gets one line for every list that is read. Required.
	Log *slog.Logger
}

// DefaultUserAgent is honest: who we are, what we do, and where to complain.
const DefaultUserAgent = "HeekTime/2 (course list reader; +https://heek.kr)"

// Service implements the gRPC service Lectures. It is safe for concurrent use.
type Service struct {
	lecturespb.UnimplementedLecturesServer
	cfg      Config
	adapters []adapter
}

// New makes the service. It rejects negative bounds and a missing logger.
func New(cfg Config) (*Service, error) {
	if cfg.Timeout < 0 || cfg.Pause < 0 || cfg.MaxBytes < 0 || cfg.MaxRows < 0 {
		return nil, errors.New("course service: Timeout, Pause, MaxBytes and MaxRows must not be negative")
	}
	if cfg.Log == nil {
		return nil, errors.New("course service needs a logger")
	}
	if cfg.Transport == nil {
		cfg.Transport = http.DefaultTransport
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 90 * time.Second
	}
	if cfg.Pause == 0 {
		cfg.Pause = 500 * time.Millisecond
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = DefaultUserAgent
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = 16 << 20
	}
	if cfg.MaxRows == 0 {
		cfg.MaxRows = 30_000
	}
	return &Service{cfg: cfg, adapters: adapters()}, nil
}

// GetLectures reads the list and streams its lectures in the order of the source. The report is in the trailer, also when it fails.
func (s *Service) GetLectures(req *lecturespb.GetLecturesPayload, stream lecturespb.Lectures_GetLecturesServer) error {
	ctx, begin := stream.Context(), time.Now()
	l := newList(s.cfg.MaxRows)
	err := s.read(ctx, req, l)
	if trailer, trailerErr := l.report.Trailer(); trailerErr == nil {
		stream.SetTrailer(trailer)
	}
	if err == nil {
		err = send(l, stream)
	}
	err = statusOf(ctx, err)
	s.log(ctx, req, l, err, time.Since(begin))
	return err
}

// read fills the list, and fails when too little of it could be read.
func (s *Service) read(ctx context.Context, req *lecturespb.GetLecturesPayload, l *list) error {
	a, r, err := s.prepare(req)
	if err != nil {
		return err
	}
	r.source = newSource(s.cfg, l)
	r.list = l
	if err := a.read(ctx, r); err != nil {
		l.discard()
		return err
	}
	return l.judge()
}

func send(l *list, stream lecturespb.Lectures_GetLecturesServer) error {
	for i, lec := range l.lectures {
		if err := stream.Send(lec); err != nil {
			return err
		}
		l.lectures[i] = nil
	}
	return nil
}

// statusOf gives every error a code. What the adapters return has one; the rest is our own mistake, or the caller's patience.
func statusOf(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctxErr := ctx.Err(); ctxErr != nil {
		return status.FromContextError(ctxErr).Err()
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	return status.Error(codes.Internal, err.Error())
}

func (s *Service) log(ctx context.Context, req *lecturespb.GetLecturesPayload, l *list, err error, took time.Duration) {
	level, message := slog.LevelInfo, "read course list"
	attrs := []slog.Attr{
		slog.String("school", clip(req.GetSchoolId(), 100)), slog.Int("year", int(req.GetYear())),
		slog.String("semester", req.GetSemester().String()), slog.String("code", status.Code(err).String()),
		slog.Int("rows", l.report.Rows), slog.Int("lectures", l.report.Lectures), slog.Int("merged", l.report.Merged),
		slog.Int("skipped", l.report.Skipped), slog.Int64("bytes", l.report.Bytes), slog.Int64("milliseconds", took.Milliseconds()),
	}
	if err != nil {
		level, message = slog.LevelWarn, "course list could not be read"
		attrs = append(attrs, slog.String("error", status.Convert(err).Message()))
	}
	s.cfg.Log.LogAttrs(ctx, level, message, attrs...)
}
