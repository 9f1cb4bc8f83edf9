package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// A whole move with the commands of its operator, in the order of docs/migrate.md: what they print, when they
// fail, that --dry-run writes nothing on either side, and that they go on after a kill. It is long because it is
// the whole day.
func TestMigrateCommands(t *testing.T) {
	w := newDirtyMoveWorld(t, 120)
	w.beforeTheCopy()
	w.copyCommand()
	follow := w.startFollow()
	w.change("a change while follow runs")
	w.run(true, "both sides are equal", "migrate", "verify")
	follow.kill()
	w.change("a change while nothing follows")
	w.run(true, "nothing follows the old database", "migrate", "status")
	follow = w.startFollow()
	w.run(true, "both sides are equal", "migrate", "verify")
	w.checkStatus("heektime migrate switch schools")
	w.switchCommands()
	w.checkStatus("finish in 14 days")
	w.finishCommand(follow)
}

// process is a command that runs while others do.
type process struct {
	w    *moveWorld
	cmd  *exec.Cmd
	done chan struct{}
	err  error

	mu  sync.Mutex
	out bytes.Buffer
	// wrote has an element when there is more output.
	wrote chan struct{}
}

func (p *process) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case p.wrote <- struct{}{}:
	default:
	}
	return p.out.Write(text)
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

func (w *moveWorld) start(args ...string) *process {
	w.t.Helper()
	p := &process{w: w, cmd: heektime(w.t, args...), done: make(chan struct{}), wrote: make(chan struct{}, 1)}
	p.cmd.Stdout, p.cmd.Stderr = p, p
	w.must(p.cmd.Start())
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	w.t.Cleanup(p.kill)
	return p
}

// await waits until the process has written a text.
func (p *process) await(text string) {
	p.w.t.Helper()
	for !strings.Contains(p.output(), text) {
		select {
		case <-p.wrote:
		case <-p.done:
			if !strings.Contains(p.output(), text) {
				p.w.t.Fatalf("%v ended without %q: %v\n%s", p.cmd.Args, text, p.err, p.output())
			}
		}
	}
}

// kill ends the process as a crash does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
}

func (w *moveWorld) startFollow() *process {
	w.t.Helper()
	p := w.start("migrate", "follow")
	p.await("msg=following")
	return p
}

// change changes a row of the old database.
func (w *moveWorld) change(title string) {
	w.t.Helper()
	_, err := w.old.Pool.Exec(w.t.Context(), `UPDATE timetables SET title = $1, updated_at = now() AT TIME ZONE 'Asia/Seoul'
		WHERE id = (SELECT id FROM timetables WHERE user_id IN (SELECT id FROM users) ORDER BY id LIMIT 1)`, title)
	w.must(err)
}

// contents is what both sides hold, with everything that the move adds to them.
func (w *moveWorld) contents() []string {
	w.t.Helper()
	var lines []string
	for _, name := range []string{"schools", "semesters", "users", "usernames", "credentials", "timetables", "lectures", "migrations", "deletions"} {
		docs, err := w.client.CollectionGroup(name).Documents(w.t.Context()).GetAll()
		w.must(err)
		for _, doc := range docs {
			// Follow stores its position while it runs.
			if id := doc.Ref.ID; name != "migrations" || id != schema.MigrationPositionRef(w.client).ID {
				lines = append(lines, fmt.Sprint(doc.Ref.Path, doc.UpdateTime))
			}
		}
	}
	for _, sql := range []string{
		"SELECT 'slot ' || slot_name FROM pg_replication_slots WHERE database = current_database()",
		"SELECT 'publication ' || pubname FROM pg_publication",
		"SELECT 'trigger ' || tgrelid::regclass || tgname || encode(tgargs, 'escape') FROM pg_trigger WHERE NOT tgisinternal",
		"SELECT 'table ' || n.nspname || c.relname || c.relreplident::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'heektime_migration')",
		"SELECT 'user ' || u::text FROM users u", "SELECT 'timetable ' || t::text FROM timetables t", "SELECT 'lecture ' || l::text FROM lectures l",
	} {
		rows, err := w.old.Pool.Query(w.t.Context(), sql)
		w.must(err)
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		w.must(err)
		lines = append(lines, list...)
	}
	return lines
}

// dry runs a command that must change nothing on either side.
func (w *moveWorld) dry(ok bool, want string, args ...string) {
	w.t.Helper()
	before := w.contents()
	w.run(ok, want, args...)
	after := w.contents()
	for _, line := range after {
		if !slices.Contains(before, line) {
			w.t.Errorf("%v has written %s", args, line)
		}
	}
	if len(after) != len(before) {
		w.t.Errorf("%v has changed something: there were %d rows and documents, and are %d", args, len(before), len(after))
	}
}

func (w *moveWorld) beforeTheCopy() {
	w.t.Helper()
	if text := w.run(true, "heektime migrate plan", "migrate", "status"); !strings.Contains(text, "old database test_") {
		w.t.Errorf("the old database is not named:\n%s", text)
	}
	findings, letters := w.t.TempDir()+"/findings.json", w.t.TempDir()+"/letters.csv"
	w.dry(true, "migrate copy --prepare does", "migrate", "plan", "--findings", findings, "--tell", letters)
	for file, want := range map[string]string{findings: `"tellUser":true`, letters: "로그인"} {
		text, err := os.ReadFile(file)
		info, statErr := os.Stat(file)
		if err != nil || statErr != nil || !bytes.Contains(text, []byte(want)) || info.Mode().Perm() != 0o600 {
			w.t.Errorf("%s lacks %q, or others can read it (%v, %v):\n%s", file, want, err, statErr, text)
		}
	}
	w.dry(false, "Add --prepare", "migrate", "copy")
	w.dry(true, "With --prepare, the copy would first run", "migrate", "copy", "--dry-run")
	w.dry(true, "nothing was written", "migrate", "copy", "--prepare", "--dry-run")
	w.dry(false, "there is no complete copy to compare yet: heektime migrate copy", "migrate", "verify")
	w.dry(false, "nothing was copied yet: run heektime migrate copy first", "migrate", "follow", "--dry-run")
	w.dry(false, "schools come first: heektime migrate switch schools\nthe copy is not complete", "migrate", "switch", "accounts", "--dry-run")
	w.dry(false, `"users" is not a kind of data`, "migrate", "switch", "users")
	w.dry(true, "the old side already has them", "migrate", "back", "schools", "--dry-run")
	w.dry(false, "schools have not moved", "migrate", "finish")
}

// copyCommand copies, copies again, is killed in the middle of that, and copies what is left.
func (w *moveWorld) copyCommand() {
	w.t.Helper()
	w.run(true, "copied; start heektime migrate follow now", "migrate", "copy", "--prepare")
	again := w.start("migrate", "copy")
	w.awaitCopy(func(c schema.MigrationCopy) bool { return c.FinishedAt.IsZero() })
	unlock := w.openTransaction("LOCK TABLE lectures") // the copy waits for it, unless it is that fast
	w.awaitBlocked(again)
	again.kill()
	unlock()
	w.run(true, "copied", "migrate", "copy")
	w.dry(true, "would follow slot heektime_migration", "migrate", "follow", "--dry-run")
	w.dry(true, "reads", "migrate", "verify", "--dry-run")
	w.dry(false, "nobody applies the changes of the old database: start heektime migrate follow", "migrate", "switch", "schools", "--dry-run")
}

// openTransaction runs a statement in a transaction that stays open until the returned function is called.
func (w *moveWorld) openTransaction(sql string) (rollBack func()) {
	w.t.Helper()
	tx, err := w.old.Pool.Begin(w.t.Context())
	w.must(err)
	_, err = tx.Exec(w.t.Context(), sql)
	w.must(err)
	return func() { w.must(tx.Rollback(context.WithoutCancel(w.t.Context()))) }
}

// awaitCopy waits until the progress of the copy is as wanted.
func (w *moveWorld) awaitCopy(wanted func(schema.MigrationCopy) bool) {
	w.t.Helper()
	snapshots := schema.MigrationCopyRef(w.client).Snapshots(w.t.Context())
	defer snapshots.Stop()
	for {
		snap, err := snapshots.Next()
		w.must(err)
		var c schema.MigrationCopy
		_, err = schema.Decode(snap.Ref, snap, nil, &c)
		w.must(err)
		if wanted(c) {
			return
		}
	}
}

// awaitBlocked waits until a process waits for a lock of the old database, or has ended.
func (w *moveWorld) awaitBlocked(p *process) {
	w.t.Helper()
	for blocked := false; !blocked; {
		const sql = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())"
		w.must(w.old.Pool.QueryRow(w.t.Context(), sql).Scan(&blocked))
		select {
		case <-p.done:
			return
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// switchCommands moves everything, timetables in a second attempt after a kill, and back and forth once.
func (w *moveWorld) switchCommands() {
	w.t.Helper()
	w.dry(true, ". keep the tables closed", "migrate", "switch", "schools", "--dry-run")
	w.run(true, "schools are on the new side", "migrate", "switch", "schools")
	w.dry(false, "accounts come first", "migrate", "switch", "timetables", "--dry-run")
	w.run(true, "accounts are on the new side", "migrate", "switch", "accounts")

	// The transaction keeps the tables from being locked.
	open := w.openTransaction("UPDATE lectures SET title = title")
	killed := w.start("migrate", "switch", "timetables")
	killed.await("hold writes")
	killed.kill()
	open()
	w.run(true, "are being switched to the new side", "migrate", "status")
	w.run(true, "timetables are on the new side", "migrate", "switch", "timetables")
	w.run(true, "nothing to do", "migrate", "switch", "timetables")
	if _, err := w.old.Pool.Exec(w.t.Context(), "UPDATE timetables SET title = ''"); err == nil {
		w.t.Error("the old database accepts writes of timetables")
	}

	w.dry(false, "timetables go back first: heektime migrate back timetables", "migrate", "back", "accounts", "--dry-run")
	w.dry(true, ". write to the old database", "migrate", "back", "timetables", "--dry-run")
	w.run(true, "timetables are on the old side", "migrate", "back", "timetables")
	w.dry(false, "timetables have not moved", "migrate", "finish", "--yes")
	w.change("a change after the way back")
	w.run(true, "timetables are on the new side", "migrate", "switch", "timetables")
	w.run(true, "both sides are equal", "migrate", "verify")
}

// checkStatus checks that the status fits on a screen and says what to do next.
func (w *moveWorld) checkStatus(next string) {
	w.t.Helper()
	_, err := schema.MigrationClientsRef(w.client).Set(w.t.Context(), schema.MigrationClients{SeenAt: time.Now(), Version: "HeekTime/1.4.2"}.Fields())
	w.must(err)
	out, _, ok := output(w.t, "migrate", "status")
	for _, want := range []string{next, "changes/s", "behind", "HeekTime/1.4.2"} {
		if !ok || !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
			w.t.Errorf("the status lacks %q:\n%s", want, out)
		}
	}
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if len(lines) > 24 {
		w.t.Errorf("the status has %d lines:\n%s", len(lines), out)
	}
	for _, line := range lines {
		if table.Width(line) > screenWidth {
			w.t.Errorf("a line of the status has %d columns: %s", table.Width(line), line)
		}
	}
}

// finishCommand asks, refuses while follow runs, and can be killed and repeated.
func (w *moveWorld) finishCommand(follow *process) {
	w.t.Helper()
	w.dry(true, "the names (users.name) of", "migrate", "finish", "--dry-run")
	w.answer(false, "no\n", "nothing was removed")
	w.answer(false, "", "nothing was removed")
	w.answer(false, w.cloud.Project+"\n", "stop heektime migrate follow first")
	w.must(follow.cmd.Process.Signal(syscall.SIGINT))
	if <-follow.done; follow.err != nil {
		w.t.Errorf("an interrupted follow: %v\n%s", follow.err, follow.output())
	}

	// The transaction keeps the triggers from being dropped.
	open := w.openTransaction("SELECT FROM lectures")
	killed := w.start("migrate", "finish", "--yes")
	killed.await("drop the publication")
	killed.kill()
	open()
	w.answer(true, w.cloud.Project+"\n", "the move is finished")
	w.dry(true, "the move is finished already", "migrate", "finish")
	w.dry(true, "the move is finished", "migrate", "status")
	w.dry(false, "the move is finished: nothing keeps both sides equal", "migrate", "verify")
	for _, kind := range state.Kinds() {
		w.dry(false, "the move is finished: there is nothing to switch", "migrate", "switch", string(kind))
		w.dry(false, "the move is finished: there is nothing to switch", "migrate", "back", string(kind))
	}
}

// answer runs finish with an answer to its question.
func (w *moveWorld) answer(ok bool, line, want string) {
	w.t.Helper()
	cmd := heektime(w.t, "migrate", "finish")
	cmd.Stdin = strings.NewReader(line)
	out, err := cmd.CombinedOutput()
	if (err == nil) != ok || !strings.Contains(string(out), want) {
		w.t.Errorf("finish with %q: %v, want success = %v with %q\n%s", line, err, ok, want, out)
	}
}
