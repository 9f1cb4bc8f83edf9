package measure

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/lecturespb"
	"heek.kr/heektime/internal/refresh"
)

// Refresh is what one refresh of a long, changed list costs.
type Refresh struct {
	// List says which list.
	List string
	// Lectures in it.
	Lectures int
	// Took is the median of a whole refresh, from the task's request to its answer, both services being processes of their own.
	Took time.Duration
	// Parse is the median of reading the file into lectures and compressing the finished list, and nothing else.
	Parse time.Duration
	// Scan is the same with no more than the file's rows read.
	Scan time.Duration
	// RefreshPeak and CoursesPeak are the most memory that the services ever had, in bytes; 0 where the system does not tell.
	RefreshPeak, CoursesPeak int64
}

const (
	school        = "가온대학교"
	semester      = "2026-0900"
	callerAccount = "heektime-tasks@demo-bench.iam.gserviceaccount.com"
)

// site is a running deployment: two services in processes of their own.
type site struct {
	cloud            *emulator.Cloud
	refresh, courses *process
}

// environments are the services' settings; ports are filled in by [deploy], where addresses matter.
func environments(cloud *emulator.Cloud, schoolsFile string) map[string]map[string]string {
	refreshURL := "http://refresh.bench"
	common := cloud.Environment()
	common["ALLOWED_CALLERS"] = callerAccount
	auth := map[string]string{"FIREBASE_API_KEY": "local"}
	courses, refresh := map[string]string{"OIDC_AUDIENCE": "http://courses.bench"}, map[string]string{
		"OIDC_AUDIENCE": refreshURL, "LECTURES_BUCKET": cloud.Project, "SCHOOLS_FILE": schoolsFile, "REFRESH_URL": refreshURL,
		"REFRESH_QUEUE": "projects/demo-bench/locations/asia-northeast3/queues/refresh", "TASKS_SERVICE_ACCOUNT": callerAccount,
		"COURSES_URL": "http://127.0.0.1:1",
	}
	for name, value := range common {
		courses[name], refresh[name], auth[name] = value, value, value
	}
	return map[string]map[string]string{"bare": {}, "courses": courses, "refresh": refresh, "auth": auth}
}

// deploy starts both services, the course service first, for its address is the audience of the tokens that it is called with.
func deploy(ctx context.Context, dir string, cloud *emulator.Cloud, schoolsFile string) (*site, error) {
	env := environments(cloud, schoolsFile)
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	env["courses"]["OIDC_AUDIENCE"] = "http://127.0.0.1:" + port
	env["refresh"]["COURSES_URL"] = env["courses"]["OIDC_AUDIENCE"]
	s := &site{cloud: cloud}
	if s.courses, _, err = startAt(ctx, filepath.Join(dir, "courses"), env["courses"], port); err != nil {
		return nil, err
	}
	if s.refresh, _, err = start(ctx, filepath.Join(dir, "refresh"), env["refresh"]); err != nil {
		return nil, errors.Join(err, s.courses.stop())
	}
	return s, nil
}

// run sends one task and returns its answer.
func (s *site) run(ctx context.Context) (*refresh.Run, time.Duration, error) {
	body, err := json.Marshal(refresh.Task{School: school, Semester: semester, Slot: time.Now()})
	if err != nil {
		return nil, 0, fmt.Errorf("encode task: %w", err)
	}
	token, err := s.cloud.Identity.IDToken(ctx, callerAccount, "http://refresh.bench")
	if err != nil {
		return nil, 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.refresh.url+"/refresh", bytes.NewReader(body))
	if err != nil {
		return nil, 0, fmt.Errorf("make task: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	began := time.Now()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, 0, fmt.Errorf("send task: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	took := time.Since(began)
	if err != nil {
		return nil, 0, fmt.Errorf("read answer: %w", err)
	}
	var run refresh.Run
	if err := json.Unmarshal(text, &run); err != nil || run.Outcome != refresh.Changed {
		return nil, 0, fmt.Errorf("refresh answered %s: %s", answer.Status, text)
	}
	return &run, took, nil
}

// refreshes measures whole refreshes and, in turn with them, parsing alone.
func refreshes(ctx context.Context, dir, shared string, tries int, progress func(string)) (result Refresh, err error) {
	from, err := newSource(shared)
	if err != nil {
		return result, err
	}
	srv := from.serve()
	defer srv.Close()
	cloud, err := emulator.Open(emulator.Config{Project: "demo-bench", ServiceAccount: callerAccount})
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, cloud.Close()) }()
	file := filepath.Join(dir, "schools.yaml")
	from.options["url"] = srv.URL
	options, err := json.Marshal(from.options)
	if err != nil {
		return result, fmt.Errorf("write school file: %w", err)
	}
	text := fmt.Sprintf("schools: [{id: %s, name: %s, source: {adapter: %s, options: %s}, semesters: [{id: %s, year: 2026, term: 2학기}]}]\n",
		school, school, from.adapter, options, semester)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return result, fmt.Errorf("write school file: %w", err)
	}
	s, err := deploy(ctx, dir, cloud, file)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, s.refresh.stop(), s.courses.stop()) }()
	var whole, parse, scan []time.Duration
	for range tries {
		from.change()
		run, took, err := s.run(ctx)
		if err != nil {
			return result, err
		}
		parsed, scanned, err := least(cloud, from, run.URL)
		if err != nil {
			return result, err
		}
		whole, parse, scan, result.Lectures = append(whole, took), append(parse, parsed), append(scan, scanned), run.Lectures
		progress("refresh")
	}
	slices.Sort(whole)
	slices.Sort(parse)
	slices.Sort(scan)
	result.List, result.Took, result.Parse, result.Scan = from.name, whole[tries/2], parse[tries/2], scan[tries/2]
	result.RefreshPeak, _ = s.refresh.peak()
	result.CoursesPeak, _ = s.courses.peak()
	return result, nil
}

// least times the least that a refresh has to do: read the file, compress the finished list.
func least(cloud *emulator.Cloud, from *source, listURL string) (parsed, scanned time.Duration, err error) {
	answer, err := http.Get("http://" + cloud.StorageAddress() + "/" + strings.TrimPrefix(listURL, "gs://")) // decompresses
	if err != nil {
		return 0, 0, fmt.Errorf("load the list: %w", err)
	}
	defer answer.Body.Close()
	list, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		return 0, 0, fmt.Errorf("load the list: %s, %w", answer.Status, err)
	}
	service, err := courses.New(courses.Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, 0, err
	}
	request := &lecturespb.GetLecturesPayload{Year: 2026, Semester: lecturespb.Semester_fall, SchoolId: school}
	for key, value := range from.options {
		request.Options = append(request.Options, &lecturespb.GetLecturesPayload_Option{Key: key, Value: value})
	}
	request.Options = append(request.Options, &lecturespb.GetLecturesPayload_Option{Key: "adapter", Value: from.adapter})
	began := time.Now()
	if err := from.parse(service, request); err != nil {
		return 0, 0, err
	}
	parsed = time.Since(began)
	began = time.Now()
	if err := from.scan(); err != nil {
		return 0, 0, err
	}
	scanned = time.Since(began)
	began = time.Now()
	zip := gzip.NewWriter(io.Discard)
	if _, err := zip.Write(list); err != nil {
		return 0, 0, fmt.Errorf("compress: %w", err)
	}
	if err := zip.Close(); err != nil {
		return 0, 0, fmt.Errorf("compress: %w", err)
	}
	compressed := time.Since(began)
	return parsed + compressed, scanned + compressed, nil
}
