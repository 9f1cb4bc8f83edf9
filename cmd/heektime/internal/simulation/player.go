package simulation

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/firestore"
	"golang.org/x/sync/errgroup"

	"heek.kr/heektime/cmd/heektime/internal/appclient"
	"heek.kr/heektime/internal/schema"
)

// player plays the visits of students against a local cloud.
type player struct {
	now         func() time.Time // of the cloud
	cloud       *appclient.Cloud
	connection  *appclient.Connection
	client      *firestore.Client // of the connection
	semester    *firestore.DocumentRef
	oldSemester string
	students    []*student
	concurrency int
	lists       lists

	mu       sync.Mutex
	requests map[int64]int // by minute
	counts   Counts
}

// Counts are what clients did that the meter does not count.
type Counts struct {
	Visits   int   `json:"visits"`
	Searches int   `json:"searches"` // visits that needed the course list
	Loads    int   `json:"loads"`    // … and loaded all of it
	Deltas   int   `json:"deltas"`   // … or a delta
	Loaded   int64 `json:"loadedBytes"`
	Delta    int64 `json:"deltaBytes"`
	Cached   int64 `json:"cachedBytes"` // of lists that an HTTP cache had
	List     int64 `json:"listBytes"`   // of the last list
}

func (p *player) addSearch() { p.change(func(c *Counts) { c.Searches++ }) }

func (p *player) addLoad(bytes int64) {
	p.change(func(c *Counts) { c.Loads++; c.Loaded += bytes; c.List = max(c.List, bytes) })
}

func (p *player) addDelta(bytes int64) { p.change(func(c *Counts) { c.Deltas++; c.Delta += bytes }) }

func (p *player) addCached(bytes int64) { p.change(func(c *Counts) { c.Cached += bytes }) }

func (p *player) change(f func(*Counts)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f(&p.counts)
}

// count counts a request of a student in the minute in which they make it.
func (p *player) count(s *student) {
	minute := p.now().Add(s.offset).Unix() / 60
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests[minute]++
}

// offsetHeader says how many milliseconds after the cloud's time a request is made. The cloud's clock
// stands still during a visit.
const offsetHeader = "X-Simulated-Offset"

// install gives a student their app.
func (p *player) install(s *student) {
	s.app = &appclient.App{
		Cloud: p.cloud, Connection: p.connection, OnRequest: func() { p.count(s) },
		Header: func(h http.Header) {
			h.Set(offsetHeader, fmt.Sprint(s.offset.Milliseconds()))
			h.Set("X-Forwarded-For", s.address)
		},
	}
}

// newStudents makes the students of a program, who have no accounts yet.
func newStudents(profiles []profile, seed uint64, distinct int) []*student {
	all := make([]*student, len(profiles))
	for i, profile := range profiles {
		stream := i
		if distinct > 0 {
			stream = i % distinct
		}
		username := fmt.Sprintf("student%06d", i)
		all[i] = &student{
			profile: profile, index: i, random: rand.New(rand.NewPCG(seed+1, uint64(stream))),
			username: username, email: username + "@user.heektime.heek.kr", address: fmt.Sprintf("100.%d.%d.%d", 64+i>>16&63, i>>8&255, i&255),
			resume: map[string][]byte{}, seen: map[int]*seen{},
		}
	}
	return all
}

// prepare makes the accounts and timetables that exist before the month.
func (p *player) prepare(ctx context.Context, list schema.CourseList, plans, lectures int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(p.concurrency)
	for _, s := range p.students {
		if s.newUser {
			continue
		}
		group.Go(func() error {
			if err := p.signUp(ctx, s); err != nil {
				return err
			}
			if err := p.claim(ctx, s); err != nil {
				return err
			}
			for range plans {
				if _, err := p.makePlan(ctx, s, "before the month", s.choose(list, lectures)); err != nil {
					return err
				}
			}
			if s.client == oldClient {
				return p.authorizeREST(ctx, s, true)
			}
			return nil
		})
	}
	return group.Wait()
}

// play plays visits that begin in the same minute. Visits that concern the same students happen one
// after the other in the order of time, and others in parallel, so that the result does not depend on
// the machine.
func (p *player) play(ctx context.Context, visits []visit) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(p.concurrency)
	for _, related := range separate(visits) {
		group.Go(func() error {
			for _, v := range related {
				if err := p.visit(ctx, v); err != nil {
					return fmt.Errorf("student %d at %s: %w", v.student, v.at.In(seoul).Format("2006-01-02 15:04"), err)
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func (p *player) visit(ctx context.Context, v visit) error {
	ctx, cancel := context.WithTimeout(ctx, visitTimeout)
	defer cancel()
	s := p.students[v.student]
	s.offset = time.Duration(v.at.Second()) * time.Second
	p.change(func(c *Counts) { c.Visits++ })
	if s.client == oldClient {
		return p.visitWithREST(ctx, s, v)
	}
	return p.visitWithFirebase(ctx, s, v)
}

// visitTimeout bounds a visit in real time, so that a defect is an error and not a hang.
const visitTimeout = 5 * time.Minute

// separate divides visits into groups that have no students in common, as visitors or as those whose
// timetables are looked at. The order within a group, and of the groups, is that of the visits.
func separate(visits []visit) [][]visit {
	parent := map[int]int{}
	var root func(int) int
	root = func(s int) int {
		if up, ok := parent[s]; ok && up != s {
			parent[s] = root(up)
			return parent[s]
		}
		parent[s] = s
		return s
	}
	for _, v := range visits {
		mine := root(v.student)
		if v.friend >= 0 {
			parent[root(v.friend)] = mine
		}
	}
	index := map[int]int{}
	var groups [][]visit
	for _, v := range visits {
		r := root(v.student)
		at, ok := index[r]
		if !ok {
			at = len(groups)
			index[r] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], v)
	}
	return groups
}

// publicURL returns where a list of the REST API is on this machine.
func (p *player) publicURL(url string) string {
	if _, path, ok := strings.Cut(url, "/apis/v2/"); ok {
		return p.cloud.REST + "/" + path
	}
	return url
}
