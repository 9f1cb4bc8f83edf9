package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/firebase"
	"heek.kr/heektime/cmd/heektime/internal/student"
	"heek.kr/heektime/emulator/console"
	"heek.kr/heektime/internal/migration/state"
)

// TestMain runs the command itself when a test executes this binary again, so tests exercise what a
// developer types.
func TestMain(m *testing.M) {
	if os.Getenv("HEEKTIME_TEST_MAIN") != "" {
		state.QuietLease = 500 * time.Millisecond // so that heektime migrate switch does not wait for seconds
		main()
		return
	}
	os.Exit(m.Run())
}

// heektime returns the command with these arguments, ready to start.
func heektime(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), "HEEKTIME_TEST_MAIN=1", "TMPDIR="+t.TempDir())
	return cmd
}

// ports writes copies of the project's firebase.json and heektime.json in which all ports are free,
// and returns the path of firebase.json.
func ports(t *testing.T) string {
	t.Helper()
	type listener struct {
		Port int `json:"port"`
	}
	listeners := map[string]map[string]listener{"emulators": {}, "services": {}}
	for section, names := range map[string][]string{
		"emulators": {"firestore", "auth", "storage", "tasks", "ui", "hub", "hosting"},
		"services":  {"courses", "refresh", "auth", "compat-server", "cleanup", "functions", "push", "subscriptions", "pages"},
	} {
		for _, name := range names {
			l := freePort(t)
			defer l.Close()
			listeners[section][name] = listener{l.Addr().(*net.TCPAddr).Port}
		}
	}
	project := map[string]any{}
	text, err := os.ReadFile("../../firebase.json")
	if err == nil {
		err = json.Unmarshal(text, &project)
	}
	if err != nil {
		t.Fatal(err)
	}
	project["emulators"] = listeners["emulators"]
	data, err := json.Marshal(project)
	if err != nil {
		t.Fatal(err)
	}
	services, err := json.Marshal(map[string]any{"services": listeners["services"]})
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, "firebase.json", string(data))
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "heektime.json"), services, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"firestore.rules", "firestore.indexes.json", "storage.rules"} {
		text, err := os.ReadFile("../../" + name)
		if err == nil {
			err = os.WriteFile(filepath.Join(filepath.Dir(path), name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// freePort listens on a port that stays free after the listener is closed: it is below the range
// from which systems assign ports, which other tests use all the time.
func freePort(t *testing.T) net.Listener {
	t.Helper()
	for range 100 {
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))); err == nil {
			return l
		}
	}
	t.Fatal("found no free port")
	return nil
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// rows decodes the output of --json.
func rows(t *testing.T, out []byte) map[string]row {
	t.Helper()
	all := map[string]row{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("decode a line: %v\n%s", err, out)
		}
		all[r.School+" "+r.Semester] = r
	}
	return all
}

// output runs the command until it exits and returns its output and whether it succeeded.
func output(t *testing.T, args ...string) (stdout, stderr string, ok bool) {
	t.Helper()
	cmd := heektime(t, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), errs.String(), err == nil
}

func TestDevOnce(t *testing.T) {
	stdout, stderr, ok := output(t, "dev", "--once", "--json", "--config", ports(t), "--project", "demo-other", "--bucket", "lists")
	if !ok {
		t.Fatalf("failed:\n%s%s", stdout, stderr)
	}
	all := rows(t, []byte(stdout))
	if len(all) != 3 {
		t.Fatalf("%d rows\n%s", len(all), stdout)
	}
	big := all["데모대학교-서울 2026-0900"]
	if big.Outcome != "changed" || big.Lectures < 4900 || !strings.HasPrefix(big.URL, "gs://lists/") || big.RawBytes <= big.StoredBytes || big.Report.Skipped != 0 {
		t.Errorf("row %+v", big)
	}
}

func TestDevKeepsDataAcrossRestarts(t *testing.T) {
	folder, config := t.TempDir(), ports(t)
	list := write(t, "schools.yaml", schoolFileFor(t, func(w http.ResponseWriter) { fmt.Fprint(w, csv) }))
	for _, want := range []string{"changed", "unchanged"} {
		stdout, stderr, ok := output(t, "dev", "--once", "--json", "--config", config, "--data", folder, "--schools", list)
		if r := rows(t, []byte(stdout))["가온대학교 2026-0900"]; !ok || string(r.Outcome) != want || r.Lectures != 2 {
			t.Errorf("outcome %q, want %q\n%s%s", r.Outcome, want, stdout, stderr)
		}
	}
}

const csv = `과목코드,분반,과목명,교수,학점,시간
GAON101,01,자료구조,한가람,3,월(09:00~10:15)
GAON102,01,이산수학,윤슬기,3,화(09:00~10:15)
`

// schoolFileFor returns a school file with one school, whose course list page writes.
func schoolFileFor(t *testing.T, page func(http.ResponseWriter)) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { page(w) }))
	t.Cleanup(srv.Close)
	return fmt.Sprintf(`
schools:
  - id: 가온대학교
    name: 가온대학교
    source:
      adapter: sheet
      options: {url: "%s/list.csv", column.identifier: 과목코드, column.section: 분반, column.title: 과목명, column.professor: 교수, column.credit: 학점, column.times: 시간, times: "월(11:00~12:15)"}
    semesters: [{id: 2026-0900, year: 2026, term: 2학기}]
`, srv.URL)
}

func TestDevFailsIfARefreshFails(t *testing.T) {
	file := write(t, "schools.yaml", schoolFileFor(t, func(w http.ResponseWriter) { fmt.Fprint(w, "<html>점검 중</html>") }))
	stdout, stderr, ok := output(t, "dev", "--once", "--json", "--config", ports(t), "--schools", file)
	if r := rows(t, []byte(stdout))["가온대학교 2026-0900"]; ok || r.Outcome != "failed" || r.Reason == "" {
		t.Errorf("success = %v, row %+v\n%s", ok, r, stderr)
	}
}

func TestErrorMessages(t *testing.T) {
	config := ports(t)
	var file struct {
		Emulators map[string]struct{ Port int }
	}
	data, _ := os.ReadFile(config)
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", file.Emulators["storage"].Port))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, c := range []struct {
		name string
		args []string
		want []string
	}{
		{"port in use", []string{"dev", "--once", "--config", config}, []string{taken.Addr().String(), "emulators.storage.port", config}},
		{"missing school file", []string{"dev", "--once", "--schools", "nowhere.yaml"}, []string{"nowhere.yaml"}},
		{"invalid school file", []string{"dev", "--schools", write(t, "s.yaml", "schools: [{id: a}]")}, []string{"s.yaml", "name is missing", "source.adapter"}},
		{"a bill without dev", []string{"bill", "--config", ports(t)}, []string{"heektime dev"}},
		{"invalid month", []string{"bill", "--month", "2026-13"}, []string{"--month", "2026-11"}},
		{"invalid prices", []string{"bill", "--prices", write(t, "p.yaml", "wonPerDollar: 1")}, []string{"p.yaml", "items is missing"}},
		{"invalid prices of dev", []string{"dev", "--prices", write(t, "p.yaml", "wonPerDollar: 0")}, []string{"p.yaml", "wonPerDollar is 0"}},
		{"dev not running", []string{"status", "--config", ports(t)}, []string{"heektime dev"}},
		{"invalid semester", []string{"refresh", "가온대학교", "2026"}, []string{"2022-0900"}},
		{"missing argument", []string{"refresh", "가온대학교"}, []string{"SCHOOL SEMESTER"}},
		{"unknown command", []string{"refesh"}, []string{"refesh", "status"}},
		{"unknown flag", []string{"dev", "--onec"}, []string{"onec"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stdout, stderr, ok := output(t, c.args...)
			if ok {
				t.Fatalf("succeeded:\n%s", stdout)
			}
			for _, want := range c.want {
				if !strings.Contains(stderr, want) {
					t.Errorf("missing %q in:\n%s", want, stderr)
				}
			}
		})
	}
}

// TestSession runs dev, uses status and refresh while it runs, and stops it with Ctrl-C.
// It is long because starting dev takes longest.
func TestSession(t *testing.T) {
	config, folder := ports(t), t.TempDir()
	var text atomic.Value
	text.Store(csv)
	file := write(t, "schools.yaml", schoolFileFor(t, func(w http.ResponseWriter) { fmt.Fprint(w, text.Load()) }))
	dev := heektime(t, "dev", "--config", config, "--data", folder, "--schools", file)
	stdout, err := dev.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	dev.Stderr = &stderr
	if err := dev.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && !strings.Contains(lines.Text(), "Ctrl-C") {
	}
	last := func(args ...string) row {
		out, errs, _ := output(t, append(args, "--json", "--config", config)...)
		r, ok := rows(t, []byte(out))["가온대학교 2026-0900"]
		if !ok {
			t.Errorf("%v: %s%s", args, out, errs)
		}
		return r
	}
	if r := last("status"); r.Outcome != "changed" || r.Lectures != 2 {
		t.Errorf("status: %+v", r)
	}
	if out, errs, ok := output(t, "doctor", "--config", config); !ok || !strings.Contains(out, "0 errors, 0 warnings; 8 passed") {
		t.Errorf("doctor: %s%s", out, errs)
	}
	if out, errs, ok := output(t, "bill", "--config", config); !ok || !strings.Contains(out, "reads") || !strings.Contains(out, "dearest actions") {
		t.Errorf("bill: %s%s", out, errs)
	}
	checkStop(t, config)
	advanceClock(t, config, 30*time.Hour)
	// From here on everything is at the advanced time: the run of the refresh that is requested, the scheduled ones
	// before it, and the services.
	if r := last("refresh", "가온대학교", "2026-0900"); r.Outcome != "unchanged" || !r.Slot.After(time.Now().Add(29*time.Hour)) || !r.Ended.After(time.Now().Add(29*time.Hour)) {
		t.Errorf("refresh when the clock is 30 hours ahead: %+v", r)
	}
	text.Store(strings.Join(strings.SplitAfter(csv, "\n")[:2], "")) // half of the lectures are gone
	if r := last("refresh", "가온대학교", "2026-0900"); r.Outcome != "suspicious" {
		t.Errorf("refresh of half a list: %+v", r)
	}
	diff := func(args ...string) string {
		out, errs, ok := output(t, append([]string{"status", "--diff", "--config", config}, args...)...)
		if !ok {
			t.Errorf("status --diff: %s", errs)
		}
		return out
	}
	if out := diff("가온대학교", "2026-0900"); !strings.Contains(out, "held back") || !strings.Contains(out, "2 → 1 lectures\n  removed: 1\n") {
		t.Errorf("status --diff of a list that was held back: %s", out)
	}
	if r := last("refresh", "--accept", "가온대학교", "2026-0900"); r.Outcome != "changed" || r.Lectures != 1 {
		t.Errorf("refresh --accept: %+v", r)
	}
	if out := diff(); !strings.Contains(out, "published") || strings.Contains(out, "held back") || !strings.Contains(out, "2 → 1 lectures\n  removed: 1\n") {
		t.Errorf("status --diff of a list that was accepted: %s", out)
	}
	if r := last("status"); r.Outcome != "changed" || r.Lectures != 1 {
		t.Errorf("status: %+v", r)
	}
	if err := dev.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
	}
	if err := dev.Wait(); err != nil {
		t.Errorf("Ctrl-C: %v\n%s", err, stderr.String())
	}
}

// advanceClock advances the clock of the running dev on its console.
func advanceClock(t *testing.T, config string, d time.Duration) {
	t.Helper()
	files, err := firebase.Find(config)
	if err != nil {
		t.Fatal(err)
	}
	body := strings.NewReader(fmt.Sprintf(`{"seconds": %d}`, int64(d.Seconds())))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+files.Address("ui")+"/api/clock", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(console.ChangeHeader, "1")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("advance the clock: %s", response.Status)
	}
}

// checkStop stops and starts the running dev.
func checkStop(t *testing.T, config string) {
	t.Helper()
	for _, c := range []struct {
		args       []string
		out, shown string
	}{
		{[]string{"stop"}, "stopped since", "stopped since"},
		{[]string{"stop", "--everything"}, "neither read nor write", "course lists   cannot be downloaded"},
		{[]string{"start"}, "open: clients and services may write", ""},
		{[]string{"start"}, "open: clients and services may write", ""},
	} {
		if out, errs, ok := output(t, append(c.args, "--config", config)...); !ok || !strings.Contains(out, c.out) {
			t.Errorf("%v: %s%s", c.args, out, errs)
		}
		_, errs, ok := output(t, "status", "--config", config)
		if !ok || !strings.Contains(errs, c.shown) || c.shown == "" && strings.Contains(errs, "stopped") {
			t.Errorf("status after %v: %s", c.args, errs)
		}
	}
}

// TestDemoStudent checks that dev creates a student with timetables and, when it starts again with the
// same data, keeps them and the sessions of old apps.
func TestDemoStudent(t *testing.T) {
	config, folder := ports(t), t.TempDir()
	var created [2]string
	var session string // an old app's refresh token
	for start := range created {
		dev := heektime(t, "dev", "--config", config, "--data", folder)
		stdout, err := dev.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := dev.Start(); err != nil {
			t.Fatal(err)
		}
		var printed, firestore, oldAPI string
		for lines := bufio.NewScanner(stdout); lines.Scan() && !strings.Contains(lines.Text(), "Ctrl-C"); {
			if rest, ok := strings.CutPrefix(lines.Text(), "Firestore "); ok {
				firestore = strings.Fields(rest)[0]
			}
			if rest, ok := strings.CutPrefix(lines.Text(), "compat-server "); ok {
				oldAPI = strings.Fields(rest)[0]
			}
			printed += lines.Text() + "\n"
		}
		if !strings.Contains(printed, student.Email) || !strings.Contains(printed, student.Password) {
			t.Errorf("the student's credentials are missing in:\n%s", printed)
		}
		created[start] = timetablesOf(t, firestore, student.Username)
		if start == 0 {
			session = oldAppSession(t, oldAPI+"/apis/v2/auth/token", map[string]string{"username": student.Username, "password": student.Password})
		}
		oldAppSession(t, oldAPI+"/apis/v2/auth/refresh-token", map[string]string{"refresh_token": session})
		if err := dev.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, stdout)
		if err := dev.Wait(); err != nil {
			t.Errorf("Ctrl-C: %v", err)
		}
	}
	if strings.Count(created[0], "createTime") < 2 || created[0] != created[1] {
		t.Errorf("timetables after the first start:\n%s\nafter the second:\n%s", created[0], created[1])
	}
}

// oldAppSession signs in at the old apps' API, or refreshes a session, and returns the refresh token.
func oldAppSession(t *testing.T, url string, fields map[string]string) string {
	t.Helper()
	body, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(url, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	var tokens struct {
		Refresh string `json:"refresh_token"`
	}
	if err == nil {
		err = json.Unmarshal(text, &tokens)
	}
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v\n%s", url, response.Status, err, text)
	}
	return tokens.Refresh
}

// timetablesOf reads a user's public timetables without signing in, using Firestore's REST API.
func timetablesOf(t *testing.T, firestore, username string) string {
	t.Helper()
	base := "http://" + firestore + "/v1/projects/demo-heektime/databases/(default)/documents"
	get := func(method, url, body string) string {
		req, err := http.NewRequest(method, url, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s %s: %s, %v\n%s", method, url, response.Status, err, text)
		}
		return string(text)
	}
	var index struct {
		Fields struct {
			Value struct{ StringValue string }
		}
	}
	if err := json.Unmarshal([]byte(get("GET", base+"/indices/user/usernames/"+username, "")), &index); err != nil {
		t.Fatal(err)
	}
	var results []struct{ Document json.RawMessage } // omits readTime, which differs between runs
	text := get("POST", base+"/users/"+index.Fields.Value.StringValue+":runQuery", `{"structuredQuery": {"from": [{"collectionId": "timetables"}],
		"where": {"fieldFilter": {"field": {"fieldPath": "visibility"}, "op": "EQUAL", "value": {"stringValue": "public"}}}, "limit": 20}}`)
	if err := json.Unmarshal([]byte(text), &results); err != nil {
		t.Fatal(err)
	}
	var documents strings.Builder
	for _, r := range results {
		documents.Write(r.Document)
		documents.WriteByte('\n')
	}
	return documents.String()
}
