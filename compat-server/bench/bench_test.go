// Package bench measures the legacy API as a process, against a baseline in FastAPI on PostgreSQL from Debian's packages
// (python3-fastapi, uvicorn, python3-uvloop, python3-httptools, python3-asyncpg, python3-jwt, postgresql-15), in one run, taken in
// turns so that both have the same machine. It prints a table:
//
//	go test ./compat-server/bench -run xxx -bench . -benchtime 1x
//
// A rate is of a core: calls by the processor time that the server used, so that neither other work on the machine nor the load
// generator counts. What its database used, the embedded Firestore or PostgreSQL, is told beside.
package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// python is Debian's own: another one has not its packages.
const python = "/usr/bin/python3"

// side is one of the two that are measured.
type side struct {
	command  func(port string) *exec.Cmd
	database int // its process
	server   *process
	starts   []time.Duration
	results  map[string]*result
}

// result of one kind of call.
type result struct {
	calls            int
	server, database time.Duration // processor time
	latencies        []time.Duration
}

const (
	rounds     = 5
	startTries = 9
)

func BenchmarkAgainstBaseline(b *testing.B) {
	if err := exec.Command(python, "-c", "import fastapi, uvicorn, uvloop, httptools, asyncpg, jwt").Run(); err != nil {
		b.Skip("no baseline to compare with: apt-get install python3-fastapi uvicorn python3-uvloop python3-httptools python3-asyncpg python3-jwt postgresql-15")
	}
	if _, err := os.Stat(postgres + "postgres"); err != nil {
		b.Skip("no PostgreSQL for the baseline: apt-get install postgresql-15")
	}
	binary := filepath.Join(b.TempDir(), "compat-server")
	if out, err := exec.Command("go", "build", "-tags=disable_grpc_modules", "-o", binary, "heek.kr/heektime/compat-server").CombinedOutput(); err != nil {
		b.Fatalf("build the server: %v\n%s", err, out)
	}
	cloud := startCloud(b)
	tokens := fillFirestore(b)
	database, folder := startPostgres(b)
	ours := &side{database: cloud.Process.Pid, results: map[string]*result{}, command: func(port string) *exec.Cmd {
		cmd := exec.Command(binary)
		cmd.Env = append(os.Environ(), "PORT="+port, "GOOGLE_CLOUD_PROJECT="+project, "FIREBASE_API_KEY=key", "TOKEN_KEY="+key,
			"PUBLIC_URL=http://127.0.0.1:"+port, "END_DATE=2027-08-31", "CALLS_PER_USER=1000000", "CALLS_PER_ADDRESS=1000000")
		return cmd
	}}
	baseline := &side{database: database.Process.Pid, results: map[string]*result{}, command: func(port string) *exec.Cmd {
		cmd := exec.Command(python, "-m", "uvicorn", "baseline:app", "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning", "--port", port)
		cmd.Env = append(os.Environ(), "BASELINE_DATABASE="+folder, "BASELINE_KEY="+key, "BASELINE_AUDIENCE="+project+"/apis/v2/access")
		return cmd
	}}
	for b.Loop() {
		sides := []*side{ours, baseline}
		for range startTries {
			for _, s := range sides {
				s.starts = append(s.starts, s.firstAnswer(b))
			}
		}
		b.Setenv("GOMAXPROCS", "1") // the baseline has one thread, too
		for _, s := range sides {
			s.firstAnswer(b)
			defer s.server.stop()
			s.warm(b, tokens)
		}
		for round := range rounds {
			for _, s := range sides {
				s.round(b, round, tokens)
			}
		}
		report(ours, baseline)
		many := &result{}
		ours.load(b, many, 300, 200, func(int) (string, string, string, string) { return "GET", "/users/many/timetables", "", "" })
		fmt.Printf("A user with 50 timetables of 10 lectures: median %.1f ms, p99 %.1f ms.\n", many.quantile(0.5), many.quantile(0.99))
		alone, list := clientAlone(b), ours.results[kinds[1]]
		fmt.Printf("Google's Firestore client alone, with the same documents: %.0f per second and core; the server reaches %.0f %% of it.\n",
			alone, 100*list.rate(list.server)/alone)
	}
	b.ReportMetric(0, "ns/op")
}

// firstAnswer starts the server and says how long it took until it answered its first call. It runs until the next start.
func (s *side) firstAnswer(b *testing.B) time.Duration {
	b.Helper()
	if s.server != nil {
		s.server.stop()
	}
	begin := time.Now()
	s.server = start(b, s.command)
	for time.Since(begin) < 30*time.Second {
		if status, _, err := once("GET", s.server.url+"/schools", "", ""); err == nil && status == 200 {
			return time.Since(begin)
		}
		time.Sleep(time.Millisecond) // it does not listen yet
	}
	b.Fatalf("no answer: %s", s.server.out)
	return 0
}

func report(ours, baseline *side) {
	var table strings.Builder
	line := func(what, format string, a, b float64, ratio float64) {
		fmt.Fprintf(&table, "| %s | "+format+" | "+format+" | %.1f× |\n", what, a, b, ratio)
	}
	fmt.Fprintln(&table, "| | ours | baseline | ratio |\n|---|---:|---:|---:|")
	for _, name := range kinds {
		a, b := ours.results[name], baseline.results[name]
		line(name+", calls per second and core", "%.0f", a.rate(a.server), b.rate(b.server), a.rate(a.server)/b.rate(b.server))
		line("… with the database's processor time", "%.0f", a.rate(a.server+a.database), b.rate(b.server+b.database), a.rate(a.server+a.database)/b.rate(b.server+b.database))
		line("… p99, ms", "%.1f", a.quantile(0.99), b.quantile(0.99), b.quantile(0.99)/a.quantile(0.99))
		line("… median, ms", "%.2f", a.quantile(0.5), b.quantile(0.5), b.quantile(0.5)/a.quantile(0.5))
	}
	slices.Sort(ours.starts)
	slices.Sort(baseline.starts)
	a, b := milliseconds(ours.starts[startTries/2]), milliseconds(baseline.starts[startTries/2])
	line("start to the first answer, ms", "%.1f", a, b, b/a)
	a, b = float64(peakMemory(ours.server.cmd.Process.Pid))/1e6, float64(peakMemory(baseline.server.cmd.Process.Pid))/1e6
	line("peak memory, MB", "%.0f", a, b, b/a)
	fmt.Println(table.String())
}

// rate is calls by a second of processor time.
func (r *result) rate(used time.Duration) float64 { return float64(r.calls) / used.Seconds() }

// quantile of the latencies, in milliseconds.
func (r *result) quantile(q float64) float64 {
	slices.Sort(r.latencies)
	return milliseconds(r.latencies[min(int(q*float64(len(r.latencies))), len(r.latencies)-1)])
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
