// Package courses is the course service: it reads a semester's course list from a school's own
// system and streams its lectures.
//
// The service is stateless. A request names the semester and, in its options, where the list is and
// how to read it. The option "adapter" selects one of the adapters in adapter.go, each of which reads
// one way of publishing a course list. The other options belong to that adapter; an option it does
// not have is an error.
//
// The path of a list through the package:
//
//	service.go, request.go       check the request
//	adapter.go                   selects the adapter: snuxls.go, korea.go, sheet.go, …
//	fetch.go, url.go, …          fetch the list from the school (fetcher)
//	response.go, json.go         recognize the response (response)
//	table.go, columns.go         read a table by its header (tableReader)
//	timeformat.go, …             parse cells such as "월3,4/수3,4" (timeFormat): timepattern.go
//	                             compiles the school's examples, cellparser.go and capture.go match
//	                             them, meetingmatch.go gives them a meaning, meeting.go adds rooms
//	list.go                      collects and checks the lectures (listBuilder)
//
// Every row becomes a lecture, is merged into one, or is skipped with a reason. The report about
// that ([importreport.Report]) is in the trailer, behind the lectures. No lecture is sent before the
// whole list has been read and checked, so a list that fails sends none.
//
// The status code tells the caller whether a retry can help:
//
//	Unavailable         the school is unreachable, overloaded or slow, or sent an incomplete or empty
//	                    response: retry
//	DeadlineExceeded    the caller's deadline expired: retry
//	InvalidArgument     the request is wrong: fix the school's options
//	FailedPrecondition  the response is not a list in the expected format: fix the adapter or its options
//	DataLoss            the list is damaged, or too many of its rows cannot be read
//	ResourceExhausted   the list exceeds the limits
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

// Config configures the service. Everything but Log may be empty.
type Config struct {
	// Transport connects to schools. The default is http.DefaultTransport.
	Transport http.RoundTripper
	// Timeout bounds one request to a school, from connecting to the last byte. A school that takes
	// longer is Unavailable. The default is 90 seconds.
	Timeout time.Duration
	// Pause is the time between two requests to a school for the same list. The default is half a
	// second.
	Pause time.Duration
	// UserAgent identifies HeekTime to schools, with a way to contact us. The default is
	// [DefaultUserAgent].
	UserAgent string
	// MaxBytes bounds one response of a school, both compressed and uncompressed. The default is
	// 16 MiB, seven times the largest known list.
	MaxBytes int64
	// MaxRows bounds the rows of a list. The default is 30,000, four times the longest known list.
	MaxRows int
	// FilesRoot is the directory that file: URLs may read; "/" allows every file, "" none. It is
	// empty in production.
	FilesRoot string
	// Log receives one line for each list. Required.
	Log *slog.Logger
}

// DefaultUserAgent says who we are, what we do, and where to complain.
const DefaultUserAgent = "HeekTime/2 (course list reader; +https://heek.kr)"

// Service implements the gRPC service Lectures. It is safe for concurrent use.
type Service struct {
	lecturespb.UnimplementedLecturesServer
	cfg      Config
	adapters []adapter
}

// New returns a Service, or an error if a limit in cfg is negative or Log is missing.
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

// GetLectures reads the list and streams its lectures in the order of the source. The report is in
// the trailer, even on failure.
func (s *Service) GetLectures(req *lecturespb.GetLecturesPayload, stream lecturespb.Lectures_GetLecturesServer) error {
	ctx, begin := stream.Context(), time.Now()
	l := newListBuilder(ctx, s.cfg.MaxRows)
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

// read fills l and fails if too many of the rows are bad.
func (s *Service) read(ctx context.Context, req *lecturespb.GetLecturesPayload, l *listBuilder) error {
	a, r, err := s.newRequest(req)
	if err != nil {
		return err
	}
	r.fetcher = newFetcher(s.cfg, l)
	r.list = l
	if err := a.read(ctx, r); err != nil {
		l.discard()
		return err
	}
	return l.checkBadRows()
}

func send(l *listBuilder, stream lecturespb.Lectures_GetLecturesServer) error {
	for i, lec := range l.lectures {
		if err := stream.Send(lec); err != nil {
			return err
		}
		l.lectures[i] = nil
	}
	return nil
}

// statusOf gives every error a status code. Errors of the adapters have one; any other is a bug of
// ours (Internal) or the caller's expired context.
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

func (s *Service) log(ctx context.Context, req *lecturespb.GetLecturesPayload, l *listBuilder, err error, elapsed time.Duration) {
	level, message := slog.LevelInfo, "course list read"
	attrs := []slog.Attr{
		slog.String("school", truncate(req.GetSchoolId(), 100)), slog.Int("year", int(req.GetYear())),
		slog.String("semester", req.GetSemester().String()), slog.String("code", status.Code(err).String()),
		slog.Int("rows", l.report.Rows), slog.Int("lectures", l.report.Lectures), slog.Int("merged", l.report.Merged),
		slog.Int("skipped", l.report.Skipped), slog.Int64("bytes", l.report.Bytes),
		slog.Int64("milliseconds", elapsed.Milliseconds()),
	}
	if err != nil {
		level, message = slog.LevelWarn, "reading the course list failed"
		attrs = append(attrs, slog.String("error", status.Convert(err).Message()))
	}
	s.cfg.Log.LogAttrs(ctx, level, message, attrs...)
}
