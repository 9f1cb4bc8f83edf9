package simulation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/spec"
)

func TestBehaviourErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"opens: 3", `unknown field "opens"`},
		{"registration: {open: 3}", `unknown field "open"`},
		{"registration: {opens: many}", "opens"},
		{"registration: {opens: -1}", "registration.opens is -1; it must be from 0 to 200"},
		{"registration: {searches: 1.5}", "registration.searches is 1.5"},
		{"other: {opens: .nan}", "other.opens is NaN"},
		{"other: {opens: .inf}", "other.opens is +Inf"},
		{"registrationDays: [0]", "registrationDays is 0"},
		{"rush: {at: 10 o'clock}", `rush.at is "10 o'clock"; write it as "09:55"`},
		{"hours: [1, 2]", "the number of hours is 2"},
		{"hours: [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]", "the sum of hours is 0"},
		{"clients: {old: 0.5, field: 0.5, current: 0.5}", "the sum of clients is 1.5"},
		{"plans: 21", "plans is 21"},
		{"plans: 2.5", `"2.5" is not a whole number`},
		{"run: {milliseconds: {auht: {\"*\": 5}}}", `there is no service "auht"`},
		{"run: {milliseconds: {auth: {\"*\": 0}}}", "run.milliseconds.auth.* is 0"},
		{"plans: 3\nplans: 4", "plans"},
		{"- a list", "test: "},
		{"plans: [", "test: "},
	} {
		_, err := ParseBehaviour("test", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "test: ") {
			t.Errorf("%q: error %v, want %q", c.text, err, c.want)
		}
	}
	if _, err := ReadBehaviour(filepath.Join(t.TempDir(), "none.yaml")); err == nil || !strings.Contains(err.Error(), "--print-behaviour") {
		t.Errorf("a file that is missing: %v", err)
	}
}

func TestBehaviourKeepsDefaults(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(path, []byte("registration: {opens: 9}\nrun: {milliseconds: {auth: {\"*\": 1}}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := ReadBehaviour(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := ReadBehaviour("")
	if err != nil {
		t.Fatal(err)
	}
	if b.Registration.Opens != 9 || b.Registration.Searches != d.Registration.Searches || b.Plans != d.Plans {
		t.Errorf("got %+v", b.Registration)
	}
	if b.Run.of("auth", "/login/") != time.Millisecond || b.Run.of("refresh", "/refresh") != d.Run.of("refresh", "/refresh") {
		t.Errorf("durations %v", b.Run.Milliseconds)
	}
	if got := d.Run.of("compat-server", "/apis/v2/users/1/timetables"); got != 60*time.Millisecond {
		t.Errorf("a call below /apis/v2/users takes %v", got)
	}
	if _, err := ReadBehaviour("looking"); err != nil {
		t.Error(err)
	}
	readElsewhere() // panics if the file is malformed
}

// The numbers of docs/cost.md are of the behaviour that the command has.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../../../docs/cost.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "behaviour `"+Digest()+"`") {
		t.Errorf("docs/cost.md is not of the behaviour %s: replace its table by the output of heektime simulate --markdown --chart docs/month.svg", Digest())
	}
}

// The prices are for a bucket that is where the deployment has it.
func TestBucketRegion(t *testing.T) {
	lists, ok := deployment.Table().Bucket(deployment.ListsBucket)
	if got := billing.DefaultPrices().BucketRegion(); !ok || got != lists.Region {
		t.Errorf("prices.yaml has the bucket in %s, the deployment %+v", got, lists)
	}
}

// The first students do the same however many there are, and another seed is another month.
func TestProgram(t *testing.T) {
	b, err := ReadBehaviour("")
	if err != nil {
		t.Fatal(err)
	}
	of := func(seed uint64, students int) (visits []visit) {
		for _, v := range newProgram(b, "2026-08", seed, students, 0, 0).visits {
			if v.student < 20 {
				visits = append(visits, v)
			}
		}
		return visits
	}
	few, many := of(1, 20), of(1, 60)
	if len(few) == 0 || len(few) != len(many) {
		t.Fatalf("%d visits of 20 students, %d of the same among 60", len(few), len(many))
	}
	from, to := billing.Month("2026-08").Bounds()
	for i := range few {
		if few[i] != many[i] {
			t.Fatalf("visit %d: %+v, among more students %+v", i, few[i], many[i])
		}
		if few[i].at.Before(from) || !few[i].at.Before(to) || i > 0 && few[i].at.Before(few[i-1].at) {
			t.Errorf("visit %d is at %v", i, few[i].at)
		}
	}
	if other := of(2, 20); len(other) == len(few) && other[0] == few[0] {
		t.Error("another seed gives the same visits")
	}
}

func TestSeparate(t *testing.T) {
	groups := separate([]visit{{student: 1, friend: -1}, {student: 2, friend: 3}, {student: 4, friend: -1}, {student: 3, friend: 1}, {student: 4, friend: -1}})
	var got []string
	for _, g := range groups {
		var students string
		for _, v := range g {
			students += string(rune('0' + v.student))
		}
		got = append(got, students)
	}
	if strings.Join(got, " ") != "123 44" {
		t.Errorf("groups %v, want 123 44", got)
	}
}

// Instances are billed as Cloud Run does: the examples can be counted by hand.
func TestRunModel(t *testing.T) {
	start := time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)
	request := func(at, takes time.Duration) runRequest { return runRequest{start.Add(at), takes} }
	for _, c := range []struct {
		name     string
		requests []runRequest
		copies   int
		busy     time.Duration
		starts   int
		most     int
	}{
		{"one request and the start", []runRequest{request(0, 60*time.Millisecond)}, 1, 600 * time.Millisecond, 1, 1},
		{"a second one within 15 minutes", []runRequest{request(0, 60*time.Millisecond), request(10*time.Minute, 60*time.Millisecond)}, 1, 700 * time.Millisecond, 1, 1},
		{"a second one later", []runRequest{request(0, 60*time.Millisecond), request(16*time.Minute, 60*time.Millisecond)}, 1, 1200 * time.Millisecond, 2, 1},
		{"two are above 60 % of an instance", []runRequest{request(0, time.Second), request(500*time.Millisecond, time.Second)}, 1, 2000 * time.Millisecond, 2, 2},
		{"three need three, because two are above 60 %", []runRequest{request(0, time.Second), request(0, time.Second), request(0, time.Second)}, 1, 3500 * time.Millisecond, 3, 3},
		{"a copy shares the instance, and another starts", []runRequest{request(0, time.Hour)}, 2, time.Hour + 500*time.Millisecond, 2, 2},
	} {
		l := &runLog{times: Instances{StartUp: 500}, services: map[string]*spec.Service{"auth": {Name: "auth", MilliCPU: 1000, Concurrency: 2, MaxInstances: 10}}, requests: map[string][]runRequest{"auth": c.requests}}
		u := l.model(c.copies)
		busy, most := u.busy["2026-08-01"]["auth"], 0
		for _, n := range u.most {
			most = max(most, n)
		}
		if c.copies > 1 && busy >= c.busy-time.Minute && busy <= c.busy+time.Minute {
			busy = c.busy // copies are moved by up to half a minute
		}
		if busy != c.busy || u.starts != c.starts || most != c.most {
			t.Errorf("%s: busy for %v with %d starts and at most %d instances; want %v, %d, %d", c.name, busy, u.starts, most, c.busy, c.starts, c.most)
		}
	}
}
