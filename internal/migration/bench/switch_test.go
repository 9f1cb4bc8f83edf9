//go:build bench

package bench

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/migration/cutover"
	"heek.kr/heektime/internal/migration/holdtimes"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/migrationtest/bothsides"
	"heek.kr/heektime/internal/migration/migrationtest/olddata"
	"heek.kr/heektime/internal/migration/migrator"
	"heek.kr/heektime/internal/migration/snapshotcopy"
	"heek.kr/heektime/internal/migration/state"
	"heek.kr/heektime/internal/schema"
)

// How BenchmarkSwitch writes: two servers with ten clients each, each of whom writes every 50 ms.
const (
	servers    = 2
	writers    = 10
	writePause = 50 * time.Millisecond
)

// benchUsers is how many users BenchmarkSwitch and BenchmarkBack have, with 30 lectures each.
const benchUsers = 300

// BenchmarkSwitch moves timetables forward and back, ten times each, while clients write, with the leases of
// production. It reports how long writes were held: by the servers, and by the tool from the step that holds them to
// the one that lets them go on.
func BenchmarkSwitch(b *testing.B) {
	ctx, stop := context.WithCancel(b.Context())
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	w, m, db := followed(ctx, b, &group)
	var tool, clients holdtimes.Times
	var mu sync.Mutex
	move := func(to func(context.Context, cutover.Config, state.Kind) error, kind state.Kind) {
		held := moved(b, m, db, to, kind)
		mu.Lock()
		defer mu.Unlock()
		tool.Add(held)
	}
	move(cutover.Switch, state.Schools)
	move(cutover.Switch, state.Accounts)
	users := withLecture(w.Data, writers)
	for range servers {
		viewer := state.NewViewer(state.NewStore(m.Firestore, nil), m.Log)
		for _, user := range users {
			c := &client{b: b, viewer: viewer, firestore: m.Firestore, pool: db.Pool, user: user, held: func(d time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				clients.Add(d)
			}}
			group.Go(func() { c.live(ctx) })
		}
	}
	for b.Loop() {
		tool, clients = holdtimes.Times{}, holdtimes.Times{}
		for range 10 {
			move(cutover.Switch, state.Timetables)
			move(cutover.Back, state.Timetables)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	b.Logf("servers: %v", clients)
	b.Logf("tool, 20 switches: p50 %.2f s, longest %.2f s", tool.Quantile(0.5).Seconds(), tool.Longest().Seconds())
	b.ReportMetric(clients.Quantile(0.5).Seconds(), "held-p50-s")
	b.ReportMetric(clients.Quantile(0.99).Seconds(), "held-p99-s")
	b.ReportMetric(clients.Longest().Seconds(), "held-max-s")
	b.ReportMetric(tool.Longest().Seconds(), "switch-max-s")
}

// followed returns two copied sides, of which the new one follows the old one, and the other way round, until the
// context ends.
func followed(ctx context.Context, b *testing.B, group *sync.WaitGroup) (*bothsides.World, *migrator.Migrator, *legacydb.DB) {
	b.Helper()
	cloud := emulatortest.Start(b)
	for name, value := range cloud.Environment() {
		b.Setenv(name, value)
	}
	w := bothsides.New(b, cloud.FirestoreClient(b), olddata.Config{Users: benchUsers, LecturesPerUser: 30, Clean: true})
	m := newMigrator(b, w, cloud)
	if err := snapshotcopy.Run(ctx, snapshotcopy.Config{URL: m.URL, Mapping: m.Mapping, Firestore: m.Firestore, Prepare: true}); err != nil {
		b.Fatal(err)
	}
	group.Go(func() {
		if err := m.Follow(ctx); err != nil && ctx.Err() == nil {
			b.Error(err)
		}
	})
	db, err := m.Open(ctx, false)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(db.Close)
	return w, m, db
}

// moved switches a kind, forward or back, and returns how long writes were held.
func moved(b *testing.B, m *migrator.Migrator, db *legacydb.DB, to func(context.Context, cutover.Config, state.Kind) error, kind state.Kind) time.Duration {
	b.Helper()
	cfg := m.Cutover(db)
	var last cutover.Step
	cfg.Progress = func(s cutover.Step) { last = s }
	if err := to(b.Context(), cfg, kind); err != nil {
		b.Fatal(err)
	}
	return last.Held
}

func newMigrator(b *testing.B, w *bothsides.World, cloud *emulatortest.Cloud) *migrator.Migrator {
	b.Helper()
	accounts, err := gcp.Authentication(b.Context(), cloud.Project, "")
	if err != nil {
		b.Fatal(err)
	}
	return &migrator.Migrator{
		URL: w.Database.URL(), Mapping: legacydb.Default(), Firestore: w.Firestore, Project: cloud.Project, FirestoreID: gcp.DefaultDatabase,
		Accounts: accounts, Log: slog.New(slog.DiscardHandler),
		HasAccount: func(context.Context, []string) (map[string]bool, error) { return nil, nil },
	}
}

// client is somebody who changes the title of a lecture again and again, through a server that decides as compat-server
// does.
type client struct {
	b         *testing.B
	viewer    *state.Viewer
	firestore *firestore.Client
	pool      *pgxpool.Pool
	user      *olddata.User
	held      func(time.Duration)
}

func (c *client) live(ctx context.Context) {
	for ctx.Err() == nil {
		if err := c.write(ctx); err != nil && ctx.Err() == nil {
			c.b.Error(err)
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(writePause):
		}
	}
}

// write makes one write on the side that has the data, as soon as no switch holds it.
func (c *client) write(ctx context.Context) error {
	var began time.Time
	for {
		view, err := c.viewer.View(ctx)
		if err != nil {
			return err
		}
		side, held := view.Of(state.Timetables).Writes()
		if held {
			if began.IsZero() {
				began = time.Now()
			}
			if _, err := c.viewer.AwaitRest(ctx, state.Timetables); err != nil {
				return err
			}
			continue
		}
		if !began.IsZero() {
			c.held(time.Since(began))
			began = time.Time{}
		}
		err = c.writeOn(ctx, side)
		var rejected *pgconn.PgError
		if !errors.As(err, &rejected) || rejected.Code != "HTM01" {
			return err
		}
		began = time.Now() // a late writer, who is held from here on
		if _, err := c.viewer.Newer(ctx); err != nil {
			return err
		}
	}
}

// withLecture returns the first n users whose first timetable has a lecture.
func withLecture(data *olddata.Generator, n int) (users []*olddata.User) {
	for i := 0; len(users) < n; i++ {
		if u := data.User(i); u.Dirt == "" && len(u.Timetables) > 0 && len(u.Timetables[0].Lectures) > 0 {
			users = append(users, u)
		}
	}
	return users
}

func (c *client) writeOn(ctx context.Context, side state.Side) error {
	timetable := c.user.Timetables[0]
	lecture := timetable.Lectures[0].ID
	if side == state.Old {
		_, err := c.pool.Exec(ctx, "UPDATE lectures SET title = $2, updated_at = now() AT TIME ZONE 'Asia/Seoul' WHERE id = $1", lecture, time.Now().String())
		return err
	}
	ref := schema.LectureRef(schema.TimetableRef(schema.UserRef(c.firestore, c.user.ID), timetable.ID), lecture)
	_, err := ref.Update(ctx, []firestore.Update{{Path: schema.FieldTitle, Value: time.Now().String()}, {Path: schema.FieldUpdatedAt, Value: firestore.ServerTimestamp}})
	return err
}
