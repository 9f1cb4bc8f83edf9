package courses

import (
	"fmt"
	"slices"
	"strings"

	"heek.kr/heektime/internal/lecturespb"
)

// meeting is one meeting a week as a cell describes it. It usually has one time, several if its days
// or periods are not consecutive, and none if the time is not known.
type meeting []*lecturespb.Lecture_LectureTime

// mergeTimes merges meetings at the same time into one with all their rooms: sections that are split
// into groups meet in several rooms simultaneously.
func mergeTimes(times []*lecturespb.Lecture_LectureTime) []*lecturespb.Lecture_LectureTime {
	merged := times[:0]
next:
	for _, t := range times {
		for _, m := range merged {
			if m.Weekday == t.Weekday && m.TimeBegin == t.TimeBegin && m.TimeEnd == t.TimeEnd {
				m.Room = joinRooms(m.Room, t.Room)
				continue next
			}
		}
		merged = append(merged, t)
	}
	return merged
}

const roomSeparator = ", "

// joinRooms returns the rooms of a and b, each once.
func joinRooms(a, b string) string {
	var rooms []string
	if a != "" {
		rooms = strings.Split(a, roomSeparator)
	}
	return strings.Join(appendUnique(rooms, strings.Split(b, roomSeparator)...), roomSeparator)
}

// assignRooms assigns rooms to meetings in the same order and returns the times. A single room is the
// room of all meetings, and surplus rooms belong to the last meeting.
func assignRooms(meetings []meeting, rooms []string) []*lecturespb.Lecture_LectureTime {
	var times []*lecturespb.Lecture_LectureTime
	for i, m := range meetings {
		var assigned []string
		switch {
		case len(rooms) == 1:
			assigned = rooms
		case i == len(meetings)-1 && i < len(rooms):
			assigned = rooms[i:]
		case i < len(rooms):
			assigned = rooms[i : i+1]
		}
		room := ""
		for _, r := range assigned {
			room = joinRooms(room, dropPlaceholder(r))
		}
		for _, t := range m {
			t.Room = joinRooms(t.Room, room)
			times = append(times, t)
		}
	}
	return times
}

// parseCells parses the meetings in one cell and their rooms in another. See [timeFormat.readCells].
func (f *timeFormat) parseCells(times, rooms, separators string) ([]*lecturespb.Lecture_LectureTime, error) {
	cell, err := f.readCells(times, rooms, separators)
	return cell.times, err
}

// cellTimes is what a row's cells say about its meetings.
type cellTimes struct {
	times      []*lecturespb.Lecture_LectureTime
	professors []string // those in the cell with meetings
}

// readCells reads the meetings in one cell and their rooms in another. Line breaks and the characters
// in separators divide both cells into parts, except within a meeting: Tue/Thu 10:00-11:15 is one
// part. Rooms belong to the parts, or else to the meetings, in the same order. A room cell with one
// part is the room of every meeting, and the room cell of a single meeting is not divided.
func (f *timeFormat) readCells(times, rooms, separators string) (cellTimes, error) {
	if len(rooms) > maxTimesBytes {
		return cellTimes{}, fmt.Errorf("rooms %q are too long", truncate(rooms[:200], 60))
	}
	if err := checkCells(times, rooms); err != nil {
		return cellTimes{}, err
	}
	cell, err := f.parseCell(times, separators)
	if err != nil {
		return cellTimes{}, err
	}
	result := cellTimes{professors: cell.professors()}
	assigned, err := f.divideRooms(cell, rooms, separators)
	if err != nil {
		return cellTimes{}, err
	}
	for i, m := range cell.meetings {
		for _, t := range m.times {
			t.Room = joinRooms(t.Room, assigned[i])
			result.times = append(result.times, t)
		}
	}
	return result, nil
}

// divideRooms returns the room of each meeting.
func (f *timeFormat) divideRooms(cell parsedCell, rooms, separators string) ([]string, error) {
	rooms = normalizeCell(rooms)
	assigned := make([]string, len(cell.meetings))
	timed := 0
	for _, m := range cell.meetings {
		if len(m.times) > 0 {
			timed++
		}
	}
	parts := splitRooms(rooms, separators)
	filled := filledParts(parts)
	switch {
	case timed == 0 || len(filled) == 0:
		return assigned, nil
	case cell.slots == 1 && len(cell.meetings) == 1:
		assigned[0] = f.wholeRoom(rooms, filled)
		return assigned, nil
	case len(filled) == 1 && (len(parts) == 1 || isPadded(parts) && len(parts) != cell.slots):
		for i := range assigned {
			assigned[i] = f.placeholders.drop(filled[0])
		}
		return assigned, nil
	}
	slot := func(i int) int { return cell.meetings[i].slot }
	aligned := alignParts(parts, cell)
	if aligned == nil && len(filled) == len(cell.meetings) {
		aligned, slot = filled, func(i int) int { return i }
	}
	// A single room on one of several lines may be that of one meeting or of all.
	uncertain := len(filled) == 1 && len(cell.meetings) > 1 && !strings.ContainsAny(rooms, separators)
	if aligned == nil || uncertain {
		return nil, fmt.Errorf("rooms %q cannot be assigned: %s for %s",
			truncate(rooms, 60), count(len(filled), "room"), count(len(cell.meetings), "meeting"))
	}
	for i := range assigned {
		assigned[i] = f.placeholders.drop(aligned[slot(i)])
	}
	return assigned, nil
}

// wholeRoom returns the room of a single meeting: the whole cell, because a slash can be part of a
// room's name. Lines are different rooms.
func (f *timeFormat) wholeRoom(cell string, parts []string) string {
	if len(parts) == 1 {
		return f.placeholders.drop(parts[0])
	}
	if !slices.ContainsFunc(parts, func(part string) bool { return !f.placeholders.match(part) }) {
		return ""
	}
	room := ""
	for _, line := range splitRooms(cell, "") {
		room = joinRooms(room, f.placeholders.drop(line))
	}
	return room
}

// isPadded reports whether the first and the last part are blank.
func isPadded(parts []string) bool { return parts[0] == "" && parts[len(parts)-1] == "" }

// alignParts returns the parts of a room cell so that there is one for each slot of the meetings, nil
// if there are more or fewer. Surplus blank parts do not count.
func alignParts(parts []string, cell parsedCell) []string {
	used := 1
	for _, m := range cell.meetings {
		used = max(used, m.slot+1)
	}
	for len(parts) > cell.slots && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	for len(parts) > cell.slots && parts[0] == "" {
		parts = parts[1:]
	}
	if len(parts) != cell.slots && len(parts) != used {
		return nil
	}
	return parts
}

// splitCell splits a cell with one part for each meeting. It keeps empty parts, which stand for
// meetings without a known time or room, but drops blank lines.
func splitCell(cell, separators string) []string {
	if cell = cleanLines(cell); cell == "" {
		return nil
	}
	return splitRooms(cell, separators)
}

// splitRooms splits a normalized cell at line breaks and separators. It keeps empty parts.
func splitRooms(cell, separators string) []string {
	var parts []string
	begin := 0
	for i, r := range cell {
		if r == '\n' || strings.ContainsRune(separators, r) {
			parts = append(parts, strings.TrimSpace(cell[begin:i]))
			begin = i + len(string(r))
		}
	}
	return append(parts, strings.TrimSpace(cell[begin:]))
}

func filledParts(parts []string) []string {
	return slices.DeleteFunc(slices.Clone(parts), func(s string) bool { return s == "" })
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
