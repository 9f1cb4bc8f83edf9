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
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/cloudtasks/apiv2/cloudtaskspb"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/internal/courses"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
	"heek.kr/heektime/internal/lecturespb"
	"heek.kr/heektime/internal/refresh"
)

// Refresh is the cost of refreshing a long list that has changed.
type Refresh struct {
	// List describes the list.
	List string
	// Lectures is the number of lectures in the list.
	Lectures int
	// Took is the median time of a whole refresh, from the task's request to its response.
	Took time.Duration
	// Parse is the median time of only parsing the file into lectures and compressing the finished
	// list.
	Parse time.Duration
	// Scan is like Parse, but only reads the file's rows.
	Scan time.Duration
	// RefreshPeak and CoursesPeak are the peak memory of the services, in bytes, or 0 if the system
	// does not provide it.
	RefreshPeak, CoursesPeak int64
}

const (
	schoolID = "가온대학교"
	semester = "2026-0900"
	project  = "demo-bench"
)

// runningServices are the two services that a refresh needs, each in its own process.
type runningServices struct {
	cloud            *emulator.Cloud
	refresh, courses *process
}

// environments returns the environment variables of each service: those of the deployment table, and
// those that direct its clients to the cloud.
func environments(cloud *emulator.Cloud, schoolsFile string, urls map[string]string) (map[string]map[string]string, error) {
	table := deployment.Table()
	place := spec.Place{
		Project: cloud.Project, URLs: urls, Buckets: map[string]string{deployment.ListsBucket: cloud.Project},
		Files: map[string]string{}, APIKey: "local",
	}
	if s, ok := table.Service("refresh"); ok {
		for _, file := range s.Files {
			place.Files[file.Path] = schoolsFile
		}
	}
	all := map[string]map[string]string{baseline: {}}
	for _, name := range []string{"courses", "refresh", "auth"} {
		env, err := table.Environment(name, place)
		if err != nil {
			return nil, err
		}
		maps.Copy(env, cloud.Environment())
		all[name] = env
	}
	return all, nil
}

// refreshAccount returns the account that refresh runs as: the only service that calls another.
func refreshAccount() string {
	service, _ := deployment.Table().Service("refresh")
	return service.Account
}

// benchURLs are the base URLs of services that nothing calls.
var benchURLs = map[string]string{
	"courses": "http://courses.bench", "refresh": "http://refresh.bench", "auth": "http://auth.bench", "push": "http://push.bench",
}

// createPushQueue creates the queue to which refresh adds a task for each change. It sends none of them.
func createPushQueue(ctx context.Context, cloud *emulator.Cloud) error {
	table := deployment.Table()
	name := table.QueueName(cloud.Project, deployment.PushQueue)
	_, err := cloud.Tasks.CreateQueue(ctx, &cloudtaskspb.CreateQueueRequest{Parent: table.Location(cloud.Project), Queue: &cloudtaskspb.Queue{Name: name}})
	if err == nil {
		_, err = cloud.Tasks.PauseQueue(ctx, &cloudtaskspb.PauseQueueRequest{Name: name})
	}
	if err != nil {
		return fmt.Errorf("create the queue %s: %w", name, err)
	}
	return nil
}

// deploy starts the course service and then the refresh service, which needs the other's URL.
func deploy(ctx context.Context, dir string, cloud *emulator.Cloud, schoolsFile string) (*runningServices, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	urls := maps.Clone(benchURLs)
	urls["courses"] = "http://127.0.0.1:" + port
	env, err := environments(cloud, schoolsFile, urls)
	if err != nil {
		return nil, err
	}
	s := &runningServices{cloud: cloud}
	if s.courses, _, err = startAt(ctx, filepath.Join(dir, "courses"), env["courses"], port); err != nil {
		return nil, err
	}
	if s.refresh, _, err = start(ctx, filepath.Join(dir, "refresh"), env["refresh"]); err != nil {
		return nil, errors.Join(err, s.courses.stop())
	}
	return s, nil
}

// refreshOnce sends a task to the refresh service and returns its result and how long it took.
func (s *runningServices) refreshOnce(ctx context.Context) (*refresh.Run, time.Duration, error) {
	body, err := json.Marshal(refresh.Task{School: schoolID, Semester: semester, Slot: time.Now()})
	if err != nil {
		return nil, 0, fmt.Errorf("encode the task: %w", err)
	}
	token, err := s.cloud.Identity.IDToken(ctx, spec.Email(s.cloud.Project, deployment.TasksAccount), benchURLs["refresh"])
	if err != nil {
		return nil, 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.refresh.url+"/refresh", bytes.NewReader(body))
	if err != nil {
		return nil, 0, fmt.Errorf("create the task: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	started := time.Now()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, 0, fmt.Errorf("send the task: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	took := time.Since(started)
	if err != nil {
		return nil, 0, fmt.Errorf("read the response: %w", err)
	}
	var run refresh.Run
	if err := json.Unmarshal(text, &run); err != nil || run.Outcome != refresh.Changed {
		return nil, 0, fmt.Errorf("refresh returned %s: %s", response.Status, text)
	}
	return &run, took, nil
}

// refreshes measures whole refreshes, alternating with the baselines.
func refreshes(ctx context.Context, dir, shared string, tries int, progress func(string)) (result Refresh, err error) {
	school, err := newTestSchool(shared)
	if err != nil {
		return result, err
	}
	srv := school.serve()
	defer srv.Close()
	cloud, err := emulator.Open(emulator.Config{Project: project, ServiceAccount: spec.Email(project, refreshAccount())})
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, cloud.Close()) }()
	if err := createPushQueue(ctx, cloud); err != nil {
		return result, err
	}
	file := filepath.Join(dir, "schools.yaml")
	school.options["url"] = srv.URL
	options, err := json.Marshal(school.options)
	if err != nil {
		return result, fmt.Errorf("write the school file: %w", err)
	}
	text := fmt.Sprintf("schools: [{id: %s, name: %s, source: {adapter: %s, options: %s}, semesters: [{id: %s, year: 2026, term: 2학기}]}]\n",
		schoolID, schoolID, school.adapter, options, semester)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return result, fmt.Errorf("write the school file: %w", err)
	}
	s, err := deploy(ctx, dir, cloud, file)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, s.refresh.stop(), s.courses.stop()) }()
	var whole, parse, scan []time.Duration
	for range tries {
		school.change()
		run, took, err := s.refreshOnce(ctx)
		if err != nil {
			return result, err
		}
		parsed, scanned, err := measureBaselines(cloud, school, run.URL)
		if err != nil {
			return result, err
		}
		whole, parse, scan, result.Lectures = append(whole, took), append(parse, parsed), append(scan, scanned), run.Lectures
		progress("refresh")
	}
	slices.Sort(whole)
	slices.Sort(parse)
	slices.Sort(scan)
	result.List, result.Took, result.Parse, result.Scan = school.listName, whole[tries/2], parse[tries/2], scan[tries/2]
	result.RefreshPeak, _ = s.refresh.peak()
	result.CoursesPeak, _ = s.courses.peak()
	return result, nil
}

// measureBaselines measures the unavoidable work of a refresh: reading the file, with and without
// parsing it, and compressing the finished list.
func measureBaselines(cloud *emulator.Cloud, school *testSchool, listURL string) (parsed, scanned time.Duration, err error) {
	response, err := http.Get("http://" + cloud.StorageAddress() + "/" + strings.TrimPrefix(listURL, "gs://")) // decompresses
	if err != nil {
		return 0, 0, fmt.Errorf("read the list: %w", err)
	}
	defer response.Body.Close()
	list, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return 0, 0, fmt.Errorf("read the list: %s, %w", response.Status, err)
	}
	service, err := courses.New(courses.Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, 0, err
	}
	request := &lecturespb.GetLecturesPayload{Year: 2026, Semester: lecturespb.Semester_fall, SchoolId: schoolID}
	for key, value := range school.options {
		request.Options = append(request.Options, &lecturespb.GetLecturesPayload_Option{Key: key, Value: value})
	}
	request.Options = append(request.Options, &lecturespb.GetLecturesPayload_Option{Key: "adapter", Value: school.adapter})
	started := time.Now()
	if err := school.parse(service, request); err != nil {
		return 0, 0, err
	}
	parsed = time.Since(started)
	started = time.Now()
	if err := school.scan(); err != nil {
		return 0, 0, err
	}
	scanned = time.Since(started)
	started = time.Now()
	zip := gzip.NewWriter(io.Discard)
	if _, err := zip.Write(list); err != nil {
		return 0, 0, fmt.Errorf("compress: %w", err)
	}
	if err := zip.Close(); err != nil {
		return 0, 0, fmt.Errorf("compress: %w", err)
	}
	compressed := time.Since(started)
	return parsed + compressed, scanned + compressed, nil
}
