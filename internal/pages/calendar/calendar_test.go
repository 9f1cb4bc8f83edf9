package calendar

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-ical"

	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/schema"
)

var update = flag.Bool("update", false, "rewrite the calendar of testdata")

func sample() *share.Timetable {
	changed := time.Date(2026, 8, 20, 3, 4, 5, 678, time.UTC)
	return &share.Timetable{
		UID: "u1", ID: "t1", Username: "byeoli", Title: "2학기, 화이팅; 😀", UpdatedAt: changed,
		Semester: schema.Semester{Year: 2026, Term: schema.SecondTerm}, // from Tuesday, 1 September, to 21 December
		Lectures: []share.Lecture{
			{ID: "l1", UpdatedAt: changed, Lecture: schema.Lecture{
				Identifier: "CS201-01", Title: "자료구조와 알고리즘의 이해, 그리고 아주 긴 부제가 있어서 여러 줄로 접혀야 하는 강의", Professor: "김나무",
				Times: []schema.LectureTime{
					{Weekday: 0, TimeBegin: 540, TimeEnd: 615, Room: "공학관 301"},
					{Weekday: 3, TimeBegin: 540, TimeEnd: 615, Room: "공학관 301"},
				},
			}},
			{ID: "l2", UpdatedAt: changed.AddDate(0, 2, 0), Lecture: schema.Lecture{
				Identifier: "MU300", Title: "심야 합주", Times: []schema.LectureTime{{Weekday: 4, TimeBegin: 1350, TimeEnd: 1440}},
			}},
			{ID: "l3", Lecture: schema.Lecture{Identifier: "CS499", Title: "졸업논문"}},
		},
	}
}

func write(t *testing.T, timetable *share.Timetable) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, timetable, share.Korean); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// read parses a calendar with a library other than the one that wrote it.
func read(t *testing.T, text string) *ical.Calendar {
	t.Helper()
	c, err := ical.NewDecoder(strings.NewReader(text)).Decode()
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	// The encoder checks which properties a component must have, and how often it may.
	if err := ical.NewEncoder(&bytes.Buffer{}).Encode(c); err != nil {
		t.Errorf("not valid: %v", err)
	}
	return c
}

// days returns the days of an event, expanded by the independent library.
func days(t *testing.T, e ical.Event) (days []string) {
	t.Helper()
	zone, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		t.Fatal(err)
	}
	set, err := e.RecurrenceSet(zone)
	if err != nil || set == nil {
		t.Fatalf("recurrence: %v, %v", set, err)
	}
	for _, at := range set.All() {
		days = append(days, at.In(zone).Format("01-02 15:04"))
	}
	return days
}

func property(e ical.Event, name string) string {
	if p := e.Props.Get(name); p != nil {
		text, _ := p.Text()
		return text
	}
	return ""
}

func TestGolden(t *testing.T) {
	const file = "testdata/sample.ics"
	got := write(t, sample())
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s; got:\n%s", file, got)
	}
}

func TestEvents(t *testing.T) {
	events := read(t, write(t, sample())).Events()
	if len(events) != 3 {
		t.Fatalf("%d events, want 3", len(events))
	}
	monday, thursday, friday := days(t, events[0]), days(t, events[1]), days(t, events[2])
	// The semester begins on a Tuesday, 5 October is a substitute holiday.
	if monday[0] != "09-07 09:00" || slices.Contains(monday, "10-05 09:00") || monday[len(monday)-1] != "12-21 09:00" || len(monday) != 15 {
		t.Errorf("on Mondays: %v", monday)
	}
	if thursday[0] != "09-03 09:00" || slices.Contains(thursday, "09-24 09:00") || len(thursday) != 15 {
		t.Errorf("on Thursdays: %v", thursday)
	}
	if slices.Contains(friday, "09-25 22:30") || slices.Contains(friday, "10-09 22:30") || len(friday) != 14 {
		t.Errorf("on Fridays: %v", friday)
	}
	if end := events[2].Props.Get("DTEND").Value; end != "20260905T000000" {
		t.Errorf("a meeting until 24:00 ends at %s", end)
	}
	if got := property(events[0], "SUMMARY"); got != sample().Lectures[0].Title {
		t.Errorf("title %q", got)
	}
	if property(events[0], "LOCATION") != "공학관 301" || property(events[0], "DESCRIPTION") != "김나무" {
		t.Errorf("room %q, professor %q", property(events[0], "LOCATION"), property(events[0], "DESCRIPTION"))
	}
}

// A meeting whose first day is a holiday begins a week later.
func TestFirstMeetingOnHoliday(t *testing.T) {
	timetable := sample()
	timetable.Semester.Holidays = []schema.Date{"2026-09-07", "2026-09-14"}
	timetable.Semester.ClassDays = []schema.Date{"2026-10-05"}
	monday := days(t, read(t, write(t, timetable)).Events()[0])
	if monday[0] != "09-21 09:00" || !slices.Contains(monday, "10-05 09:00") {
		t.Errorf("on Mondays: %v", monday)
	}
}

func TestNoDays(t *testing.T) {
	timetable := sample()
	timetable.Semester.FirstDay, timetable.Semester.LastDay = "2026-09-01", "2026-09-02" // no Monday, Thursday or Friday
	if c := read(t, write(t, timetable)); len(c.Events()) != 0 {
		t.Errorf("%d events in two days without a meeting", len(c.Events()))
	}
	timetable.Semester = schema.Semester{}
	if text := write(t, timetable); strings.Contains(text, "VEVENT") || !strings.Contains(text, "개강일과 종강일을 몰라서") {
		t.Errorf("a semester without dates:\n%s", text)
	}
}

// A change of the room keeps the UID and increases the sequence, so that the event moves.
func TestChange(t *testing.T) {
	before := read(t, write(t, sample())).Events()
	changed := sample()
	l := &changed.Lectures[0]
	l.Times = []schema.LectureTime{
		{Weekday: 3, TimeBegin: 600, TimeEnd: 675, Room: "공학관 B1"}, l.Times[0],
	}
	l.UpdatedAt = l.UpdatedAt.Add(time.Minute)
	after := read(t, write(t, changed)).Events()
	uids := map[string]ical.Event{}
	for _, e := range after {
		uids[property(e, "UID")] = e
	}
	if len(uids) != len(after) {
		t.Error("two events have one UID")
	}
	moved, ok := uids[property(before[1], "UID")]
	if !ok || property(moved, "LOCATION") != "공학관 B1" {
		t.Errorf("the event did not move: %v", moved.Props)
	}
	first, _ := before[1].Props.Get("SEQUENCE").Int()
	second, _ := moved.Props.Get("SEQUENCE").Int()
	if second <= first {
		t.Errorf("sequence %d after %d", second, first)
	}
	if a, b := property(uids[property(before[2], "UID")], "SUMMARY"), property(before[2], "SUMMARY"); a != b {
		t.Errorf("another event changed from %q to %q", b, a)
	}
	copied := sample()
	copied.UID = "u2"
	if property(read(t, write(t, copied)).Events()[0], "UID") == property(before[0], "UID") {
		t.Error("timetables of two users share UIDs")
	}
}

// TestAnyText writes what strangers put into documents: nothing of it becomes a property, every line has at
// most 75 octets, and no line ends within a character.
func TestAnyText(t *testing.T) {
	known := "BEGIN END PRODID VERSION CALSCALE NAME X-WR-CALNAME DESCRIPTION X-WR-CALDESC X-WR-TIMEZONE REFRESH-INTERVAL " +
		"X-PUBLISHED-TTL TZID DTSTART TZOFFSETFROM TZOFFSETTO TZNAME UID DTSTAMP LAST-MODIFIED SEQUENCE DTEND RRULE EXDATE SUMMARY LOCATION"
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 2))
		timetable := sample()
		timetable.Title = text(r)
		l := &timetable.Lectures[0]
		l.Title, l.Professor, l.Times[0].Room, l.Times[1].Room = text(r), text(r), text(r), text(r)
		got := write(t, timetable)
		for line := range strings.SplitSeq(strings.TrimSuffix(got, "\r\n"), "\r\n") {
			if len(line) > 75 || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n") {
				t.Fatalf("seed %d: bad line %q", seed, line)
			}
			name := strings.SplitN(strings.SplitN(line, ":", 2)[0], ";", 2)[0]
			if line[0] != ' ' && !slices.Contains(strings.Fields(known), name) {
				t.Fatalf("seed %d: property %q", seed, line)
			}
		}
		events := read(t, got).Events()
		if len(events) != 3 {
			t.Fatalf("seed %d: %d events", seed, len(events))
		}
		if got, want := property(events[0], "LOCATION"), share.Clean(l.Times[0].Room); got != want {
			t.Errorf("seed %d: room %q, want %q", seed, got, want)
		}
	}
}

func text(r *rand.Rand) string {
	parts := []string{
		"\r\nBEGIN:VEVENT", "\nATTACH:x", "\r", "\\n", "\\", ";", ",", ":", `"`, "\u2028X:y", "\u0085X:y", "\x00", "\u202e", "\xff",
		"👩‍👩‍👧", "가나다", "a b", " ", "<b>", "한 글", "\ufeff", "\uffff",
	}
	var b strings.Builder
	for range r.IntN(40) {
		if r.IntN(4) == 0 {
			b.WriteRune(rune(r.IntN(0x110000)))
		}
		b.WriteString(parts[r.IntN(len(parts))])
	}
	return b.String()
}

// No document makes a calendar without bounds.
func TestManyLectures(t *testing.T) {
	timetable := sample()
	for range 1000 {
		timetable.Lectures = append(timetable.Lectures, timetable.Lectures[0])
	}
	long := strings.Repeat("가", 100_000)
	for i := range timetable.Lectures {
		timetable.Lectures[i].Title = long
	}
	if n := len(write(t, timetable)); n > 2<<20 {
		t.Errorf("%d bytes", n)
	}
}
