package pushplan

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"heek.kr/heektime/internal/listdiff"
	"heek.kr/heektime/internal/longtest"
	"heek.kr/heektime/internal/schema"
)

// A school changes lectures at random for some days, and back and forth. The notifier looks whenever it is told
// to, sometimes more often, and sometimes dies before it stores what it sent. Nobody is woken at night or more
// than twice a day, every message is true and says something new, and in the end students know everything.
func TestRandomHistories(t *testing.T) {
	histories := 300
	if longtest.Enabled() {
		histories = 2000
	}
	for seed := range histories {
		h := newHistory(t, uint64(seed))
		h.run()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// offer is a lecture as the school has it. Its identity outlives its code.
type offer struct {
	schema.Lecture
	listed    bool
	replaced  bool           // by a lecture that looks the same
	last      schema.Lecture // when it was in the list last
	code      string         // that students have in their timetables: they never take over another
	ambiguous bool           // another lecture has had that code since
	known     map[string]any
	knownCode string
	knownGone bool
	sent      map[string]map[time.Time]bool // messages by day
}

type history struct {
	t       *testing.T
	random  *rand.Rand
	offers  []*offer
	changes []schema.Change
	state   State
	now     time.Time
	dies    bool // the notifier, sometimes
	looks   []time.Time
}

func newHistory(t *testing.T, seed uint64) *history {
	h := &history{t: t, random: rand.New(rand.NewPCG(seed, 7)), dies: seed%2 == 1, now: time.Date(2026, 9, 1, 12, 0, 0, 0, Seoul)}
	h.state.Through = h.now.Add(-time.Minute)
	for i := range 1 + h.random.IntN(4) {
		o := &offer{listed: true, code: fmt.Sprintf("C%d", i), sent: map[string]map[time.Time]bool{}}
		o.Lecture = schema.Lecture{
			Identifier: o.code, Title: fmt.Sprintf("자료구조 %d", i), Professor: "김가람", Credit: 3, Category: []string{"전공"},
			Times: []schema.LectureTime{{Weekday: 0, TimeBegin: 540, TimeEnd: 615, Room: "301-118"}},
		}
		o.known, o.knownCode = asRead(o.ListFields()).(map[string]any), o.code
		h.offers = append(h.offers, o)
	}
	return h
}

func (h *history) run() {
	for range 5 + h.random.IntN(40) {
		h.wait(time.Duration(1+h.random.IntN(400)) * time.Minute)
		h.change()
	}
	for range 5 { // until nothing waits
		h.wait(24 * time.Hour)
	}
	for _, o := range h.offers {
		if !o.ambiguous && !o.isKnown() {
			h.t.Errorf("students of %s know %v, %s, gone: %v; the lecture is %+v, listed: %v", o.code, o.known, o.knownCode, o.knownGone, o.Lecture, o.listed)
		}
	}
	if len(h.looks) > 0 {
		h.t.Errorf("the notifier never comes to rest: %v", h.looks)
	}
}

// wait lets time pass, and the notifier look when it is due.
func (h *history) wait(d time.Duration) {
	end := h.now.Add(d)
	for {
		slices.SortFunc(h.looks, time.Time.Compare)
		if len(h.looks) == 0 || h.looks[0].After(end) {
			break
		}
		h.now = h.looks[0]
		h.looks = slices.Compact(h.looks)[1:]
		h.look()
	}
	h.now = end
	if h.random.IntN(4) == 0 {
		h.look()
	}
}

// change makes a new list.
func (h *history) change() {
	before := h.list()
	for _, o := range h.offers {
		if o.listed {
			o.last = o.Lecture
		}
	}
	for range 1 + h.random.IntN(3) {
		h.mutate(h.offers[h.random.IntN(len(h.offers))])
	}
	for _, o := range h.offers {
		if !o.listed {
			o.Lecture = o.last
		}
	}
	d := listdiff.Compare(before, h.list())
	c := schema.Change{At: h.now, From: "gs://x/1.json", To: "gs://x/2.json", Complete: true}
	for _, l := range d.Lectures {
		l.Before, l.After = asRead(l.Before).(map[string]any), asRead(l.After).(map[string]any)
		c.Lectures = append(c.Lectures, l)
		for _, o := range h.offers {
			// A lecture that changes with its code is another one.
			if o.listed && l.Kind == schema.LectureAdded && l.Identifier == o.Identifier && o.last.Identifier != o.Identifier {
				h.offers = append(h.offers, &offer{Lecture: o.Lecture, listed: true, ambiguous: true, sent: map[string]map[time.Time]bool{}})
				o.Lecture, o.listed, o.replaced = o.last, false, true
			}
			o.ambiguous = o.ambiguous || o.Identifier != o.code && l.Identifier == o.code && l.Kind != schema.LectureRemoved
		}
	}
	h.changes = append(h.changes, c)
	h.looks = append(h.looks, earliest(h.now))
}

func (h *history) mutate(o *offer) {
	rooms, names := []string{"301-118", "302-105", ""}, []string{"김가람", "이나래"}
	switch h.random.IntN(9) {
	case 0, 1, 2:
		o.Times = slices.Clone(o.Times)
		o.Times[0].Room = rooms[h.random.IntN(3)]
	case 3:
		o.Professor = names[h.random.IntN(2)]
	case 4:
		o.Times = slices.Clone(o.Times)
		o.Times[0].Weekday = h.random.IntN(3)
	case 5:
		o.Category = []string{[]string{"전공", "교양"}[h.random.IntN(2)]}
	case 6:
		o.listed = !o.listed && !o.replaced
	case 7:
		if !o.listed {
			return
		}
		o.Identifier = fmt.Sprintf("N%d", h.random.IntN(1_000_000))
		if free := fmt.Sprintf("C%d", h.random.IntN(4)); h.random.IntN(3) == 0 && !slices.ContainsFunc(h.offers, func(o *offer) bool { return o.Identifier == free || o.last.Identifier == free }) {
			o.Identifier = free
		}
	case 8:
		o.Title = o.Title + " " // wording
	}
}

func (h *history) list() (list schema.CourseList) {
	for _, o := range h.offers {
		if o.listed {
			list = append(list, o.Lecture)
		}
	}
	list.Sort()
	return list
}

// earliest returns the first time from t on at which somebody may be notified.
func earliest(t time.Time) time.Time {
	if IsQuiet(t) {
		return NextMorning(t)
	}
	return t
}

// look sends what is due.
func (h *history) look() {
	from := h.state.From(h.now)
	i := slices.IndexFunc(h.changes, func(c schema.Change) bool { return c.At.After(from) })
	if i < 0 {
		i = len(h.changes)
	}
	p := Make(h.changes[i:], h.state, h.now)
	if !p.Next.IsZero() {
		if !p.Next.After(h.now) || IsQuiet(p.Next) || p.Next.After(h.now.Add(24*time.Hour)) {
			h.t.Errorf("at %v: look again at %v", h.now, p.Next)
		}
		h.looks = append(h.looks, p.Next)
	}
	for i := range p.Due {
		p.State.Sending(&p.Due[i], h.now)
	}
	h.state = p.State
	h.state.Lectures = slices.Clone(p.State.Lectures)
	for i := range p.Due {
		if h.dies && h.random.IntN(6) == 0 {
			h.looks = append(h.looks, earliest(h.now.Add(time.Duration(h.random.IntN(60))*time.Minute)))
			return
		}
		h.receive(&p.Due[i])
		if h.random.IntN(6) == 0 { // only a part of the topics
			p.State.NotSent(&p.Due[i], []string{"topic"})
			h.looks = append(h.looks, h.now)
			continue
		}
		p.State.Sent(&p.Due[i])
	}
	h.state = p.State
}

// receive checks a message, and lets students who get it know what it says.
func (h *history) receive(m *Message) {
	if IsQuiet(h.now) {
		h.t.Errorf("sent at %v", h.now.In(Seoul))
	}
	for _, language := range []schema.Language{schema.Korean, schema.English} {
		if title, body := m.Text(language); title == "" || body == "" {
			h.t.Errorf("no text: %+v", m)
		}
	}
	var o *offer
	for _, other := range h.offers {
		isTrue := other.Identifier == m.Identifier && other.listed != m.Removed && (m.Removed || len(listdiff.Fields(asRead(other.ListFields()).(map[string]any), m.After)) == 0)
		if isTrue && (o == nil || slices.Contains(m.Topics, other.code)) {
			o = other
		}
	}
	if o == nil {
		h.t.Errorf("at %v: not true: %+v", h.now, m)
		return
	}
	if o.sent[m.Day] == nil {
		o.sent[m.Day] = map[time.Time]bool{}
	}
	again := o.sent[m.Day][m.Through]
	if o.sent[m.Day][m.Through] = true; len(o.sent[m.Day]) > maxPerDay {
		h.t.Errorf("%d messages on %s", len(o.sent[m.Day]), m.Day)
	}
	if o.ambiguous {
		return
	}
	if !slices.Contains(m.Topics, o.code) {
		h.t.Errorf("students with %s do not get %+v", o.code, m)
	}
	if o.isKnown() && !again && !h.dies { // a notifier that died does not know what was received
		h.t.Errorf("at %v: students of %s know %+v", h.now, o.code, m)
	}
	o.knownCode, o.knownGone = m.Identifier, m.Removed
	maps.Copy(o.known, m.After)
	if m.Returned {
		o.known = asRead(o.ListFields()).(map[string]any) // they are asked to look
	}
}

// isKnown reports whether students know how the lecture is.
func (o *offer) isKnown() bool {
	if o.knownGone != !o.listed {
		return false
	}
	fields := listdiff.Fields(o.known, asRead(o.ListFields()).(map[string]any))
	return !o.listed || o.knownCode == o.Identifier && !slices.ContainsFunc(fields, func(f string) bool { return slices.Contains(needed, f) })
}

// asRead returns a value as Firestore's client reads it.
func asRead(value any) any {
	switch v := value.(type) {
	case int:
		return int64(v)
	case map[string]any:
		out := map[string]any{}
		for name, field := range v {
			out[name] = asRead(field)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, entry := range v {
			out[i] = asRead(entry)
		}
		return out
	}
	return value
}
