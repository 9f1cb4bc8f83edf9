//go:build bench

// Package bench measures compat-server as a process, against a baseline in FastAPI on PostgreSQL
// from Debian's packages (python3-fastapi, uvicorn, python3-uvloop, python3-httptools,
// python3-asyncpg, python3-jwt, postgresql-15). One run measures both in alternating rounds, so
// that they share the same conditions, and prints a table:
//
//	go test -tags bench ./compat-server/bench -run xxx -bench . -benchtime 1x
//
// Rates are per core: calls per second of the server's processor time, so that neither other work
// on the machine nor the load generator counts. Separate rows add the processor time of the
// database, which is the Firestore emulator or PostgreSQL.
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

// python is Debian's interpreter. Others lack Debian's Python packages.
const python = "/usr/bin/python3"

// side is one of the two sides of the comparison.
type side struct {
	command    func(port string) *exec.Cmd
	database   int // process ID
	server     *process
	startTimes []time.Duration
	results    map[string]*result
}

// result holds the measurements of one kind of call.
type result struct {
	calls            int
	server, database time.Duration // processor time
	latencies        []time.Duration
}

const (
	rounds = 5
	starts = 9 // of each server, to measure the start time
)

func BenchmarkAgainstBaseline(b *testing.B) {
	binary := requireBinaries(b)
	cloud := startCloud(b)
	tokens := fillFirestore(b)
	database, folder := startPostgres(b)
	ours := newSide(cloud, func(port string) *exec.Cmd {
		cmd := exec.Command(binary)
		cmd.Env = append(os.Environ(), "PORT="+port, "GOOGLE_CLOUD_PROJECT="+project, "FIREBASE_API_KEY=key", "TOKEN_KEY="+key,
			"PUBLIC_URL=http://127.0.0.1:"+port, "END_DATE=2027-08-31", "CALLS_PER_USER=1000000", "CALLS_PER_ADDRESS=1000000")
		return cmd
	})
	baseline := newSide(database, func(port string) *exec.Cmd {
		cmd := exec.Command(python, "-m", "uvicorn", "baseline:app", "--loop", "uvloop", "--http", "httptools",
			"--no-access-log", "--log-level", "warning", "--port", port)
		cmd.Env = append(os.Environ(),
			"BASELINE_DATABASE="+folder, "BASELINE_KEY="+key, "BASELINE_AUDIENCE="+project+"/apis/v2/access")
		return cmd
	})
	for b.Loop() {
		sides := []*side{ours, baseline}
		for range starts {
			for _, s := range sides {
				s.startTimes = append(s.startTimes, s.restart(b))
			}
		}
		b.Setenv("GOMAXPROCS", "1") // the baseline is single-threaded, too
		for _, s := range sides {
			s.restart(b)
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
		ours.load(b, many, 300, 200, func(int) (string, string, string, string) {
			return "GET", "/users/many/timetables", "", ""
		})
		fmt.Printf("A user with 50 timetables of 10 lectures: median %.1f ms, p99 %.1f ms.\n", many.quantile(0.5), many.quantile(0.99))
		clientOnly, list := clientRate(b), ours.results[kinds[1]]
		fmt.Printf("Google's Firestore client alone, with the same documents: %.0f per second and core; the server reaches %.0f %% of that.\n",
			clientOnly, 100*list.rate(list.server)/clientOnly)
	}
	b.ReportMetric(0, "ns/op")
}

func newSide(database *exec.Cmd, command func(port string) *exec.Cmd) *side {
	return &side{command: command, database: database.Process.Pid, results: map[string]*result{}}
}

// requireBinaries builds the server and returns its path. It skips the benchmark if the baseline's
// packages are missing.
func requireBinaries(b *testing.B) string {
	b.Helper()
	if err := exec.Command(python, "-c", "import fastapi, uvicorn, uvloop, httptools, asyncpg, jwt").Run(); err != nil {
		b.Skip("the baseline's packages are missing: apt-get install python3-fastapi uvicorn python3-uvloop " +
			"python3-httptools python3-asyncpg python3-jwt postgresql-15")
	}
	if _, err := os.Stat(postgresBin + "postgres"); err != nil {
		b.Skip("PostgreSQL is missing: apt-get install postgresql-15")
	}
	binary := filepath.Join(b.TempDir(), "compat-server")
	build := exec.Command("go", "build", "-tags=disable_grpc_modules", "-o", binary, "heek.kr/heektime/compat-server")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build compat-server: %v\n%s", err, out)
	}
	return binary
}

// restart restarts the server and returns the time from its start to the first response.
func (s *side) restart(b *testing.B) time.Duration {
	b.Helper()
	if s.server != nil {
		s.server.stop()
	}
	begin := time.Now()
	s.server = start(b, s.command)
	for time.Since(begin) < 30*time.Second {
		if status, _, err := do("GET", s.server.url+"/schools", "", ""); err == nil && status == 200 {
			return time.Since(begin)
		}
		time.Sleep(time.Millisecond) // the server does not listen yet
	}
	b.Fatalf("the server did not respond within 30 seconds: %s", s.server.out)
	return 0
}

// report prints the table.
func report(ours, baseline *side) {
	var table strings.Builder
	line := func(name, format string, a, b float64, ratio float64) {
		fmt.Fprintf(&table, "| %s | "+format+" | "+format+" | %.1f× |\n", name, a, b, ratio)
	}
	fmt.Fprintln(&table, "| | ours | baseline | ratio |\n|---|---:|---:|---:|")
	for _, name := range kinds {
		a, b := ours.results[name], baseline.results[name]
		line(name+", calls per second and core", "%.0f", a.rate(a.server), b.rate(b.server), a.rate(a.server)/b.rate(b.server))
		aTotal, bTotal := a.rate(a.server+a.database), b.rate(b.server+b.database)
		line("… with the database's processor time", "%.0f", aTotal, bTotal, aTotal/bTotal)
		line("… p99, ms", "%.1f", a.quantile(0.99), b.quantile(0.99), b.quantile(0.99)/a.quantile(0.99))
		line("… median, ms", "%.2f", a.quantile(0.5), b.quantile(0.5), b.quantile(0.5)/a.quantile(0.5))
	}
	slices.Sort(ours.startTimes)
	slices.Sort(baseline.startTimes)
	a, b := milliseconds(ours.startTimes[starts/2]), milliseconds(baseline.startTimes[starts/2])
	line("start of the process to the first response, ms", "%.1f", a, b, b/a)
	a, b = float64(peakMemory(ours.server.cmd.Process.Pid))/1e6, float64(peakMemory(baseline.server.cmd.Process.Pid))/1e6
	line("peak memory, MB", "%.0f", a, b, b/a)
	fmt.Println(table.String())
}

// rate returns the calls per second of processor time.
func (r *result) rate(used time.Duration) float64 { return float64(r.calls) / used.Seconds() }

// quantile returns a quantile of the latencies, in milliseconds.
func (r *result) quantile(q float64) float64 {
	slices.Sort(r.latencies)
	return milliseconds(r.latencies[min(int(q*float64(len(r.latencies))), len(r.latencies)-1)])
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
