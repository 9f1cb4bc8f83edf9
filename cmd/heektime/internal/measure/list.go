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

// source is a school with a long list that changes between two refreshes.
type source struct {
	name    string
	adapter string
	options map[string]string
	files   [2][]byte
	format  spreadsheet.Format
	day     atomic.Int64
}

// newSource is Seoul National University's list of 2014, on two days of one registration season, where shared holds the real
// course lists; else a made-up one as long.
func newSource(shared string) (*source, error) {
	s := &source{name: "Seoul National University, 7,643 rows of .xls", adapter: "snu-xls", options: map[string]string{"request": "plain"}, format: spreadsheet.XLS}
	for i, name := range []string{"2014-1_20140108T1243.xls.gz", "2014-1_20140112T0358.xls.gz"} {
		packed, err := os.ReadFile(filepath.Join(shared, "catalogs", "snu-xls", name))
		if os.IsNotExist(err) {
			return madeUp(), nil
		}
		if err != nil {
			return nil, fmt.Errorf("read course list: %w", err)
		}
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, fmt.Errorf("unpack %s: %w", name, err)
		}
		if s.files[i], err = io.ReadAll(r); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", name, err)
		}
	}
	return s, nil
}

func madeUp() *source {
	s := &source{
		name: "made-up list, 7,643 rows of .csv (the real ones were not found)", format: spreadsheet.CSV,
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

// serve is the school's site, which has the other day's list after each change.
func (s *source) serve() *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(s.files[s.day.Load()%2]) }))
}

func (s *source) change() { s.day.Add(1) }

// parse reads the present list into lectures, as the course service does, and drops them.
func (s *source) parse(service *courses.Service, request *lecturespb.GetLecturesPayload) error {
	if err := service.GetLectures(request, &drop{}); err != nil {
		return fmt.Errorf("parse: %w", err)
	}
	return nil
}

// scan reads the rows of the present file and does nothing with them.
func (s *source) scan() error {
	for _, err := range spreadsheet.Rows(s.files[s.day.Load()%2], s.format, spreadsheet.Options{}) {
		if err != nil {
			return fmt.Errorf("scan: %w", err)
		}
	}
	return nil
}

// drop is the receiving end of a call within this process, without gRPC.
type drop struct{ grpc.ServerStream }

func (*drop) Context() context.Context       { return context.Background() }
func (*drop) Send(*lecturespb.Lecture) error { return nil }
func (*drop) SetTrailer(metadata.MD)         {}
