package courses

import (
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

// splitCell splits a cell with one part for each meeting. It keeps empty parts, which stand for
// meetings without a known time or room.
func splitCell(cell, separators string) []string {
	cell = cleanLines(cell)
	if cell == "" {
		return nil
	}
	parts := []string{}
	begin := 0
	for i, r := range cell {
		if r == '\n' || strings.ContainsRune(separators, r) {
			parts = append(parts, strings.TrimSpace(cell[begin:i]))
			begin = i + len(string(r))
		}
	}
	return append(parts, strings.TrimSpace(cell[begin:]))
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

// parseCells parses the meetings in one cell and their rooms in another, both split at the same
// separators. A separator that is part of a meeting, as in Tue/Thu 10:00-11:15, does not split it.
func (f *timeFormat) parseCells(times, rooms, separators string) ([]*lecturespb.Lecture_LectureTime, error) {
	if err := checkCells(times, rooms); err != nil {
		return nil, err
	}
	roomParts := splitCell(rooms, separators)
	byPart, meetings, err := f.parseParts(splitCell(times, separators))
	if err != nil {
		if meetings, err = f.parse(times); err != nil {
			return nil, err
		}
	}
	if len(roomParts) == len(byPart) {
		meetings = byPart
	}
	return assignRooms(meetings, roomParts), nil
}

// parseParts parses the parts of a cell. byPart has one meeting for each part; meetings has all of
// them, which are more if a part describes several. An empty part is a meeting without times.
func (f *timeFormat) parseParts(parts []string) (byPart, meetings []meeting, err error) {
	for _, part := range parts {
		parsed, err := f.parse(part)
		if err != nil {
			return nil, nil, err
		}
		var joined meeting
		for _, m := range parsed {
			joined = append(joined, m...)
		}
		if len(parsed) == 0 {
			parsed = []meeting{nil}
		}
		byPart, meetings = append(byPart, joined), append(meetings, parsed...)
	}
	return byPart, meetings, nil
}
