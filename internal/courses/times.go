package courses

import (
	"strings"

	"heek.kr/heektime/internal/lecturespb"
)

// meeting is what a source says about one meeting a week: usually one time, several when its days or periods are apart,
// none when the time is not known.
type meeting []*lecturespb.Lecture_LectureTime

// mergeTimes joins meetings at the same time into one with all their rooms: two groups of one section meet at once.
func mergeTimes(times []*lecturespb.Lecture_LectureTime) []*lecturespb.Lecture_LectureTime {
	kept := times[:0]
next:
	for _, t := range times {
		for _, have := range kept {
			if have.Weekday == t.Weekday && have.TimeBegin == t.TimeBegin && have.TimeEnd == t.TimeEnd {
				have.Room = joinRooms(have.Room, t.Room)
				continue next
			}
		}
		kept = append(kept, t)
	}
	return kept
}

const roomSeparator = ", "

func joinRooms(have, more string) string {
	rooms := addNew(nil, have)
	if have != "" {
		rooms = strings.Split(have, roomSeparator)
	}
	return strings.Join(addNew(rooms, strings.Split(more, roomSeparator)...), roomSeparator)
}

// splitCell cuts a cell that holds one part for each meeting. Empty parts are kept: they hold the place of a meeting
// about which nothing is known.
func splitCell(cell, separators string) []string {
	cell = lines(cell)
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

// place gives meetings their rooms, which stand in the same order. One room is the room of all; rooms that are left over belong to
// the last meeting; meetings that are left over have none.
func place(meetings []meeting, rooms []string) []*lecturespb.Lecture_LectureTime {
	var times []*lecturespb.Lecture_LectureTime
	if len(meetings) == 0 {
		return nil
	}
	for i, m := range meetings {
		var of []string
		switch {
		case len(rooms) == 1:
			of = rooms
		case i == len(meetings)-1 && i < len(rooms):
			of = rooms[i:]
		case i < len(rooms):
			of = rooms[i : i+1]
		}
		room := ""
		for _, r := range of {
			room = joinRooms(room, known(r))
		}
		for _, t := range m {
			t.Room = joinRooms(t.Room, room)
			times = append(times, t)
		}
	}
	return times
}

// cells reads the meetings of one cell and their rooms of another, both cut by the same separators. A separator that stands
// within a meeting, as in Tue/Thu 10:00-11:15, does not cut.
func (f *timeFormat) cells(times, rooms, separators string) ([]*lecturespb.Lecture_LectureTime, error) {
	roomParts := splitCell(rooms, separators)
	byPart, meetings, err := f.parts(splitCell(times, separators))
	if err != nil {
		if meetings, err = f.parse(times); err != nil {
			return nil, err
		}
	}
	if len(roomParts) == len(byPart) {
		meetings = byPart
	}
	return place(meetings, roomParts), nil
}

// parts reads the parts of a cell: as one meeting each, and as the meetings that they hold. An empty part is one without times.
func (f *timeFormat) parts(parts []string) (byPart, meetings []meeting, err error) {
	for _, part := range parts {
		of, err := f.parse(part)
		if err != nil {
			return nil, nil, err
		}
		var whole meeting
		for _, m := range of {
			whole = append(whole, m...)
		}
		if len(of) == 0 {
			of = []meeting{nil}
		}
		byPart, meetings = append(byPart, whole), append(meetings, of...)
	}
	return byPart, meetings, nil
}
