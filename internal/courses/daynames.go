package courses

import (
	"fmt"
	"slices"
	"strings"
)

// dayNames are the names of weekdays in one school's cells. The zero value stands for Korean names
// (월, 월요일) and English names (Mon, Tues, Thursday).
type dayNames struct {
	names []dayName // declared names, which replace the Korean and English ones
}

type dayName struct {
	text string
	day  int // Monday is 0
}

// Two sets of names that an example can declare. Other sets need the option times.days.
var (
	twoLetterDays = mustDayNames("Mo Tu We Th Fr Sa Su")
	oneLetterDays = mustDayNames("M T W R F - -")
)

// parseDayNames parses the option times.days: seven words, Monday first. A word can list several names with
// a slash between them, and - stands for a day without a name.
func parseDayNames(s string) (dayNames, error) {
	words := strings.Fields(s)
	if len(words) != 7 {
		return dayNames{}, fmt.Errorf("%d words, but a week has seven days; write - for a day without a name", len(words))
	}
	var d dayNames
	for day, word := range words {
		if word == "-" {
			continue
		}
		for name := range strings.SplitSeq(word, "/") {
			name = normalizeCell(name)
			c := cursor{text: name}
			if c.letters() != name || name == "" {
				return dayNames{}, fmt.Errorf("%q is not a word of letters", truncate(word, 30))
			}
			if slices.ContainsFunc(d.names, func(n dayName) bool { return n.text == name }) {
				return dayNames{}, fmt.Errorf("%q stands for two days", truncate(name, 30))
			}
			d.names = append(d.names, dayName{name, day})
		}
	}
	if len(d.names) > 70 {
		return dayNames{}, fmt.Errorf("%d names are too many", len(d.names))
	}
	return d, nil
}

func mustDayNames(s string) dayNames {
	d, err := parseDayNames(s)
	if err != nil {
		panic(err)
	}
	return d
}

// daySeparators can occur between two days of a meeting.
const daySeparators = ",·/&"

// read reads one or more weekdays: 월, 월요일, 월수, 월,수, Tue/Thu, or with declared names MWF. If
// ranges is set, 월-금 is Monday to Friday.
func (d dayNames) read(c *cursor, ranges bool) (days []int, ok bool) {
	for {
		begin := c.pos
		isRange := false
		if len(days) > 0 {
			if isRange = ranges && c.dash(); !isRange && !c.anyOf(daySeparators) {
				c.skipBlank()
			}
		}
		more, ok := d.run(c)
		if !ok || isRange && more[0] <= days[len(days)-1] {
			c.pos = begin
			return days, len(days) > 0
		}
		if isRange {
			for day := days[len(days)-1] + 1; day < more[0]; day++ {
				days = append(days, day)
			}
		}
		days = append(days, more...)
	}
}

// run reads the days at the cursor that are not separated.
func (d dayNames) run(c *cursor) (days []int, ok bool) {
	if d.names == nil {
		day, ok := standardDay(c)
		return []int{day}, ok
	}
	begin := c.pos
	word := c.letters()
	if word == "" || len(word) > 60 {
		c.pos = begin
		return nil, false
	}
	days, ways := d.split(word)
	if ways != 1 { // not days, or days in more than one way
		c.pos = begin
		return nil, false
	}
	c.word(".")
	return days, true
}

// split divides a word into names of days. ways is 0 if that is impossible and more than 1 if the
// names allow several divisions.
func (d dayNames) split(word string) (days []int, ways int) {
	type division struct {
		days []int
		ways int
	}
	at := make([]division, len(word)+1) // divisions of word[:i]
	at[0].ways = 1
	for i := range word {
		if at[i].ways == 0 {
			continue
		}
		for _, n := range d.names {
			if strings.HasPrefix(word[i:], n.text) {
				end := &at[i+len(n.text)]
				end.days = append(slices.Clone(at[i].days), n.day)
				end.ways = min(2, end.ways+at[i].ways)
			}
		}
	}
	return at[len(word)].days, at[len(word)].ways
}

// standardDay reads a Korean or English name.
func standardDay(c *cursor) (int, bool) {
	const korean = "월화수목금토일"
	if i := strings.IndexRune(korean, c.peek()); i >= 0 && !c.done() {
		c.pos += len("월")
		c.word("요일")
		return i / len("월"), true
	}
	n := 0
	for n < len(c.rest()) && isLatin(c.rest()[n]) {
		n++
	}
	day, ok := englishDays[strings.ToLower(c.rest()[:min(n, len("wednesday")+1)])]
	if ok {
		c.pos += n
		c.word(".")
	}
	return day, ok
}

var englishDays = map[string]int{
	"monday": 0, "mon": 0, "tuesday": 1, "tues": 1, "tue": 1, "wednesday": 2, "weds": 2, "wed": 2,
	"thursday": 3, "thurs": 3, "thur": 3, "thu": 3, "friday": 4, "fri": 4, "saturday": 5, "sat": 5, "sunday": 6, "sun": 6,
}

func isLatin(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
