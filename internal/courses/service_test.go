package courses_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/importreport"
	"heek.kr/heektime/internal/lecturespb"
)

// start serves the course service over TCP and returns a client.
func start(t testing.TB, cfg courses.Config) lecturespb.LecturesClient {
	t.Helper()
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Pause == 0 {
		cfg.Pause = time.Nanosecond
	}
	service, err := courses.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	lecturespb.RegisterLecturesServer(server, service)
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		conn.Close()
		server.Stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return lecturespb.NewLecturesClient(conn)
}

// options converts pairs of key and value.
func options(pairs ...string) []*lecturespb.GetLecturesPayload_Option {
	var list []*lecturespb.GetLecturesPayload_Option
	for i := 0; i+1 < len(pairs); i += 2 {
		list = append(list, &lecturespb.GetLecturesPayload_Option{Key: pairs[i], Value: pairs[i+1]})
	}
	return list
}

func payload(pairs ...string) *lecturespb.GetLecturesPayload {
	return &lecturespb.GetLecturesPayload{
		Year: 2026, Semester: lecturespb.Semester_fall, SchoolId: "가온대학교", Options: options(pairs...),
	}
}

// read reads a whole list and its report. The report is present even if reading failed.
func read(ctx context.Context, client lecturespb.LecturesClient, req *lecturespb.GetLecturesPayload) ([]*lecturespb.Lecture, importreport.Report, error) {
	stream, err := client.GetLectures(ctx, req)
	if err != nil {
		return nil, importreport.Report{}, err
	}
	var lectures []*lecturespb.Lecture
	for {
		lec, err := stream.Recv()
		if err == nil {
			lectures = append(lectures, lec)
			continue
		}
		report, trailerErr := importreport.FromTrailer(stream.Trailer())
		if errors.Is(err, io.EOF) {
			return lectures, report, trailerErr
		}
		return lectures, report, errors.Join(err, trailerErr)
	}
}

// mustRead is read for a list that must succeed. It checks that every row is accounted for, that
// identifiers are unique, and that times are valid.
func mustRead(t testing.TB, client lecturespb.LecturesClient, req *lecturespb.GetLecturesPayload) ([]*lecturespb.Lecture, importreport.Report) {
	t.Helper()
	lectures, report, err := read(t.Context(), client, req)
	if err != nil {
		t.Fatalf("GetLectures: %v (report %+v)", err, report)
	}
	if report.Lectures != len(lectures) {
		t.Errorf("the report counts %d lectures, got %d", report.Lectures, len(lectures))
	}
	checkReport(t, report)
	seen := map[string]bool{}
	for _, lec := range lectures {
		if seen[lec.Identifier] {
			t.Errorf("identifier %q is duplicated", lec.Identifier)
		}
		seen[lec.Identifier] = true
		for _, m := range lec.Times {
			if m.Weekday < 0 || m.Weekday > 6 || m.TimeBegin <= 0 || m.TimeBegin >= m.TimeEnd || m.TimeEnd > 1440 {
				t.Errorf("%s has the invalid time %v", lec.Identifier, m)
			}
		}
	}
	return lectures, report
}

// checkReport checks that the report accounts for every row.
func checkReport(t testing.TB, report importreport.Report) {
	t.Helper()
	if report.Rows != report.Lectures+report.Merged+report.Skipped {
		t.Errorf("the report does not account for every row: %+v", report)
	}
	if want := min(report.Skipped, importreport.MaxExamples); len(report.Examples) != want {
		t.Errorf("%d examples of %d skipped rows, want %d", len(report.Examples), report.Skipped, want)
	}
}

// byIdentifier returns the lecture with an identifier.
func byIdentifier(t testing.TB, lectures []*lecturespb.Lecture, identifier string) *lecturespb.Lecture {
	t.Helper()
	for _, lec := range lectures {
		if lec.Identifier == identifier {
			return lec
		}
	}
	t.Fatalf("no lecture %q", identifier)
	return nil
}

// checkEqual compares a lecture with what a person read in the source.
func checkEqual(t testing.TB, got, want proto.Message) {
	t.Helper()
	if !proto.Equal(got, want) {
		t.Errorf("lecture:\n got %v\nwant %v", got, want)
	}
}

func at(weekday, begin, end int32, room string) *lecturespb.Lecture_LectureTime {
	return &lecturespb.Lecture_LectureTime{Weekday: weekday, TimeBegin: begin, TimeEnd: end, Room: room}
}

func tag(name string) *lecturespb.Lecture_Meta {
	return &lecturespb.Lecture_Meta{Value: &lecturespb.Lecture_Meta_Tag{Tag: name}}
}
