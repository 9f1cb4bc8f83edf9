package courses

import "strings"

// days reads one or more weekdays, counting from Monday = 0: 월, 월요일, 월수, 월,수, Mon, Monday, Tue/Thu.
// It appends them to into unless that is nil.
func (c *cursor) days(into *[]int) bool {
	found := false
	for {
		begin := c.pos
		if found {
			c.skip(" ,·/")
		}
		day, ok := c.day()
		if !ok {
			c.pos = begin
			return found
		}
		found = true
		if into != nil {
			*into = append(*into, day)
		}
	}
}

func (c *cursor) day() (int, bool) {
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
	word := strings.ToLower(c.rest()[:n])
	for i, day := range [7]string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"} {
		if n >= 3 && strings.HasPrefix(day, word) {
			c.pos += n
			c.word(".")
			return i, true
		}
	}
	return 0, false
}

// clock reads begin and end: 11:00~12:15, 1:00-2:15 pm.
func (c *cursor) clock() (span, bool) {
	begin, beginHalf, ok := c.timeOfDay()
	if !ok || !c.dash() {
		return span{}, false
	}
	end, endHalf, ok := c.timeOfDay()
	if !ok {
		return span{}, false
	}
	if beginHalf == 0 { // 1:00-2:15 pm
		beginHalf = endHalf
		if endHalf == 'p' && begin%720 > end%720 {
			beginHalf = 'a'
		}
	}
	return span{to24Hours(begin, beginHalf), to24Hours(end, endHalf)}, true
}

// timeOfDay reads 9:00, 09:00 or 0900 as minutes after midnight. half is 'a' or 'p' if am or pm
// follows, else 0.
func (c *cursor) timeOfDay() (minutes int, half byte, ok bool) {
	hour, digits := c.number()
	switch {
	case digits == 4:
		minutes = hour/100*60 + hour%100
		ok = hour%100 < 60
	case digits == 1 || digits == 2:
		if !c.word(":") {
			return 0, 0, false
		}
		minute, n := c.number()
		minutes, ok = hour*60+minute, n == 2 && minute < 60
	}
	if !ok || minutes > 24*60 {
		return 0, 0, false
	}
	ahead := *c
	ahead.skipBlank()
	for _, word := range []string{"am", "pm", "AM", "PM"} {
		if ahead.word(word) {
			c.pos = ahead.pos
			half = word[0] | 0x20
		}
	}
	return minutes, half, true
}

// to24Hours converts a time with am ('a') or pm ('p') to the 24-hour clock.
func to24Hours(minutes int, half byte) int {
	if half == 0 || minutes >= 13*60 {
		return minutes
	}
	minutes %= 12 * 60
	if half == 'p' {
		minutes += 12 * 60
	}
	return minutes
}
