package courses

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/internal/lecturespb"
)

// A generatedMeeting is a meeting to render as a school would write it.
type generatedMeeting struct {
	days       []int
	first      int // period
	count      int // periods
	room       string
	professor  string
	timeless   bool // rendered as a placeholder
	begin, end int  // of the clock
}

// propertyDialect is a way of writing meetings, and how to render one.
type propertyDialect struct {
	options []string
	render  func(r *rand.Rand, m generatedMeeting) string
	// rooms are where the room is: in the same cell, in another one, or nowhere.
	rooms roomPlace
	// separators can be written between two meetings.
	separators []string
	professor  bool
	periods    bool // the times are those of periods, not of the clock
	lastPeriod int  // the last period that can be written
}

type roomPlace int

const (
	noRooms roomPlace = iota
	roomInCell
	roomInColumn
)

func koreanDays(days []int, separator string) string {
	var parts []string
	for _, d := range days {
		parts = append(parts, string([]rune("월화수목금토일")[d]))
	}
	return strings.Join(parts, separator)
}

func namedDays(names string) func([]int, string) string {
	words := strings.Fields(names)
	return func(days []int, separator string) string {
		var parts []string
		for _, d := range days {
			parts = append(parts, words[d])
		}
		return strings.Join(parts, separator)
	}
}

func hourly(m generatedMeeting) (begin, end int) {
	return (8 + m.first) * 60, (8+m.first+m.count-1)*60 + 50
}

func twelve(minutes int, am, pm string) string {
	half := am
	if minutes >= 12*60 {
		half = pm
	}
	hour := minutes / 60 % 12
	if hour == 0 {
		hour = 12
	}
	return fmt.Sprintf("%d:%02d%s", hour, minutes%60, half)
}

func listOf(m generatedMeeting, separator string) string {
	var parts []string
	for i := range m.count {
		parts = append(parts, fmt.Sprint(m.first+i))
	}
	return strings.Join(parts, separator)
}

// propertyDialects are the ways in which the property test writes lists.
var propertyDialects = []propertyDialect{
	{options: []string{"times", "월(11:00~12:15)"}, rooms: roomInColumn, separators: []string{"/", "\n"},
		render: func(_ *rand.Rand, m generatedMeeting) string {
			return koreanDays(m.days, ",") + fmt.Sprintf("(%02d:%02d~%02d:%02d)", m.begin/60, m.begin%60, m.end/60, m.end%60)
		}},
	{options: []string{"times", "월3,4"}, rooms: roomInColumn, separators: []string{"/", "\n"}, periods: true, lastPeriod: 14,
		render: func(r *rand.Rand, m generatedMeeting) string {
			return koreanDays(m.days, []string{"", ",", "·"}[r.IntN(3)]) + listOf(m, ",")
		}},
	{options: []string{"times", "월(3-4)"}, rooms: roomInColumn, separators: []string{"/", "\n"}, periods: true, lastPeriod: 14,
		render: func(_ *rand.Rand, m generatedMeeting) string {
			if m.count == 1 {
				return koreanDays(m.days, "") + fmt.Sprintf("(%d)", m.first)
			}
			return koreanDays(m.days, "") + fmt.Sprintf("(%d-%d)", m.first, m.first+m.count-1)
		}},
	{options: []string{"times", "월(1-2) 강의실"}, rooms: roomInCell, separators: []string{"\n", ", ", " / ", "; "}, periods: true, lastPeriod: 14,
		render: func(_ *rand.Rand, m generatedMeeting) string {
			return koreanDays(m.days, "") + fmt.Sprintf("(%d~%d) %s", m.first, m.first+m.count-1, m.room)
		}},
	{options: []string{"times", "월11:00~12:50(강의실)"}, rooms: roomInCell, separators: []string{", ", "\n"},
		render: func(_ *rand.Rand, m generatedMeeting) string {
			return koreanDays(m.days, "") + fmt.Sprintf("%d:%02d~%d:%02d(%s)", m.begin/60, m.begin%60, m.end/60, m.end%60, m.room)
		}},
	{options: []string{"times", "월 13:30(75) 강의실"}, rooms: roomInCell, separators: []string{", ", "\n", " / "},
		render: func(_ *rand.Rand, m generatedMeeting) string {
			return koreanDays(m.days, ",") + fmt.Sprintf(" %d:%02d(%d) %s", m.begin/60, m.begin%60, m.end-m.begin, m.room)
		}},
	{options: []string{"times", "월67/강의실"}, rooms: roomInCell, separators: []string{", ", "\n"}, periods: true, lastPeriod: 9,
		render: func(_ *rand.Rand, m generatedMeeting) string {
			return koreanDays(m.days, "") + listOf(m, "") + "/" + m.room
		}},
	{options: []string{"times", "월 1 2 3"}, rooms: roomInColumn, separators: []string{"/", "\n"}, periods: true, lastPeriod: 14,
		render: func(_ *rand.Rand, m generatedMeeting) string { return koreanDays(m.days, " ") + " " + listOf(m, " ") }},
	{options: []string{"times", "월3(11:00~12:15)"}, separators: []string{"/", ", ", "\n"},
		render: func(_ *rand.Rand, m generatedMeeting) string {
			return koreanDays(m.days, "") + fmt.Sprintf("%d(%d:%02d~%d:%02d)", m.first, m.begin/60, m.begin%60, m.end/60, m.end%60)
		}},
	{options: []string{"times", "월3,4 강의실(교수)"}, rooms: roomInCell, separators: []string{" / ", "\n"}, professor: true, periods: true, lastPeriod: 14,
		render: func(_ *rand.Rand, m generatedMeeting) string {
			return koreanDays(m.days, "") + listOf(m, ",") + " " + m.room + "(" + m.professor + ")"
		}},
	{options: []string{"times", "MTWRF 10:00-10:50 am room", "times.days", "M T W R F S U"}, rooms: roomInCell, separators: []string{"; ", "\n"},
		render: func(r *rand.Rand, m generatedMeeting) string {
			am, pm := []string{" am", "am", " a.m.", " A.M."}[r.IntN(4)], []string{" pm", "PM", " p.m.", "p"}[r.IntN(4)]
			return namedDays("M T W R F S U")(m.days, "") + " " + twelve(m.begin, am, pm) + " - " + twelve(m.end, am, pm) + " " + m.room
		}},
	{options: []string{"times", "MoWe 10:00-11:15"}, rooms: roomInColumn, separators: []string{"/", "\n"},
		render: func(_ *rand.Rand, m generatedMeeting) string {
			return namedDays("Mo Tu We Th Fr Sa Su")(m.days, "") + fmt.Sprintf(" %d:%02d-%d:%02d", m.begin/60, m.begin%60, m.end/60, m.end%60)
		}},
	{options: []string{"times", "Mon 10:00-11:15", "times.clock", "12 from 8:00"}, rooms: roomInColumn, separators: []string{" / ", "\n"},
		render: func(r *rand.Rand, m generatedMeeting) string {
			separator := []string{"/", ", ", " "}[r.IntN(3)]
			return namedDays("Mon Tue Wed Thu Fri Sat Sun")(m.days, separator) + " " + twelve(m.begin, "", "") + "-" + twelve(m.end, "", "")
		}},
	{options: []string{"times", "월3.0-4.5"}, rooms: roomInColumn, separators: []string{"/", "\n"}, periods: true, lastPeriod: 14,
		render: func(_ *rand.Rand, m generatedMeeting) string {
			return koreanDays(m.days, "") + fmt.Sprintf("%d.0-%d.0", m.first, m.first+m.count-1)
		}},
}

// roomNames contain what rooms contain, including commas, slashes, brackets and syllables of weekdays.
var roomNames = []string{
	"별관 401", "B1-101", "본관(구) 101", "금속관 3층", "전산관/101", "정보관 101호, 102호", "월드컵관", "Hall 3", "3-401", "*평창 101", "토목관 일반강의실", "A&B홀", "1관 2호", "[국제] 301",
}

// generateMeeting returns a random meeting that a dialect can write.
func (d propertyDialect) generateMeeting(r *rand.Rand) generatedMeeting {
	m := generatedMeeting{first: 1 + r.IntN(6), room: roomNames[r.IntN(len(roomNames))], professor: []string{"나별이", "김하나", "나별이, 김하나"}[r.IntN(3)]}
	m.count = 1 + r.IntN(3)
	m.days = []int{r.IntN(7)}
	if day := r.IntN(7); r.IntN(3) == 0 && day > m.days[0] {
		m.days = append(m.days, day)
	}
	m.timeless = r.IntN(8) == 0
	m.begin = 8*60 + 5*r.IntN(120)
	m.end = m.begin + 30 + 5*r.IntN(25)
	if d.periods {
		m.begin, m.end = hourly(m)
	}
	if d.rooms == noRooms || r.IntN(6) == 0 {
		m.room = ""
	}
	return m
}

// want returns the times that a dialect's rendering of meetings must be read as.
func (d propertyDialect) want(meetings []generatedMeeting) []*lecturespb.Lecture_LectureTime {
	var times []*lecturespb.Lecture_LectureTime
	for _, m := range meetings {
		if m.timeless {
			continue
		}
		for _, day := range m.days {
			times = append(times, &lecturespb.Lecture_LectureTime{Weekday: int32(day), TimeBegin: int32(m.begin), TimeEnd: int32(m.end), Room: m.room})
		}
	}
	return times
}

// TestReadWholeOrNotAtAll writes random meetings in every dialect, clean and with dirt, and checks that
// they are read exactly or rejected with a reason.
func TestReadWholeOrNotAtAll(t *testing.T) {
	for _, d := range propertyDialects {
		t.Run(strings.Join(d.options, " "), func(t *testing.T) {
			format := testDialect(t, periodsWithout(d.lastPeriod), d.options...)
			r := rand.New(rand.NewPCG(3, 4))
			clean, dirty, read := 0, 0, 0
			for range 1000 {
				meetings := []generatedMeeting{}
				for range 1 + r.IntN(3) {
					meetings = append(meetings, d.generateMeeting(r))
				}
				times, rooms := d.cells(r, meetings)
				if !d.check(t, format, times, rooms, meetings) {
					t.Fatalf("%q with rooms %q was rejected: %v", times, rooms, rejection(format, times, rooms))
				}
				clean++
				d.checkCut(t, format, cut(r, times), meetings)
				for range 4 {
					dirtyTimes := soil(r, times, d.rooms != roomInCell)
					dirtyRooms := soil(r, rooms, false)
					dirty++
					if d.check(t, format, dirtyTimes, dirtyRooms, meetings) {
						read++
					}
				}
			}
			if read < dirty/2 {
				t.Errorf("only %d of %d cells with harmless dirt were read", read, dirty)
			}
		})
	}
}

// periodsWithout returns hourly periods up to last, which is 14 if it is 0.
func periodsWithout(last int) periodTable {
	if last == 0 {
		last = 14
	}
	return hourlyPeriods(last)
}

func rejection(format *timeFormat, times, rooms string) error {
	_, err := format.readCells(times, rooms, "/")
	return err
}

// cells renders meetings into a cell of times and a cell of rooms.
func (d propertyDialect) cells(r *rand.Rand, meetings []generatedMeeting) (times, rooms string) {
	separator := d.separators[r.IntN(len(d.separators))]
	var parts, roomParts []string
	for i := range meetings {
		m := &meetings[i]
		if d.rooms == roomInColumn && len(meetings) > 1 { // such a column must not use its separator in a room
			m.room = strings.ReplaceAll(m.room, "/", " ")
		}
		if m.timeless {
			parts = append(parts, []string{"미정", "TBA", "-"}[r.IntN(3)])
		} else {
			parts = append(parts, d.render(r, *m))
		}
		roomParts = append(roomParts, m.room)
	}
	if d.rooms != roomInColumn {
		return strings.Join(parts, separator), ""
	}
	filled := slices.DeleteFunc(slices.Clone(roomParts), func(s string) bool { return s == "" })
	if len(filled) == 1 && len(roomParts) > 1 { // a single room would be that of all meetings
		for i := range meetings {
			meetings[i].room = filled[0]
		}
		return strings.Join(parts, separator), filled[0]
	}
	return strings.Join(parts, separator), strings.Join(roomParts, strings.TrimSpace(separator)+strings.Trim(separator, "/ "))
}

// check reports whether the cells are read, and fails if they are read as anything but the meetings.
func (d propertyDialect) check(t *testing.T, format *timeFormat, times, rooms string, meetings []generatedMeeting) bool {
	t.Helper()
	cell, err := format.readCells(times, rooms, "/")
	if err != nil {
		if !strings.Contains(err.Error(), `"`) {
			t.Fatalf("%q with rooms %q: the reason shows nothing of the cell: %v", times, rooms, err)
		}
		return false
	}
	got, want := formatMeetings([]meeting{cell.times}), formatMeetings([]meeting{d.want(meetings)})
	if strings.ReplaceAll(got, " ", "") != strings.ReplaceAll(want, " ", "") {
		t.Fatalf("%q with rooms %q: got %q, want %q", times, rooms, got, want)
	}
	if d.professor {
		var names []string
		for _, m := range meetings {
			if !m.timeless {
				names = appendUnique(names, splitProfessors(m.professor)...)
			}
		}
		if !slices.Equal(names, cell.professors) {
			t.Fatalf("%q: professors %q, want %q", times, cell.professors, names)
		}
	}
	return true
}

// checkCut checks a cell of times that was cut off: what is read of it begins as the meetings do.
func (d propertyDialect) checkCut(t *testing.T, format *timeFormat, times string, meetings []generatedMeeting) {
	t.Helper()
	got, err := format.parseCells(times, "", "/")
	want := d.want(meetings)
	if err != nil {
		return
	}
	if len(got) > len(want) {
		t.Fatalf("%q, which was cut off: got %v, want %v", times, got, want)
	}
	for i, g := range got {
		w := want[i]
		lastMeeting := i >= len(got)-2 // which can have two days
		if g.Weekday != w.Weekday || g.TimeBegin != w.TimeBegin || g.TimeEnd != w.TimeEnd && !(d.periods && lastMeeting && g.TimeEnd < w.TimeEnd) ||
			g.Room != "" && !strings.HasPrefix(w.Room, g.Room) && !(lastMeeting && strings.HasPrefix(w.Room, strings.TrimRight(g.Room, " "))) {
			t.Fatalf("%q, which was cut off: got %v, want %v", times, got, want)
		}
	}
}

// cut returns the beginning of a cell.
func cut(r *rand.Rand, cell string) string {
	runes := []rune(cell)
	return string(runes[:r.IntN(len(runes)+1)])
}

// soil makes a cell dirty in a way that does not change its meaning, so that it must be read as it was
// or rejected. remarks allows dirt that must be rejected.
func soil(r *rand.Rand, cell string, remarks bool) string {
	runes := []rune(cell)
	if len(runes) == 0 {
		return cell
	}
	at := r.IntN(len(runes) + 1)
	switch r.IntN(7) {
	case 0: // a stray space at the edge of a number or word
		for i := range 20 {
			at = (at + i) % (len(runes) + 1)
			if at == 0 || at == len(runes) || !isWordRune(runes[at-1]) && runes[at-1] != '.' || !isWordRune(runes[at]) && runes[at] != '.' {
				break
			}
			if i == 19 {
				at = 0
			}
		}
		return string(slices.Insert(runes, at, []rune{' ', '\u00a0', '\u3000'}[r.IntN(3)]))
	case 1: // fullwidth characters
		for i, c := range runes {
			if c > ' ' && c < 0x7f && r.IntN(2) == 0 && !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz", c|0x20) {
				runes[i] = c - '!' + '！'
			}
		}
		return string(runes)
	case 2: // invisible characters
		return string(slices.Insert(runes, at, []rune{'\u200b', '\ufeff', '\u200e'}[r.IntN(3)]))
	case 3: // line breaks of another system, or as tags
		return strings.ReplaceAll(cell, "\n", []string{"\r\n", "<br>", "<BR/>"}[r.IntN(3)])
	case 4: // an unknown remark
		if remarks {
			return cell + []string{" 외 2", "(격주)!", " ㅎㅎ: 1", " 12:", "(", ")"}[r.IntN(6)]
		}
	case 5: // another dash
		return strings.ReplaceAll(cell, "~", []string{"-", "–", "～"}[r.IntN(3)])
	}
	return " " + cell + "\t"
}
