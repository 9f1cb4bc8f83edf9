//go:build bench

// Package bench measures how much memory and time the cleanup service needs to purge the largest
// plausible account. It runs the service as a process of its own.
//
//	go test -tags bench ./run/cleanup/bench -run xxx -bench . -benchtime 1x
package bench

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"heek.kr/heektime/emulator/emulatortest"
)

const (
	timetables = 1000
	lectures   = 20
	scheduler  = "heektime-scheduler@demo-test.iam.gserviceaccount.com"
)

// BenchmarkPurge reports the peak memory in MB and the duration of a purge. own-MB is anonymous memory,
// which the kernel cannot reclaim. peak-MB includes the pages of the program that happened to be
// loaded, which it can. The idle metrics are those of a purge that finds nothing.
func BenchmarkPurge(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "cleanup")
	build := exec.Command("go", "build", "-tags=disable_grpc_modules", "-trimpath", "-ldflags=-s -w", "-o", binary, "heek.kr/heektime/run/cleanup")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build the service: %v\n%s", err, out)
	}
	for b.Loop() {
		idle := purge(b, binary, 0)
		full := purge(b, binary, timetables)
		b.ReportMetric(idle.own, "idle-own-MB")
		b.ReportMetric(idle.peak, "idle-peak-MB")
		b.ReportMetric(full.own, "own-MB")
		b.ReportMetric(full.peak, "peak-MB")
		b.ReportMetric(full.took.Seconds(), "s/purge")
	}
}

// measured is the peak memory of a purge in MB, and its duration.
type measured struct {
	own, peak float64
	took      time.Duration
}

// purge starts the service, lets it purge an account with n timetables, and measures that.
func purge(b *testing.B, binary string, n int) measured {
	cloud := emulatortest.Start(b, emulatortest.Project(b, ""))
	seed(b, cloud, n)
	cmd, url := start(b, binary, cloud)
	token, err := cloud.Identity.IDToken(b.Context(), scheduler, url)
	if err != nil {
		b.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, url+"/purge", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	watched := make(chan measured)
	ended := make(chan struct{})
	go func() { watched <- watch(cmd.Process.Pid, ended) }()
	began := time.Now()
	response, err := http.DefaultClient.Do(r)
	if err != nil || response.StatusCode != http.StatusOK {
		b.Fatalf("purge: %v, %v", response, err)
	}
	response.Body.Close()
	took := time.Since(began)
	close(ended)
	m := <-watched
	m.took = took
	if left, err := cloud.FirestoreClient(b).CollectionGroup("lectures").Limit(1).Documents(b.Context()).GetAll(); err != nil || len(left) > 0 {
		b.Fatalf("lectures left: %v, %v", left, err)
	}
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Wait()
	return m
}

// start starts the service, waits until it serves, and returns its URL.
func start(b *testing.B, binary string, cloud *emulatortest.Cloud) (cmd *exec.Cmd, url string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	url = "http://" + address
	cmd = exec.Command(binary)
	cmd.Env = append(os.Environ(), "PORT="+address[strings.LastIndexByte(address, ':')+1:],
		"LECTURES_BUCKET="+cloud.Project, "OIDC_AUDIENCE="+url, "ALLOWED_CALLERS="+scheduler)
	for name, value := range cloud.Environment() {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	for {
		if response, err := http.Get(url + "/health"); err == nil {
			response.Body.Close()
			return cmd, url
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// watch returns the peak memory of a process until ended is closed, 0 where there is no /proc. The
// resource usage that Wait returns is useless here: it starts with the memory of the parent.
func watch(pid int, ended <-chan struct{}) (m measured) {
	for {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		m.own, m.peak = max(m.own, field(string(status), "RssAnon:")), field(string(status), "VmHWM:")
		select {
		case <-ended:
			return m
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// field returns a field of /proc/PID/status in MB.
func field(status, name string) (mb float64) {
	if _, after, ok := strings.Cut(status, name); ok {
		fmt.Sscan(after, &mb) // KiB
	}
	return mb / 1024
}

func seed(b *testing.B, cloud *emulatortest.Cloud, n int) {
	db, err := cloud.Firestore.Database(cloud.Project, "(default)")
	if err != nil {
		b.Fatal(err)
	}
	due := map[string]any{"$time": "2026-01-01T00:00:00Z"}
	docs := map[string]map[string]any{
		"deletions/alice":              {"due": due, "until": due, "requestedAt": due, "signedOut": true, "purging": false},
		"indices/user/usernames/alice": {"value": "alice"},
	}
	for i := range n {
		path := fmt.Sprintf("users/alice/timetables/large%05d", i)
		docs[path] = map[string]any{"title": "t", "visibility": "public"}
		for j := range lectures {
			docs[fmt.Sprintf("%s/lectures/lecture%05d", path, j)] = map[string]any{"title": "데이터베이스시스템", "professor": "정연돈"}
		}
	}
	if err := db.Seed(docs); err != nil {
		b.Fatal(err)
	}
}
