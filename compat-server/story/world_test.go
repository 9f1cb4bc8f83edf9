package story

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/migration/migrationtest/faultproxy"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrationtest/oldserver"
	"heek.kr/heektime/internal/migration/migrationtest/postgrestest"
	"heek.kr/heektime/internal/schema"
)

// anySemester is the old id of the semester of all timetables that apps make.
const anySemester = "korea_univ_anam/2022-2학기"

// accessLifetime is how long the old server's access tokens are valid. Apps refresh theirs in every phase.
const accessLifetime = 2 * time.Second

// world is everything in one history.
type world struct {
	*testing.T
	r *rand.Rand
	// requests is the context of all requests. It ends when the history has failed or is over.
	requests context.Context
	cancel   context.CancelFunc

	cloud    *emulatortest.Cloud
	fs       *firestore.Client // bypasses the rules
	data     *olddata.Generator
	postgres *postgrestest.Server
	db       *postgrestest.Database
	old      *oldserver.Running
	// semesterPath is the document of anySemester.
	semesterPath string

	// Links whose network fails.
	oldToPostgres, compatToOld, compatToFirestore, toolToPostgres, toolToFirestore *faultproxy.Proxy

	balancer balancer
	faults   faults

	began time.Time

	mu       sync.Mutex
	steps    int
	stepped  chan struct{} // closed and replaced with each step
	counts   map[string]int
	slowest  map[string]time.Duration
	problems int
}

// newWorld starts a world without instances of compat-server. The server is shared by all histories.
func newWorld(t *testing.T, seed uint64, postgres *postgrestest.Server) *world {
	t.Helper()
	w := &world{
		T: t, r: rand.New(rand.NewPCG(seed, 0)), postgres: postgres, semesterPath: "schools/고려대학교-서울/semesters/2022-0900",
		data: olddata.New(olddata.Config{Users: max(60, 2**apps), LecturesPerUser: 4}), began: time.Now(), stepped: make(chan struct{}), counts: map[string]int{}, slowest: map[string]time.Duration{},
	}
	w.requests, w.cancel = context.WithCancel(context.Background())
	t.Cleanup(w.cancel)
	read := func(name string) []byte {
		text, err := os.ReadFile("../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	w.cloud = emulatortest.Start(t, func(c *emulator.Config) {
		c.Rules, c.Indexes = read("firestore.rules"), read("firestore.indexes.json")
	})
	w.fs = w.cloud.FirestoreClient(t)
	w.cloud.Seed(t, emulatortest.Docs{
		"schools/고려대학교-서울": {"name": "고려대학교 (서울)", "legacyId": "korea_univ_anam"},
		w.semesterPath:     {"year": 2022, "term": "2학기", "status": "normal", "periods": []any{}, "lecturesUrl": "gs://lists/any.json"},
	})
	w.db = postgres.NewDatabase(t, olddata.Schema)
	w.fill()
	w.link()
	w.old = oldserver.Start(t, w.through(w.oldToPostgres), oldserver.Config{
		AccessLifetime: accessLifetime,
		Failed:         func(*http.Request, error) {},
	})
	w.compatToOld = faultproxy.Start(t, w.old.Address)
	return w
}

func (w *world) fill() {
	conn, err := pgx.Connect(w.requests, w.db.URL())
	if err != nil {
		w.Fatal(err)
	}
	defer conn.Close(w.requests)
	if _, err := olddata.Fill(w.requests, conn, w.data); err != nil {
		w.Fatal(err)
	}
}

// link puts proxies into the network.
func (w *world) link() {
	for _, l := range []struct {
		link   **faultproxy.Proxy
		target string
	}{
		{&w.oldToPostgres, w.postgres.Address()},
		{&w.toolToPostgres, w.postgres.Address()},
		{&w.toolToFirestore, w.cloud.FirestoreAddress()},
		{&w.compatToFirestore, w.cloud.FirestoreAddress()},
	} {
		*l.link = faultproxy.Start(w, l.target)
	}
}

// through returns the URL of the database through a proxy.
func (w *world) through(p *faultproxy.Proxy) string { return w.db.URLAt(p.Address()) }

// fail records a failure and ends the history.
func (w *world) fail(format string, args ...any) {
	w.mu.Lock()
	w.problems++
	first := w.problems <= 5
	w.mu.Unlock()
	if first && w.requests.Err() == nil {
		w.Errorf(format, args...)
	}
	w.cancel()
}

func (w *world) count(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[what]++
}

// step counts a step of an app.
func (w *world) step() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps++
	close(w.stepped)
	w.stepped = make(chan struct{})
}

// took records how long a request took.
func (w *world) took(what string, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slowest[what] = max(w.slowest[what], d)
}

// pause is the time between two steps of an app.
func (w *world) pause(ctx context.Context, r *rand.Rand) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(r.Int64N(int64(*pause) + 1))):
	}
}

// oldApp returns the app of a user in the database, signed in.
func (w *world) oldApp(u *olddata.User, r *rand.Rand) *oldApp {
	a := &oldApp{w: w, r: r, http: &http.Client{Transport: &http.Transport{}}, username: *u.Username, passwords: []string{u.Password}, uid: u.ID}
	w.Cleanup(a.http.CloseIdleConnections)
	if err := a.signIn(); err != nil {
		w.Fatal(err)
	}
	for _, t := range u.Timetables {
		if err := a.addTimetable(asObject(t)); err != nil {
			w.Fatal(err)
		}
	}
	return a
}

// changePassword changes a password in the old database, as the old website does. changed is false if the
// database refused it. After an error it may have been changed or not.
func (w *world) changePassword(uid, password string) (changed bool, err error) {
	conn, err := pgx.Connect(w.requests, w.db.URL())
	if err != nil {
		return false, nil // PostgreSQL is not running
	}
	defer conn.Close(w.requests)
	_, err = conn.Exec(w.requests, "UPDATE users SET password_hash = $2, updated_at = now() AT TIME ZONE 'Asia/Seoul' WHERE id = $1",
		uid, olddata.Hash(password, "salt"))
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && !strings.HasPrefix(refused.Code, "57"): // it has been told to stop
		w.count("refused changes of passwords")
		return false, nil
	case err != nil:
		return false, err
	}
	w.count("changed passwords")
	return true, nil
}

// asObject returns a clean timetable as the old server shows it.
func asObject(t *olddata.Timetable) timetableObject {
	o := timetableObject{ID: t.ID, Title: *t.Title}
	for _, l := range t.Lectures {
		lo := lectureObject{
			ID: l.ID, Identifier: *l.Identifier, Title: *l.Title, Professor: *l.Professor, Credit: *l.Credit,
			Times: []timeObject{}, Category: []string{}, Tags: []tagObject{},
		}
		for _, t := range l.Times {
			lo.Times = append(lo.Times, timeObject{int(*t.Weekday), int(*t.TimeBegin), int(*t.TimeEnd), *t.Room})
		}
		for _, c := range l.Categories {
			lo.Category = append(lo.Category, *c.Name)
		}
		for _, name := range l.Tags {
			lo.Tags = append(lo.Tags, tagObject{*name})
		}
		o.Lectures = append(o.Lectures, lo)
	}
	return o
}

// cleanUsers returns n users of the database without dirt, whose names no dirty user collides with.
func (w *world) cleanUsers(n int) (users []*olddata.User) {
	for i := 0; len(users) < n; i++ {
		if u := w.data.User(i); u.Dirt == "" && i%10 != 4 {
			users = append(users, u)
		}
	}
	return users
}

// What apps count.
const (
	oldWrites = "writes of old apps"
	newWrites = "writes of new apps"
)

// crowd is the apps of a history.
type crowd struct {
	w    *world
	stop context.CancelFunc
	ctx  context.Context
	wg   sync.WaitGroup
	old  []*oldApp
	new  []*newApp
}

func (w *world) crowd() *crowd {
	ctx, stop := context.WithCancel(w.requests)
	return &crowd{w: w, ctx: ctx, stop: stop}
}

func (c *crowd) addOld(a *oldApp) {
	c.old = append(c.old, a)
	c.wg.Go(func() { a.live(c.ctx) })
}

func (c *crowd) addNew(a *newApp) {
	c.new = append(c.new, a)
	c.wg.Go(func() { a.live(c.ctx) })
}

// await waits until the apps have made n more steps, or more if there are more of them.
func (c *crowd) await(n int) {
	c.w.mu.Lock()
	until := c.w.steps + n*max(1, *apps/3)
	c.w.mu.Unlock()
	for c.w.requests.Err() == nil {
		c.w.mu.Lock()
		steps, stepped := c.w.steps, c.w.stepped
		c.w.mu.Unlock()
		if steps >= until {
			return
		}
		select {
		case <-stepped:
		case <-c.w.requests.Done():
		}
	}
}

// leave stops all apps after the step that each is in.
func (c *crowd) leave() {
	c.stop()
	c.wg.Wait()
}

// summary logs what happened.
func (w *world) summary() {
	w.mu.Lock()
	defer w.mu.Unlock()
	var lines []string
	for what, n := range w.counts {
		lines = append(lines, fmt.Sprintf("%s: %d", what, n))
	}
	for method, d := range w.slowest {
		lines = append(lines, fmt.Sprintf("slowest %s: %v", method, d.Round(time.Millisecond)))
	}
	slices.Sort(lines)
	w.Log(lines)
	writes := w.counts[oldWrites] + w.counts[newWrites]
	w.Logf("%d writes, %.0f a second", writes, float64(writes)/time.Since(w.began).Seconds())
}

// describe says what both databases have of a user, for messages.
func (w *world) describe(uid string) string {
	var text strings.Builder
	docs, err := schema.Timetables(schema.UserRef(w.fs, uid)).Documents(context.Background()).GetAll()
	fmt.Fprintf(&text, "Firestore (%v):\n", err)
	for _, doc := range docs {
		fmt.Fprintf(&text, "  %s: %v\n", doc.Ref.ID, doc.Data())
	}
	conn, err := pgx.Connect(context.Background(), w.db.URL())
	if err != nil {
		return text.String() + err.Error()
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(context.Background(), "SELECT id, title, updated_at::text FROM timetables WHERE user_id = $1", uid)
	fmt.Fprintf(&text, "PostgreSQL (%v):\n", err)
	var id, title, updated string
	_, err = pgx.ForEachRow(rows, []any{&id, &title, &updated}, func() error {
		fmt.Fprintf(&text, "  %s: %s, %s\n", id, title, updated)
		return nil
	})
	fmt.Fprintf(&text, "%v", err)
	return text.String()
}
