package courses

import (
	"fmt"
	"strings"
)

// timeFormat reads the cells in which one school writes its meetings. See [dialect.format].
type timeFormat struct {
	dialect
	patterns []timePattern
}

// dialect is what a school declares about its cells, apart from examples of meetings.
type dialect struct {
	periods periodTable
	// days are the names of the weekdays.
	days dayNames
	// clock says how times without am and pm are meant.
	clock clockStyle
	// placeholders are the school's own words for an unknown value, in addition to the usual ones.
	placeholders placeholders
	// remarks are texts that can occur in a cell with meetings and mean nothing to us.
	remarks []string
}

// newTimeFormat returns the format of the dialect that declares nothing but periods.
func newTimeFormat(examples string, periods periodTable) (*timeFormat, error) {
	return dialect{periods: periods}.format(examples)
}

// format makes a format from an example of one meeting, such as 월(11:00~12:15). Several examples can
// be given with " | " between them; the first that matches a meeting is used. The grammar of the cells
// is in docs/add-a-school.md. In an example,
//
//	월, Mon, MoWe, MTWRF   matches one or more weekdays, such as 월,수 and 월수
//	11:00~12:15            matches begin and end, with or without am and pm
//	13:30(75)              matches begin and length in minutes
//	3,4 or 3-4             matches periods of the school's table, including halves such as 3.5; with
//	                       spaces, 3 4, if the example has spaces; run together, 67, if it has those
//	6-1.5                  matches start and length in periods; recognized by a smaller second number with
//	                       a half
//	강의실 or room         matches the room
//	캠퍼스 or campus       matches a campus, which becomes part of the room
//	교수 or professor      matches the professors
//	비고 or note           matches a text that is ignored
//
// and everything else matches itself. Spaces do not matter, and all dashes are equal.
//
// A cell is read whole or not at all: every character belongs to a meeting, a separator, a
// placeholder or a declared remark.
func (d dialect) format(examples string) (*timeFormat, error) {
	f := &timeFormat{dialect: d}
	for example := range strings.SplitSeq(examples, " | ") {
		pattern, err := d.compile(strings.TrimSpace(example))
		if err != nil {
			return nil, fmt.Errorf("%q: %w", truncate(example, 100), err)
		}
		f.patterns = append(f.patterns, pattern)
	}
	if len(f.patterns) > maxPatterns {
		return nil, fmt.Errorf("%d examples are more than %d", len(f.patterns), maxPatterns)
	}
	return f, nil
}

const (
	// maxTimesBytes bounds the text in one cell with times, or with rooms.
	maxTimesBytes = 4000
	// maxRawBytes bounds a cell before its spaces and entities are normalized.
	maxRawBytes = 10 * maxTimesBytes
	// maxPatterns bounds the examples of a format.
	maxPatterns = 20
)

// parse parses the meetings in a cell. A blank cell or a placeholder has none. An empty part between
// slashes, semicolons or lines, and a placeholder such as 00:00~00:00, is a meeting without times.
func (f *timeFormat) parse(text string) ([]meeting, error) {
	cell, err := f.parseCell(text, "")
	if err != nil {
		return nil, err
	}
	var meetings []meeting
	for _, m := range cell.meetings {
		meetings = append(meetings, m.times)
	}
	return meetings, nil
}

// parsedCell is a cell with meetings as read.
type parsedCell struct {
	meetings []parsedMeeting
	slots    int // parts between slot separators; a room cell has one part for each
}

type parsedMeeting struct {
	times      meeting
	professors []string
	slot       int
}

// professors returns the professors of all meetings, each once.
func (c parsedCell) professors() []string {
	var all []string
	for _, m := range c.meetings {
		all = appendUnique(all, m.professors...)
	}
	return all
}

const (
	// separators can occur between two meetings.
	separators = " \t\n,/;|·&+"
	// slotSeparators can have an empty part between them. A school can declare others.
	slotSeparators = "\n/;|"
)

// parseCell parses the meetings in a cell whose parts are separated by line breaks and the characters
// in slots.
func (f *timeFormat) parseCell(text, slots string) (parsedCell, error) {
	if len(text) > maxRawBytes {
		return parsedCell{}, fmt.Errorf("time %q is too long", truncate(text[:200], 60))
	}
	text = normalizeCell(text)
	if f.placeholders.match(strings.Trim(text, " \n")) {
		return parsedCell{slots: 1}, nil
	}
	if len(text) > maxTimesBytes {
		return parsedCell{}, fmt.Errorf("time %q is too long", truncate(text, 60))
	}
	p := newCellParser(f, text)
	cell := parsedCell{slots: 1}
	wanted := false // a list separator such as a comma needs a meeting on both sides
	for {
		p.skipFiller()
		if p.done() {
			break
		}
		if r := p.peek(); strings.ContainsRune(separators, r) {
			isSlot := strings.ContainsRune(slotSeparators+slots, r)
			if !isSlot && (wanted || len(cell.meetings) == 0) {
				return parsedCell{}, p.errorAt(p.pos, "no meeting before it")
			}
			wanted = !isSlot
			p.next()
			if r == '\n' || strings.ContainsRune(slots, r) {
				cell.slots++
			}
			continue
		}
		m, err := p.meeting()
		if err != nil {
			return parsedCell{}, err
		}
		m.slot = cell.slots - 1
		cell.meetings = append(cell.meetings, m)
		wanted = false
	}
	if wanted {
		return parsedCell{}, p.errorAt(len(text), "a meeting is missing at the end")
	}
	return cell, nil
}
