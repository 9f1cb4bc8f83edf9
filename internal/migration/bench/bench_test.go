//go:build bench

// Package bench measures heektime migrate copy and follow: how long they take against the local cloud,
// compared with pg_dump of the same data in the same run, and how much memory they need. Each runs in a
// process of its own, as the commands do.
//
//	go test -tags bench -bench . -benchtime 1x ./internal/migration/bench
//
// MIGRATION_BENCH_USERS is the number of users, 3,000 by default. 30,000 users have 1,000,000 lectures.
package bench

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/bothsides"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/replication"
	"heek.kr/heektime/internal/migration/snapshotcopy"
)

// Variables of the processes that are measured.
const (
	commandVariable = "MIGRATION_BENCH_COMMAND"
	urlVariable     = "MIGRATION_BENCH_URL"
	slotVariable    = "MIGRATION_BENCH_SLOT"
	projectVariable = "MIGRATION_BENCH_PROJECT"
)

// profileVariable is a folder for processor profiles of the measured processes and of this one.
const profileVariable = "MIGRATION_BENCH_PROFILES"

const publication = "changes"

type world struct {
	*bothsides.World
	cloud *emulatortest.Cloud
}

func TestMain(m *testing.M) {
	if command := os.Getenv(commandVariable); command != "" {
		stop := profile(command)
		err := runCommand(command)
		stop()
		if err != nil {
			fmt.Fprintln(os.Stderr, command+":", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// profile writes a processor profile until stop is called, if somebody wants it.
func profile(name string) (stop func()) {
	folder := os.Getenv(profileVariable)
	if folder == "" {
		return func() {}
	}
	file, err := os.Create(filepath.Join(folder, name+".pprof"))
	if err == nil {
		err = pprof.StartCPUProfile(file)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return pprof.StopCPUProfile
}

// processorTime returns how much of a processor a process has taken.
func processorTime(process *exec.Cmd) float64 {
	return (process.ProcessState.UserTime() + process.ProcessState.SystemTime()).Seconds()
}

// runCommand is what a measured process does. An interrupt ends it.
func runCommand(command string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	client, err := gcp.Firestore(ctx, os.Getenv(projectVariable), gcp.DefaultDatabase)
	if err != nil {
		return err
	}
	defer client.Close()
	url, slot := os.Getenv(urlVariable), os.Getenv(slotVariable)
	if command == "follow" {
		err := replication.Run(ctx, replication.Config{
			URL: url, Mapping: legacydb.Default(), Firestore: client, Slot: slot, Publication: publication, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		})
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	return snapshotcopy.Run(ctx, snapshotcopy.Config{
		URL: url, Mapping: legacydb.Default(), Firestore: client, Slot: slot, Publication: publication, Prepare: true,
	})
}

// start starts a process that runs a command.
func start(b *testing.B, w *world, command string) (process *exec.Cmd, output *processOutput) {
	b.Helper()
	process, output = exec.Command(os.Args[0]), new(processOutput)
	process.Env = append(os.Environ(), commandVariable+"="+command, urlVariable+"="+w.Database.URL(), slotVariable+"="+w.Slot,
		projectVariable+"="+w.cloud.Project, "FIRESTORE_EMULATOR_HOST="+w.cloud.FirestoreAddress())
	process.Stdout, process.Stderr = output, output
	if err := process.Start(); err != nil {
		b.Fatal(err)
	}
	return process, output
}

// processOutput is what a process has written so far.
type processOutput struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (o *processOutput) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String returns it.
func (o *processOutput) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until the process has written a text.
func (o *processOutput) await(ctx context.Context, text string) {
	for ctx.Err() == nil && !strings.Contains(o.String(), text) {
		time.Sleep(10 * time.Millisecond)
	}
}

// peak watches the memory of a process until stop is called, and returns its maximum in MB.
func peak(process *exec.Cmd) (stop func() float64) {
	done, result := make(chan struct{}), make(chan float64, 1)
	go func() {
		most := 0.0
		for {
			text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", process.Process.Pid))
			for line := range strings.Lines(string(text)) {
				if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
					kb, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
					most = max(most, kb/1024)
				}
			}
			select {
			case <-done:
				result <- most
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	return func() float64 {
		close(done)
		return <-result
	}
}

func BenchmarkCopyAndFollow(b *testing.B) {
	users, err := strconv.Atoi(os.Getenv("MIGRATION_BENCH_USERS"))
	if err != nil {
		users = 3000
	}
	data := olddata.Million()
	data.Users = users
	for b.Loop() {
		cloud := emulatortest.Start(b)
		w := &world{bothsides.New(b, cloud.FirestoreClient(b), data), cloud}
		dump := pgDump(b, w)
		copied := measureCopy(b, w)
		b.ReportMetric(copied.Seconds()/dump.Seconds(), "copy/pg_dump")
		measureFollow(b, w)
	}
}

// pgDump returns how long pg_dump takes.
func pgDump(b *testing.B, w *world) time.Duration {
	b.Helper()
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump")
	if path, err := exec.LookPath("pg_dump"); err == nil {
		programs = append(programs, path)
	}
	if len(programs) == 0 {
		b.Skip("no pg_dump")
	}
	slices.Sort(programs)
	began := time.Now()
	if out, err := exec.Command(programs[0], "--dbname", w.Database.URL(), "--format", "plain", "--file", os.DevNull).CombinedOutput(); err != nil {
		b.Fatalf("pg_dump: %v\n%s", err, out)
	}
	took := time.Since(began)
	b.ReportMetric(took.Seconds(), "pg_dump-s")
	return took
}

func measureCopy(b *testing.B, w *world) time.Duration {
	b.Helper()
	began := time.Now()
	process, output := start(b, w, "copy")
	memory := peak(process)
	if err := process.Wait(); err != nil {
		b.Fatalf("copy: %v\n%s", err, output)
	}
	took := time.Since(began)
	documents := len(bothsides.Stored(b, w.Firestore))
	b.ReportMetric(took.Seconds(), "copy-s")
	b.ReportMetric(float64(documents)/took.Seconds(), "copied-documents/s")
	b.ReportMetric(memory(), "copy-MB")
	b.ReportMetric(processorTime(process), "copy-processor-s")
	b.ReportMetric(documentwriter.RampDuration(int64(documents)).Seconds(), "copy-on-Google-s")
	return took
}

// measureFollow lets follow apply changes that have been made while it did not run.
func measureFollow(b *testing.B, w *world) {
	b.Helper()
	const changes = 20_000
	w.Exec(b, fmt.Sprintf(`
		DO $$ DECLARE part int; BEGIN
			FOR part IN 0..%d LOOP
				UPDATE lectures SET title = 'changed' WHERE id IN (SELECT id FROM lectures ORDER BY id OFFSET part * 20 LIMIT 20);
				COMMIT;
			END LOOP;
		END $$`, changes/20-1))
	stop := profile("cloud")
	starting := time.Now()
	process, output := start(b, w, "follow")
	output.await(b.Context(), "msg=following") // it has read who is called what
	began := time.Now()
	b.ReportMetric(began.Sub(starting).Seconds(), "follow-start-s")
	memory := peak(process)
	if err := replication.Drain(b.Context(), w.Firestore, w.LSN(b)); err != nil {
		b.Fatalf("follow: %v\n%s", err, output)
	}
	took := time.Since(began)
	b.ReportMetric(changes/took.Seconds(), "followed-changes/s")
	b.ReportMetric(memory(), "follow-MB")
	stop()
	process.Process.Signal(os.Interrupt)
	process.Wait()
	b.ReportMetric(processorTime(process), "follow-processor-s")
	w.RequireEqual(b)
}
