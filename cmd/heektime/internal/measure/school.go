package measure

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/courses/spreadsheet"
	"heek.kr/heektime/internal/lecturespb"
)

// testSchool is a school with a long course list that changes between refreshes.
type testSchool struct {
	listName string
	adapter  string
	options  map[string]string
	files    [2][]byte // the two versions of the list
	format   spreadsheet.Format
	changes  atomic.Int64
}

// newTestSchool uses two versions of Seoul National University's list of 2014, if the folder shared
// contains it, and otherwise generates a list of the same length.
func newTestSchool(shared string) (*testSchool, error) {
	s := &testSchool{
		listName: "Seoul National University, 7,643 rows of .xls", adapter: "snu-xls",
		options: map[string]string{"request": "plain"}, format: spreadsheet.XLS,
	}
	for i, name := range []string{"2014-1_20140108T1243.xls.gz", "2014-1_20140112T0358.xls.gz"} {
		compressed, err := os.ReadFile(filepath.Join(shared, "catalogs", "snu-xls", name))
		if os.IsNotExist(err) {
			return newGeneratedSchool(), nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the course list: %w", err)
		}
		r, err := gzip.NewReader(bytes.NewReader(compressed))
		if err != nil {
			return nil, fmt.Errorf("decompress %s: %w", name, err)
		}
		if s.files[i], err = io.ReadAll(r); err != nil {
			return nil, fmt.Errorf("decompress %s: %w", name, err)
		}
	}
	return s, nil
}

// newGeneratedSchool returns a school with a generated list.
func newGeneratedSchool() *testSchool {
	s := &testSchool{
		listName: "generated, 7,643 rows of .csv (no real list found)", format: spreadsheet.CSV,
		adapter: "sheet", options: map[string]string{
			"column.identifier": "code", "column.title": "title", "column.professor": "professor", "column.credit": "credit",
			"column.times": "times", "times": "월(11:00~12:15)",
		},
	}
	for i := range s.files {
		var b bytes.Buffer
		b.WriteString("code,title,professor,credit,times\n")
		for row := range 7643 {
			fmt.Fprintf(&b, "GAON%05d,강의 %d,교수 %d,3,월(11:00~12:15)/수(11:00~12:15)\n", row, row+i, row%700)
		}
		s.files[i] = b.Bytes()
	}
	return s
}

// serve starts the school's site, which serves the current version of the list.
func (s *testSchool) serve() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(s.files[s.changes.Load()%2]) }))
}

// change switches to the other version of the list.
func (s *testSchool) change() { s.changes.Add(1) }

// parse parses the current list as the course service does, and discards the lectures.
func (s *testSchool) parse(service *courses.Service, request *lecturespb.GetLecturesPayload) error {
	if err := service.GetLectures(request, &discardStream{}); err != nil {
		return fmt.Errorf("parse the list: %w", err)
	}
	return nil
}

// scan reads the rows of the current file and discards them.
func (s *testSchool) scan() error {
	for _, err := range spreadsheet.Rows(s.files[s.changes.Load()%2], s.format, spreadsheet.Options{}) {
		if err != nil {
			return fmt.Errorf("scan the list: %w", err)
		}
	}
	return nil
}

// discardStream is the stream of a call within this process, without gRPC, that discards lectures.
type discardStream struct{ grpc.ServerStream }

func (*discardStream) Context() context.Context       { return context.Background() }
func (*discardStream) Send(*lecturespb.Lecture) error { return nil }
func (*discardStream) SetTrailer(metadata.MD)         {}
