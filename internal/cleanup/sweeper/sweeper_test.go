package sweeper_test

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"
	"google.golang.org/grpc/metadata"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/emulatortest/authclient"
	"heek.kr/heektime/emulator/emulatortest/storageclient"
	"heek.kr/heektime/internal/cleanup/sweeper"
	"heek.kr/heektime/internal/deletion"
	"heek.kr/heektime/internal/faulttest"
)

// world is a local cloud with clients that bypass the rules.
type world struct {
	*emulatortest.Cloud
	fs       *firestore.Client
	accounts *firebaseauth.Client
}

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	os.Exit(m.Run())
}

func newWorld(t testing.TB) *world {
	t.Helper()
	indexes, err := os.ReadFile("../../../firestore.indexes.json")
	must(t, err)
	w := &world{Cloud: emulatortest.Start(t, func(c *emulator.Config) { c.Indexes = indexes })}
	w.fs = w.FirestoreClient(t)
	w.accounts = authclient.New(t, w.Project, w.AuthAddress())
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) sweeper(t testing.TB, operations int) *sweeper.Service {
	t.Helper()
	return w.sweeperWith(t, w.fs, operations)
}

// sweeperWith returns a sweeper whose calls to Firestore a client makes.
func (w *world) sweeperWith(t testing.TB, fs *firestore.Client, operations int) *sweeper.Service {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	d, err := deletion.New(deletion.Config{Firestore: fs, Accounts: w.accounts, Log: log, Now: w.Clock.Now})
	must(t, err)
	s, err := sweeper.New(sweeper.Config{
		Firestore: fs, Accounts: w.accounts, Bucket: storageclient.New(t, w.StorageAddress()).Bucket(w.Project), Deletion: d, Log: log,
		Operations: operations, Now: w.Clock.Now,
	})
	must(t, err)
	return s
}

// put writes documents that are a day old, by the sweeper's clock.
func (w *world) put(t testing.TB, docs map[string]map[string]any) {
	t.Helper()
	batch := w.fs.BulkWriter(t.Context())
	for path, data := range docs {
		_, err := batch.Set(w.fs.Doc(path), data)
		must(t, err)
	}
	batch.End()
	w.Clock.Advance(24 * time.Hour)
}

func (w *world) account(t testing.TB, uids ...string) {
	t.Helper()
	for _, uid := range uids {
		_, err := w.accounts.CreateUser(t.Context(), (&firebaseauth.UserToCreate{}).UID(uid))
		must(t, err)
	}
}

func (w *world) exists(t testing.TB, path string) bool {
	t.Helper()
	docs, err := w.fs.GetAll(t.Context(), []*firestore.DocumentRef{w.fs.Doc(path)})
	must(t, err)
	return docs[0].Exists()
}

func (w *world) object(t testing.TB, name string) {
	t.Helper()
	o := storageclient.New(t, w.StorageAddress()).Bucket(w.Project).Object(name).NewWriter(t.Context())
	_, err := o.Write([]byte("[]"))
	must(t, err)
	must(t, o.Close())
}

func name(s string) string { return "indices/user/usernames/" + s }

type data = map[string]any

// seedMess creates an example of everything that can be wrong, and similar data that is right.
func (w *world) seedMess(t testing.TB) (right, wrong []string) {
	t.Helper()
	w.account(t, "alice", "nameless", "norman", "grace", "oddity")
	old := data{"createdAt": w.Clock.Now()}
	now := w.Clock.Now()
	docs := map[string]map[string]any{
		"users/alice": {"username": "alice"}, name("alice"): {"value": "alice"},
		"users/alice/timetables/t1": {}, "users/alice/timetables/t1/lectures/l1": old,
		"users/alice/timetables/gone/lectures/l1": old, "users/alice/timetables/gone/lectures/l2": {}, // an old one without times
		name("alias"): {"value": "alice"}, // of a user with another username
		name("ghost"): {"value": "ghost"}, // of a user who does not exist
		// Grace's deletion is pending and can be canceled: her username and her timetables stay.
		"deletions/grace": {"user": data{"username": "grace"}, "purging": false, "due": now.Add(100 * time.Hour), "until": now.Add(100 * time.Hour), "signedOut": true},
		name("grace"):     {"value": "grace"}, "users/grace/timetables/t1": {}, "users/grace/timetables/t1/lectures/l1": old,
		// Ivan is blocked, and has no account that could cancel anything.
		"deletions/ivan": {"user": data{"username": "ivan"}, "block": data{"reason": "spam", "at": now}, "purging": false, "signedOut": true},
		name("ivan"):     {"value": "ivan"}, "users/ivan/timetables/t1": {}, "users/ivan/timetables/t1/lectures/l1": old,
		// Nobody can cancel this deletion.
		"deletions/nobody": {"purging": false, "due": now.Add(100 * time.Hour), "until": now.Add(100 * time.Hour), "signedOut": true},
		// Norman has lost the index of his username; nameless never chose one.
		"users/norman":                 {"username": "norman"},
		"users/nameless/timetables/t1": {}, "users/nameless/timetables/t1/lectures/l1": old,
		// lost has neither user document nor account.
		"users/lost/timetables/t1": {}, "users/lost/timetables/t1/lectures/l1": old,
		// vanished has neither, but a follower.
		"users/vanished/counts/followers": {"count": 1}, "users/alice/follows/vanished": {"uid": "vanished", "createdAt": now},
		// asleep has not signed in since the migration, which lost their user document.
		"users/asleep/timetables/t1": {}, "users/asleep/timetables/t1/lectures/l1": old, "credentials/y": {"uid": "asleep"},
		// Nobody can sign in as locked, but legacy has a password of the old system.
		"users/locked": {"username": "locked"}, name("locked"): {"value": "locked"},
		// The old system had usernames that cannot be document ids.
		"users/oddity": {"username": "__odd__"}, name("reserved"): {"value": "__odd__"},
		"users/legacy": {"username": "legacy"}, name("legacy"): {"value": "legacy"}, "credentials/x": {"uid": "legacy"},
		"schools/korea/semesters/2026-0900":              {"year": 2026},
		"refreshes/korea/semesters/2026-0900/runs/1-1":   {"expires": now.Add(-72 * time.Hour)},
		"refreshes/korea/semesters/2026-0900/runs/2-2":   {"expires": now.Add(-71 * time.Hour)},
		"refreshes/korea/semesters/2026-0900/runs/3-3":   {"expires": now.Add(72 * time.Hour)},
		"refreshes/nowhere/semesters/2026-0900/runs/1-1": {"expires": now.Add(72 * time.Hour)},
	}
	w.object(t, "lectures/korea/2026-0900/a.json")
	w.object(t, "lectures/korea/1999-0900/a.json")
	w.object(t, "lectures/__odd__/1999-0900/a.json")
	w.Clock.Advance(8 * 24 * time.Hour)
	for path, d := range docs {
		for field, v := range d {
			if at, ok := v.(time.Time); ok {
				docs[path][field] = at.Add(8 * 24 * time.Hour)
			}
		}
	}
	w.put(t, docs)
	wrong = []string{"users/alice/timetables/gone/lectures/l1", "users/alice/timetables/gone/lectures/l2", name("alias"), name("ghost"),
		"refreshes/korea/semesters/2026-0900/runs/1-1", "refreshes/korea/semesters/2026-0900/runs/2-2"}
	for path := range docs {
		right = append(right, path)
	}
	return right, wrong
}

func (w *world) check(t testing.TB, right, wrong []string) {
	t.Helper()
	gone := map[string]bool{}
	for _, path := range wrong {
		gone[path] = true
		if w.exists(t, path) {
			t.Errorf("%s was not removed", path)
		}
	}
	for _, path := range right {
		if !gone[path] && !w.exists(t, path) {
			t.Errorf("%s is gone", path)
		}
	}
	for _, path := range []string{name("norman"), "deletions/lost", "deletions/vanished"} {
		if !w.exists(t, path) {
			t.Errorf("%s was not created", path)
		}
	}
	pending, err := deletion.ReadPending(t.Context(), w.fs, "nobody")
	must(t, err)
	if pending.Due.After(w.Clock.Now()) {
		t.Errorf("the purge that nobody can cancel is due at %v, want now", pending.Due)
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	right, wrong := w.seedMess(t)
	var r sweeper.Report
	var err error
	cost := emulatortest.CostOf(w.Measure(t, func() { r, err = w.sweeper(t, 0).Sweep(t.Context()) }))
	if err != nil || !r.Whole || r.Lectures != 2 || r.Usernames != 2 || r.Users != 1 || r.Accounts != 2 || r.Runs != 2 || r.Objects != 1 || r.Marks != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if cost.Total() > r.Operations || r.Operations > cost.Total()+60 {
		t.Errorf("billed %v, counted %d", cost, r.Operations)
	}
	if r.Odd != 4 || !slices.Contains(r.Examples, "users/locked has no account: nobody can sign in to it (heektime user delete ends it)") ||
		!slices.Contains(r.Examples, `users/oddity has the username "__odd__", which is not valid`) ||
		!slices.Contains(r.Examples, "object lectures/__odd__/1999-0900/a.json is not a course list") ||
		!slices.Contains(r.Examples, `indices/user/usernames/reserved names "__odd__", which is not a uid`) {
		t.Errorf("odd: %q", r.Examples)
	}
	w.check(t, right, wrong)
	again, err := w.sweeper(t, 0).Sweep(t.Context())
	if err != nil || !again.Whole || again.Lectures+again.Usernames+again.Users+again.Accounts+again.Runs+again.Objects+again.Marks != 0 {
		t.Errorf("again: %+v, %v", again, err)
	}
}

// Recently written data may be incomplete.
func TestYoungDataIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account(t, "alice")
	w.put(t, nil)
	for path, d := range map[string]data{
		"users/alice": {"username": "alice"}, name("ghost"): {"value": "ghost"},
		"users/alice/timetables/gone/lectures/l1": {"createdAt": w.Clock.Now()},
	} {
		_, err := w.fs.Doc(path).Set(t.Context(), d)
		must(t, err)
	}
	r, err := w.sweeper(t, 0).Sweep(t.Context())
	if err != nil || r.Lectures+r.Usernames+r.Users != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	w.Clock.Advance(20 * time.Minute)
	r, err = w.sweeper(t, 0).Sweep(t.Context())
	if err != nil || r.Lectures != 1 || r.Usernames != 1 || r.Users != 1 {
		t.Errorf("later: %+v, %v", r, err)
	}
}

// Successive runs, each within its bound, sweep everything, even if others between them are killed, before
// or after any of their calls. It is long because it compares what the runs report with what is left.
func TestContinuesWhereItStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	right, wrong := w.seedMess(t)
	docs := map[string]map[string]any{}
	for i := range 130 {
		uid := fmt.Sprintf("user%03d", i)
		w.account(t, uid)
		docs["users/"+uid], docs[name(uid)] = data{"username": uid}, data{"value": uid}
		docs["users/"+uid+"/timetables/t1"] = data{}
	}
	const many = 230 // more timetables than a page has, and more lectures than a batch
	for i := range many {
		docs[fmt.Sprintf("users/alice/timetables/many%03d", i)] = data{}
		path := fmt.Sprintf("users/alice/timetables/gone/lectures/many%03d", i)
		docs[path] = data{"createdAt": time.Unix(1, 0)}
		wrong = append(wrong, path)
	}
	w.put(t, docs)
	before := w.Usage()
	const operations = 600
	var runs, reported, unreported int
	for whole := false; !whole; runs++ {
		if runs > 50 {
			t.Fatal("the sweep does not finish")
		}
		// A run that is killed while it commits may have removed a batch that it cannot report.
		killed, lost := w.killedSweep(t, operations, runs)
		if killed {
			unreported += deletion.BatchSize
		}
		w.Clock.Advance(20 * time.Minute) // its lease has expired
		// The server may still be executing calls of the killed run, so this one's have a name.
		run := fmt.Sprint("run ", runs)
		var r sweeper.Report
		usage := w.Measure(t, func() {
			var err error
			r, err = w.sweeper(t, operations).Sweep(metadata.AppendToOutgoingContext(t.Context(), strings.ToLower(billing.ActionHeader), run))
			must(t, err)
		})
		cost := int64(0)
		for _, item := range []billing.Item{billing.FirestoreReads, billing.FirestoreWrites, billing.FirestoreDeletes} {
			cost += usage.AmountOf(item, func(c billing.Cause) bool { return c.Action == run })
		}
		if cost == 0 || cost > operations || r.Operations > operations {
			t.Errorf("a run billed %v and counted %d", cost, r.Operations)
		}
		reported += r.Lectures + lost.Lectures
		whole = r.Whole || lost.Whole
	}
	if runs < 3 || unreported == 0 {
		t.Errorf("the sweep took only %d runs, want at least 3, some of them killed", runs)
	}
	// A killed run may have reached the end and begun again, so sweep everything once more.
	r, err := w.sweeper(t, 0).Sweep(t.Context())
	must(t, err)
	reported += r.Lectures
	w.check(t, right, wrong)
	if want := many + 2; reported > want || reported+unreported < want {
		t.Errorf("the runs reported %d removed lectures, want %d, or up to %d less", reported, want, unreported)
	}
	// Deletions of missing documents are billed, too: each lecture was removed once.
	removed := billing.Between(before, w.Usage()).AmountOf(billing.FirestoreDeletes, func(c billing.Cause) bool {
		return c.Collection == "users/{}/timetables/{}/lectures"
	})
	if removed != many+2 {
		t.Errorf("the runs removed %d lectures, want %d", removed, many+2)
	}
}

// killedSweep runs a sweep that is killed at one of its calls to Firestore, a later one for each n, unless it
// ends before. Odd ones are killed after the call.
func (w *world) killedSweep(t testing.TB, operations, n int) (killed bool, _ sweeper.Report) {
	t.Helper()
	fault := faulttest.KillBefore
	if n%2 == 1 {
		fault = faulttest.KillAfter
	}
	at := 5 * n
	process, ctx := faulttest.New(t.Context(), fault, at)
	r, err := w.sweeperWith(t, w.FirestoreClient(t, process.DialOptions()...), operations).Sweep(ctx)
	if killed = len(process.Calls()) > at; !killed {
		must(t, err)
	} else if err == nil {
		t.Error("a killed run returned no error")
	}
	return killed, r
}

// A user with thousands of timetables, or with thousands of lectures of a deleted one, does not keep the
// sweeper from the others: every run reaches them, and the large user's rest is swept in later runs.
func TestLargeUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account(t, "big", "deep", "zoe")
	old := data{"createdAt": time.Unix(1, 0)}
	docs := map[string]map[string]any{}
	for _, uid := range []string{"big", "deep", "zoe"} {
		docs["users/"+uid], docs[name(uid+"name")] = data{"username": uid + "name"}, data{"value": uid}
	}
	for i := range 1400 {
		docs[fmt.Sprintf("users/big/timetables/t%04d", i)] = data{}
	}
	orphans := map[string]int{"users/big/timetables/t1399x": 1, "users/deep/timetables/gone": 1200, "users/zoe/timetables/gone": 1}
	for timetable, n := range orphans {
		for i := range n {
			docs[fmt.Sprintf("%s/lectures/l%04d", timetable, i)] = old
		}
	}
	w.put(t, docs)
	left := func(timetable string) int {
		refs, err := w.fs.Collection(timetable + "/lectures").DocumentRefs(t.Context()).GetAll()
		must(t, err)
		return len(refs)
	}
	const operations = 5000
	r, err := w.sweeper(t, operations).Sweep(t.Context())
	if err != nil || !r.Whole || r.Postponed != 2 || r.Operations > operations {
		t.Fatalf("the first run: %+v, %v", r, err)
	}
	if n := left("users/zoe/timetables/gone"); n != 0 {
		t.Errorf("the user after the large ones has %d orphaned lectures left", n)
	}
	if big, deep := left("users/big/timetables/t1399x"), left("users/deep/timetables/gone"); big != 1 || deep == 0 || deep == 1200 {
		t.Errorf("after the first run, %d and %d orphaned lectures of the large users are left", big, deep)
	}
	for run := 2; r.Postponed > 0; run++ {
		if run > 6 {
			t.Fatal("the large users are never finished")
		}
		if r, err = w.sweeper(t, operations).Sweep(t.Context()); err != nil || !r.Whole {
			t.Fatalf("run %d: %+v, %v", run, r, err)
		}
	}
	for timetable := range orphans {
		if n := left(timetable); n != 0 {
			t.Errorf("%s has %d lectures left", timetable, n)
		}
	}
}

// Of concurrent runs, only one does anything.
func TestConcurrentRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	right, wrong := w.seedMess(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	busy := 0
	for range 4 {
		s := w.sweeper(t, 0)
		wg.Go(func() {
			r, err := s.Sweep(t.Context())
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if r.Busy {
				busy++
			}
		})
	}
	wg.Wait()
	if busy == 0 {
		t.Log("the runs did not overlap")
	}
	w.check(t, right, wrong)
}

// A stage that a run cannot even list within its bound is reported and does not block later stages.
func TestMoreThanARunCanList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	docs := map[string]map[string]any{"deletions/nobody": {"purging": false, "due": w.Clock.Now().Add(100 * time.Hour), "signedOut": true}}
	for i := range 400 {
		docs[fmt.Sprintf("refreshes/korea/semesters/%04d", i)] = data{}
	}
	w.put(t, docs)
	pending, odd := 0, 0
	for range 30 {
		r, err := w.sweeper(t, 500).Sweep(t.Context())
		if err != nil || r.Operations > 500 {
			t.Fatalf("%+v, %v", r, err)
		}
		pending, odd = pending+r.Marks, odd+r.Odd
	}
	if pending == 0 || odd == 0 {
		t.Errorf("repaired %d pending deletions and reported %d problems, want some of each", pending, odd)
	}
}
