package securityrules

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/internal/deployment"
)

// What an attacker has, as docs/bounds.md says: one machine.
const (
	requestsPerSecond = 1000
	lineBytes         = 1e9 / 8 // a second, in each direction
	writesPerSecond   = 10_000
	secondsPerDay     = 86400
)

// playedAttack is an attack on the meter: what one request costs.
type playedAttack struct {
	name string
	// play makes one request.
	play func(t *testing.T, b *bounds) error
	// denied requests must fail in the rules.
	denied bool
	// writes is how many documents a request writes or deletes, and bytes how large it is.
	writes, bytes int
	// perSecond is a limit of the request's rate that is lower than the attacker's own, 0 for none.
	perSecond float64
	// atLeast is what the meter must have counted before it is read: it counts what is sent over HTTP or to a
	// listener after the client has it.
	atLeast map[billing.Item]int64
}

// bounds is the world in which the attacks are played.
type bounds struct {
	*testServer
	n      int           // makes ids unique
	before billing.Usage // when the play began to count
}

const (
	manyLectures  = 2000 // of a timetable of the attacker's
	largeLectures = 50
	listBytes     = 300_000
)

func attackTimetable(kind string) string { return "users/alice/timetables/" + kind }

// newBounds seeds what an attacker has prepared.
func newBounds(t *testing.T) *bounds {
	t.Helper()
	b := &bounds{testServer: newTestServer(t, true)}
	b.reset(t)
	docs := map[string]map[string]any{}
	add := func(table string, n int, shape fields) {
		docs[table] = seedValue(timetable("public")).(map[string]any)
		for i := range n {
			l := seedValue(shape).(map[string]any)
			l["createdAt"], l["updatedAt"] = earlier, earlier
			docs[fmt.Sprintf("%s/lectures/%05d", table, i)] = l
		}
	}
	add(attackTimetable("many-small"), manyLectures, withoutStamps(lectureOf(smallest)))
	add(attackTimetable("many-large"), largeLectures, wide(withoutStamps(lectureOf(largest))).(fields))
	for i := range 30 {
		docs[fmt.Sprintf("users/u%d", i)] = seedValue(user(fmt.Sprintf("user%02d", i))).(map[string]any)
	}
	if err := b.db.Seed(docs); err != nil {
		t.Fatal(err)
	}
	b.isClean = true // so that no operation resets the database
	r, err := http.Post("http://"+b.cloud.StorageAddress()+"/upload/storage/v1/b/"+b.cloud.Project+"/o?uploadType=media&name=lectures/x.json",
		"application/json", strings.NewReader(strings.Repeat("x", listBytes)))
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("store a list: %v %v", err, r)
	}
	r.Body.Close()
	return b
}

func withoutStamps(f fields) fields {
	f = maps.Clone(f)
	delete(f, "createdAt")
	delete(f, "updatedAt")
	return f
}

// lists returns a play that lists documents.
func lists(who string, q query) func(*testing.T, *bounds) error {
	return func(t *testing.T, b *bounds) error {
		return list(t.Context(), b.clients[who], operation{uid: who, list: &q})
	}
}

func listens(who, collection string) func(*testing.T, *bounds) error {
	return func(t *testing.T, b *bounds) error {
		return list(t.Context(), b.clients[who], operation{listen: true, list: &query{collection: collection}})
	}
}

// batches returns a play that writes documents in one commit.
func batches(n int, write func(b *bounds, tx *firestore.Transaction, i int) error) func(*testing.T, *bounds) error {
	return func(t *testing.T, b *bounds) error {
		return b.clients["alice"].RunTransaction(t.Context(), func(_ context.Context, tx *firestore.Transaction) error {
			for i := range n {
				if err := write(b, tx, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func newLecture(client *firestore.Client, kind func() fields) map[string]any {
	return clientValue(client, kind()).(map[string]any)
}

func small() fields { return lectureOf(smallest) }

func large() fields { return wide(lectureOf(largest)).(fields) }

// fetches returns a play that requests an object of Cloud Storage.
func fetches(path string, want int) func(*testing.T, *bounds) error {
	return func(t *testing.T, b *bounds) error {
		r, err := http.Get("http://" + b.cloud.StorageAddress() + "/v0/b/" + b.cloud.Project + path)
		if err != nil {
			return err
		}
		defer r.Body.Close()
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return err
		}
		switch {
		case r.StatusCode == http.StatusForbidden:
			return status.Error(codes.PermissionDenied, "denied")
		case r.StatusCode != want:
			return fmt.Errorf("%s: %s", path, r.Status)
		}
		return nil
	}
}

// playedAttacks are the attacks of docs/bounds.md that the rules and the emulators decide. It is long because it is
// one table.
func playedAttacks() []playedAttack {
	lectures := func(kind string) string { return attackTimetable(kind) + "/lectures" }
	names := []any{}
	for i := range 30 {
		names = append(names, fmt.Sprintf("user%02d", i))
	}
	return []playedAttack{
		{name: "skip results with an offset", play: lists("", query{collection: lectures("many-small"), offset: 100_000}), denied: true},
		{name: "query a collection group", play: lists("bob", query{collection: "lectures", group: true}), denied: true},
		{name: "list all users", play: lists("bob", query{collection: "users"}), denied: true},
		{name: "list timetables without a limit", play: lists("alice", query{collection: "users/alice/timetables"}), denied: true},
		{name: "read a private timetable's lectures", play: lists("bob", query{collection: "users/alice/timetables/" + alicePrivate + "/lectures"}), denied: true},
		{name: "get documents that do not exist", play: func(t *testing.T, b *bounds) error {
			b.n++
			return get(t.Context(), b.clients[""].Doc(fmt.Sprintf("users/nobody%d", b.n)), false)
		}},
		{name: "look for 30 usernames in one query", play: lists("", query{collection: "users", where: []where{{"username", "in", names}}})},
		{name: "list the small lectures of a public timetable", play: lists("", query{collection: lectures("many-small")})},
		{name: "list the large lectures of a public timetable", play: lists("", query{collection: lectures("many-large")})},
		{name: "count the lectures of a public timetable", play: lists("", query{collection: lectures("many-small"), count: true})},
		{name: "open and close a listener on a public timetable's lectures", play: listens("", lectures("many-small")),
			atLeast: map[billing.Item]int64{billing.FirestoreReads: manyLectures + 2, billing.FirestoreEgress: 250 * manyLectures}},
		{name: "keep 20 listeners while one lecture changes", writes: 1, perSecond: 500, play: func(t *testing.T, b *bounds) error {
			return b.changeWhileListened(t, 20)
		}, atLeast: map[billing.Item]int64{billing.FirestoreReads: 3*20 + 2, billing.FirestoreEgress: 500 * 20}},
		{name: "add small lectures, 400 in a batch", writes: 400, bytes: 400 * 350, play: batches(400, func(b *bounds, tx *firestore.Transaction, _ int) error {
			b.n++
			client := b.clients["alice"]
			return tx.Create(client.Doc(fmt.Sprintf("%s/lectures/new%d", attackTimetable("many-small"), b.n)), newLecture(client, small))
		})},
		{name: "write a large lecture over and over", writes: 1, bytes: 37_000, play: batches(1, func(b *bounds, tx *firestore.Transaction, _ int) error {
			b.n++
			var updates []firestore.Update
			for name, value := range newLecture(b.clients["alice"], large) {
				if name != "createdAt" {
					updates = append(updates, firestore.Update{Path: name, Value: value})
				}
			}
			return tx.Update(b.clients["alice"].Doc(attackTimetable("many-large")+"/lectures/00000"), updates)
		})},
		{name: "write invalid lectures", play: func(t *testing.T, b *bounds) error {
			client, doc := b.clients["alice"], newLecture(b.clients["alice"], small)
			doc["title"] = strings.Repeat("x", 1000)
			_, err := client.Doc(attackTimetable("many-small")+"/lectures/invalid").Create(t.Context(), doc)
			return err
		}, denied: true},
		{name: "add timetables, 400 in a batch", writes: 400, bytes: 400 * 300, play: batches(400, func(b *bounds, tx *firestore.Transaction, _ int) error {
			b.n++
			client := b.clients["alice"]
			return tx.Create(client.Doc(fmt.Sprintf("users/alice/timetables/t%09d", b.n)), clientValue(client, stamped(timetable("public"))).(map[string]any))
		})},
		{name: "delete lectures that do not exist, 400 in a batch", writes: 400, bytes: 400 * 120, play: batches(400, func(b *bounds, tx *firestore.Transaction, i int) error {
			return tx.Delete(b.clients["alice"].Doc(fmt.Sprintf("%s/lectures/none%d", attackTimetable("many-small"), i)))
		})},
		{name: "follow someone, one in a batch", writes: 2, bytes: 2 * 300, play: batches(1, func(b *bounds, tx *firestore.Transaction, _ int) error {
			client := b.clients["alice"]
			for _, w := range followBy("alice", "u1", 1).writes {
				if err := tx.Set(client.Doc(w.path), clientValue(client, w.data)); err != nil {
					return err
				}
			}
			return nil
		})},
		{name: "follow two in a batch", play: batches(1, func(b *bounds, tx *firestore.Transaction, _ int) error {
			client := b.clients["alice"]
			for _, w := range followBy("alice", "u2", 2).and(followBy("alice", "u3", 3).writes...).writes {
				if err := tx.Set(client.Doc(w.path), clientValue(client, w.data)); err != nil {
					return err
				}
			}
			return nil
		}), denied: true},
		{name: "write with an anonymous account", play: func(t *testing.T, b *bounds) error {
			client := b.guests["alice"]
			_, err := client.Doc("users/alice/timetables/anonymous1").Create(t.Context(), clientValue(client, stamped(timetable("public"))).(map[string]any))
			return err
		}, denied: true},
		{name: "sign up at Authentication", play: signUp, perSecond: 100.0 / 3600},
		{name: "list the bucket", play: fetches("/o?prefix=lectures%2F", 200), denied: true},
		{name: "download names that do not exist", play: fetches("/o/lectures%2Fnone.json?alt=media", 404)},
		{name: "read a list's metadata", play: fetches("/o/lectures%2Fx.json", 200), atLeast: map[billing.Item]int64{billing.StorageClassB: 1, billing.StorageEgress: 400}},
		{name: "download a list", play: fetches("/o/lectures%2Fx.json?alt=media", 200), atLeast: map[billing.Item]int64{billing.StorageClassB: 1, billing.StorageEgress: listBytes}},
	}
}

// changeWhileListened changes a lecture that this many strangers listen to, and waits until each has seen it.
func (b *bounds) changeWhileListened(t *testing.T, listeners int) error {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	doc := "users/alice/timetables/" + alicePublic + "/lectures"
	var open []*firestore.QuerySnapshotIterator
	for range listeners {
		it := b.clients[""].Collection(doc).Snapshots(ctx)
		defer it.Stop()
		if _, err := it.Next(); err != nil {
			return err
		}
		open = append(open, it)
	}
	b.used(t, map[billing.Item]int64{billing.FirestoreReads: int64(3 * listeners), billing.FirestoreEgress: int64(400 * listeners)})
	b.before = b.cloud.Usage() // what opening them cost is another row
	_, err := b.clients["alice"].Doc(doc+"/first").Update(ctx, []firestore.Update{
		{Path: "title", Value: fmt.Sprint(b.n)}, {Path: "updatedAt", Value: firestore.ServerTimestamp},
	})
	if err != nil {
		return err
	}
	b.n++
	for _, it := range open {
		if _, err := it.Next(); err != nil {
			return err
		}
	}
	return nil
}

func signUp(_ *testing.T, b *bounds) error {
	r, err := http.Post("http://"+b.cloud.AuthAddress()+"/identitytoolkit.googleapis.com/v1/accounts:signUp?key=x", "application/json",
		strings.NewReader(`{"returnSecureToken": true}`))
	if err != nil {
		return err
	}
	return r.Body.Close()
}

// used returns what was counted since before, as soon as it is at least so much.
func (b *bounds) used(t *testing.T, atLeast map[billing.Item]int64) billing.Usage {
	t.Helper()
	for {
		b.cloud.Idle(t)
		u := billing.Between(b.before, b.cloud.Usage())
		missing := false
		for item, amount := range atLeast {
			missing = missing || u.Amount(item) < amount
		}
		if !missing {
			return u
		}
		select {
		case <-t.Context().Done(): // the test has run out of time
			t.Fatalf("counted %v, want at least %v", u, atLeast)
		case <-time.After(time.Millisecond):
		}
	}
}

// wonFor returns what was used at list price, except what is stored, which is billed for as long as it is.
func wonFor(prices *billing.Prices, u billing.Usage) float64 {
	won := 0.0
	for _, item := range billing.Items() {
		if strings.HasSuffix(string(item), ".stored") {
			continue
		}
		w, _ := prices.List(item, u.Amount(item), billing.MonthOf(u.Until)).Won().Float64()
		won += w
	}
	return won
}

// rate is how many requests a second one machine makes.
func (a *playedAttack) rate(u billing.Usage) float64 {
	rate := float64(requestsPerSecond)
	out := u.Amount(billing.FirestoreEgress) + u.Amount(billing.StorageEgress)
	for _, most := range []float64{a.perSecond, lineBytes / float64(out), lineBytes / float64(a.bytes), writesPerSecond / float64(a.writes)} {
		if most > 0 {
			rate = min(rate, most)
		}
	}
	return rate
}

// documentedBounds returns the won of a day by the first column, of the rows of docs/bounds.md.
func documentedBounds(t *testing.T) (played map[string]float64, computed int) {
	t.Helper()
	played = map[string]float64{}
	for line := range strings.Lines(source(t, "docs/bounds.md")) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		won, ok := strings.CutPrefix(strings.TrimSpace(cells[len(cells)-1]), "₩")
		if len(cells) < 3 || !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.ReplaceAll(won, ",", ""), 64)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(strings.TrimSpace(cells[1]), "computed:") {
			computed++
			continue
		}
		played[strings.TrimSpace(cells[0])] = n
	}
	return played, computed
}

// TestBounds plays each attack once and compares what a day of it costs with docs/bounds.md.
func TestBounds(t *testing.T) {
	b := newBounds(t)
	documented, computed := documentedBounds(t)
	played := map[string]bool{}
	compare := func(t *testing.T, name string, won float64, how string) {
		t.Helper()
		played[name] = true
		want, ok := documented[name]
		t.Logf("| %s | %s | ₩%.0f |", name, how, won)
		if !ok {
			t.Errorf("docs/bounds.md has no row for %q: ₩%.0f a day", name, won)
		} else if won > want*1.05+1 || won < want*0.95-1 {
			t.Errorf("docs/bounds.md says ₩%.0f a day, it is ₩%.0f", want, won)
		}
	}
	for _, a := range playedAttacks() {
		t.Run(a.name, func(t *testing.T) {
			b.cloud.Idle(t)
			b.before = b.cloud.Usage()
			if err := a.play(t, b); (status.Code(err) == codes.PermissionDenied) != a.denied || err != nil && !a.denied {
				t.Fatalf("%v; want denied: %v", err, a.denied)
			}
			u := b.used(t, a.atLeast)
			rate := a.rate(u)
			how := fmt.Sprintf("%d reads, %d writes, %d deletes, %d operations of class B, %d bytes out, %.4g requests a second",
				u.Amount(billing.FirestoreReads), u.Amount(billing.FirestoreWrites), u.Amount(billing.FirestoreDeletes),
				u.Amount(billing.StorageClassB), u.Amount(billing.FirestoreEgress)+u.Amount(billing.StorageEgress), rate)
			compare(t, a.name, wonFor(b.cloud.Prices, u)*rate*secondsPerDay, how)
		})
	}
	for _, s := range deployment.Table().Services {
		if !s.Public {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			compare(t, "keep all instances of "+s.Name+" busy", wonOfInstances(b, s.MaxInstances, s.MilliCPU, s.MemoryMiB), fmt.Sprintf("%d instances", s.MaxInstances))
		})
	}
	t.Logf("%d attacks are played, %d computed", len(played), computed)
	for _, name := range slices.Sorted(maps.Keys(documented)) {
		if !played[name] {
			t.Errorf("docs/bounds.md has a row that nothing plays: %s", name)
		}
	}
}

// wonOfInstances is what instances cost that are busy all day.
func wonOfInstances(b *bounds, instances, milliCPU, memoryMiB int) float64 {
	month := billing.MonthOf(b.cloud.Clock.Now())
	milliseconds := int64(instances) * secondsPerDay * 1000
	cpu, _ := b.cloud.Prices.List(billing.RunCPU, milliseconds*int64(milliCPU)/1000, month).Won().Float64()
	memory, _ := b.cloud.Prices.List(billing.RunMemory, milliseconds*int64(memoryMiB), month).Won().Float64()
	requests, _ := b.cloud.Prices.List(billing.RunRequests, requestsPerSecond*secondsPerDay, month).Won().Float64()
	return cpu + memory + requests
}
