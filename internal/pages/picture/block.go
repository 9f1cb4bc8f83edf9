package picture

import (
	"math"

	"heek.kr/heektime/internal/pages/week"
)

// block is the area of a meeting, in units.
type block struct{ x, y, width, height float64 }

// block adds a meeting: its area, and as much of title, room and professor as fits.
func (l *layout) block(m *week.Meeting, d *design, b block) {
	accent := min(d.accent, b.width/4)
	radius := min(d.blockRadius, b.width/4, b.height/4)
	// Only the left corners of the accent and the right corners of the area stay visible.
	l.box(b.x, b.y, min(b.width, accent+2*radius), b.height, radius, l.colors.accents[m.Color])
	l.box(b.x+accent, b.y, b.width-accent, b.height, radius, l.colors.lectures[m.Color])
	l.box(b.x+accent, b.y, 2*radius, b.height, 0, l.colors.lectures[m.Color])

	padding := min(d.padding, b.width/12)
	x, width := b.x+accent+padding, b.width-accent-1.5*padding
	// A block of a short meeting may be lower than a line of the smallest text.
	if width < 1.5*d.textMin || b.height < 0.9*d.textMin {
		return
	}
	lines := l.fit(m, d, width, b.height-min(0.25*padding, b.height-0.9*d.textMin))
	top := b.y + min(0.8*padding, (b.height-heightOf(lines))/2)
	for _, line := range lines {
		l.text(line.text, x, top, line.size, width, l.colors.text)
		top += lineHeight * line.size
	}
}

// blockLine is a line of a block's text, with its size in units.
type blockLine struct {
	text string
	size float64
}

func heightOf(lines []blockLine) (height float64) {
	for _, l := range lines {
		height += lineHeight * l.size
	}
	return height
}

// detailShare is how large room and professor are, compared with the title.
const detailShare = 0.82

// fit chooses the lines of a block: the largest size at which the title is whole and followed by its room,
// unless that would break words, or else the smallest size and as much of the title as fits.
func (l *layout) fit(m *week.Meeting, d *design, width, height float64) []blockLine {
	title, room, professor := l.titleOf(m.Lecture), l.typeface.sanitize(m.Room), l.typeface.sanitize(m.Lecture.Professor)
	if height < lineHeight*d.textMin*(1+detailShare) {
		room = ""
	}
	const steps = 6
	var broken []blockLine
	for i := range steps {
		size := d.textSize - (d.textSize-d.textMin)*float64(i)/(steps-1)
		wrapped, whole := l.typeface.wrap(title, size, width)
		lines := l.details(sized(wrapped, size), room, professor, size, width, height)
		if lines == nil {
			continue
		}
		if whole {
			return lines
		}
		if broken == nil {
			broken = lines
		}
		if i >= steps/2 {
			break
		}
	}
	if broken != nil {
		return broken
	}
	return l.cut(title, room, d.textMin, width, height)
}

func sized(lines []string, size float64) []blockLine {
	sized := make([]blockLine, len(lines))
	for i, text := range lines {
		sized[i] = blockLine{text, size}
	}
	return sized
}

// details adds the room to a title, and the professor if there is space. It returns nil if title and room
// do not fit.
func (l *layout) details(lines []blockLine, room, professor string, size, width, height float64) []blockLine {
	detail := detailShare * size
	if room != "" {
		rooms, _ := l.typeface.wrap(room, detail, width)
		if len(rooms) > 2 && heightOf(lines)+float64(len(rooms))*lineHeight*detail > height {
			rooms = []string{rooms[0], rest(room, rooms[0])}
		}
		lines = append(lines, sized(rooms, detail)...)
	}
	used := heightOf(lines)
	if used > height {
		return nil
	}
	if professor != "" && used+lineHeight*detail <= height {
		lines = append(lines, blockLine{professor, detail})
	}
	return lines
}

// rest returns what follows a line of a text. The layout cuts it to the width.
func rest(text, line string) string {
	rest := text[len(line):]
	if len(rest) > 0 && rest[0] == ' ' {
		rest = rest[1:]
	}
	return rest
}

// cut returns the lines of a title that does not fit whole, with the room if that leaves a line for it.
func (l *layout) cut(title, room string, size, width, height float64) []blockLine {
	detail := detailShare * size
	space := height
	if room != "" {
		space -= lineHeight * detail
	}
	n := max(1, int(math.Floor(space/(lineHeight*size))))
	wrapped, _ := l.typeface.wrap(title, size, width)
	if len(wrapped) > n {
		done := 0
		for _, line := range wrapped[:n-1] {
			done += len(title[done:]) - len(rest(title[done:], line))
		}
		wrapped = append(wrapped[:n-1], title[done:])
	}
	lines := sized(wrapped, size)
	if room != "" {
		lines = append(lines, blockLine{room, detail})
	}
	return lines
}
