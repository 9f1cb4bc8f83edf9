package picture

import (
	"image/color"
	"io"
	"math"
	"strconv"
	"strings"

	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/pages/week"
)

// rectangle is a filled rectangle in pixels.
type rectangle struct {
	x, y, width, height, radius int
	fill                        color.RGBA
}

// line is a line of text. Its font has every character.
type line struct {
	text                     string
	x, baseline, size, width float64
	fill                     color.RGBA
}

// layout is a picture: shapes in the order in which to draw them, rectangles before text.
type layout struct {
	width, height int
	name          string // what the picture shows, for those who cannot see it
	language      share.Language
	rectangles    []rectangle
	lines         []line

	typeface *typeface
	colors   *colors
	scale    float64 // pixels for each unit of the design
}

// design is where the parts of a picture are, in units: 1,200 across a preview, 390 across a wallpaper.
type design struct {
	width                        float64 // of the picture, in units
	margin                       float64
	top                          float64 // of the title's line
	bottom                       float64 // below the grid
	titleSize, detailSize        float64
	dayHeight, daySize           float64 // the row of weekdays
	gutter, hourSize             float64 // the column of hours
	cardRadius, blockRadius, gap float64
	accent, padding              float64
	textSize, textMin            float64 // of a lecture's title
}

var (
	landscape = design{
		width: 1200, margin: 32, top: 26, bottom: 28, titleSize: 34, detailSize: 20,
		dayHeight: 40, daySize: 18, gutter: 46, hourSize: 15, cardRadius: 18, blockRadius: 9, gap: 2,
		accent: 5, padding: 9, textSize: 20, textMin: 13,
	}
	square = design{
		width: 1080, margin: 32, top: 34, bottom: 32, titleSize: 38, detailSize: 23,
		dayHeight: 46, daySize: 21, gutter: 46, hourSize: 17, cardRadius: 20, blockRadius: 10, gap: 2,
		accent: 5, padding: 9, textSize: 23, textMin: 14,
	}
	// Phones show their clock above the grid, and buttons below it.
	portrait = design{
		width: 390, margin: 14, top: 250, bottom: 112, titleSize: 19, detailSize: 12,
		dayHeight: 24, daySize: 11.5, gutter: 21, hourSize: 9.5, cardRadius: 14, blockRadius: 5, gap: 1,
		accent: 3, padding: 4, textSize: 12, textMin: 8,
	}
)

func designOf(s Size) design {
	switch {
	case sizes[s].wallpaper:
		return portrait
	case s == Square:
		return square
	}
	return landscape
}

// newLayout lays out a timetable.
func newLayout(t *share.Timetable, s Style) (*layout, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	tf, err := newTypeface()
	if err != nil {
		return nil, err
	}
	d := designOf(s.Size)
	width, height := s.Size.Pixels()
	l := &layout{
		width: width, height: height, language: s.Language,
		typeface: tf, colors: &themes[s.Theme], scale: float64(width) / d.width,
	}
	w := week.Arrange(t)
	l.rectangles = append(l.rectangles, rectangle{width: width, height: height, fill: l.colors.page})
	top := l.header(t, &d)
	bottom := float64(height)/l.scale - d.bottom
	if untimed := l.untimed(w); untimed != "" {
		bottom -= 1.7 * d.detailSize
		l.text(untimed, d.margin+4, bottom+0.35*d.detailSize, d.detailSize, d.width-2*d.margin-8, l.colors.label)
	}
	l.grid(w, &d, top, bottom)
	return l, nil
}

// px converts units to whole pixels.
func (l *layout) px(units float64) int { return int(math.Round(units * l.scale)) }

// box adds a rectangle, given in units. Its edges are rounded, not its size, so that neighbours meet.
func (l *layout) box(x, y, width, height, radius float64, fill color.RGBA) {
	r := rectangle{x: l.px(x), y: l.px(y), radius: l.px(radius), fill: fill}
	r.width, r.height = l.px(x+width)-r.x, l.px(y+height)-r.y
	if r.width > 0 && r.height > 0 {
		l.rectangles = append(l.rectangles, r)
	}
}

// text adds a line of sanitized text, given in units with the top of its line, cut to the width.
func (l *layout) text(text string, x, top, size, width float64, fill color.RGBA) {
	pixels := size * l.scale
	text = l.typeface.truncate(text, pixels, width*l.scale)
	if text == "" {
		return
	}
	// The middle of a capital letter or a syllable is 0.36 of the size above the baseline.
	baseline := math.Round((top+lineHeight*size/2)*l.scale + 0.36*pixels)
	l.lines = append(l.lines, line{text, x * l.scale, baseline, pixels, l.typeface.width(text, pixels), fill})
}

// centered adds a line of text around the middle of an area.
func (l *layout) centered(text string, x, top, size, width float64, fill color.RGBA) {
	if w := l.typeface.width(text, size); w < width {
		x += (width - w) / 2
	}
	l.text(text, x, top, size, width, fill)
}

const lineHeight = 1.24

// header adds the title, semester, user, and the name of the service. It returns where the grid begins.
func (l *layout) header(t *share.Timetable, d *design) (bottom float64) {
	title := l.typeface.sanitize(t.Title)
	if title == "" {
		title = l.language.Choose("시간표", "Timetable")
	}
	var details []string
	if semester := l.typeface.sanitize(share.SemesterName(t.Semester, l.language)); semester != "" {
		details = append(details, semester)
	}
	if name := l.typeface.sanitize(t.Username); name != "" {
		details = append(details, "@"+name)
	}
	detail := strings.Join(details, " · ")
	l.name = strings.TrimSuffix(title+", "+detail, ", ")

	const service = "HeekTime"
	right := l.typeface.width(service, d.detailSize)
	width := d.width - 2*d.margin - 8
	l.text(service, d.width-d.margin-4-right, d.top+(d.titleSize-d.detailSize)*lineHeight/2, d.detailSize, right+1, l.colors.label)
	l.text(title, d.margin+4, d.top, d.titleSize, width-right-d.titleSize, l.colors.title)
	l.text(detail, d.margin+4, d.top+d.titleSize*lineHeight, d.detailSize, width, l.colors.label)
	return d.top + (d.titleSize+d.detailSize)*lineHeight + 0.7*d.detailSize
}

// untimed returns a sentence about the lectures that are not in the grid.
func (l *layout) untimed(w *week.Week) string {
	var titles []string
	for _, lecture := range w.Untimed {
		if title := l.titleOf(lecture); title != "" {
			titles = append(titles, title)
		}
	}
	if len(titles) == 0 {
		return ""
	}
	return l.language.Choose("시간 미정: ", "No set time: ") + strings.Join(titles, ", ")
}

func (l *layout) titleOf(lecture *share.Lecture) string {
	if title := l.typeface.sanitize(lecture.Title); title != "" {
		return title
	}
	return l.typeface.sanitize(lecture.Identifier)
}

// grid adds the card with weekdays, hours and lectures.
func (l *layout) grid(w *week.Week, d *design, top, bottom float64) {
	l.box(d.margin, top, d.width-2*d.margin, bottom-top, d.cardRadius, l.colors.card)
	left, right := d.margin+d.gutter, d.width-d.margin-0.25*d.gutter
	first, last := top+d.dayHeight, bottom-0.25*d.gutter
	column := (right - left) / float64(w.Days)
	hour := (last - first) / float64(w.LastHour-w.FirstHour)
	hairline := max(1/l.scale, d.width/1200)
	for day := range w.Days {
		x := left + float64(day)*column
		name := week.DayName(day, l.language)
		l.centered(name, x, top+(d.dayHeight-lineHeight*d.daySize)/2, d.daySize, column, l.colors.label)
		if day > 0 {
			l.box(x, first, hairline, last-first, 0, l.colors.grid)
		}
	}
	size := min(d.hourSize, 0.9*hour/lineHeight)
	for h := w.FirstHour; h < w.LastHour; h++ {
		y := first + float64(h-w.FirstHour)*hour
		l.box(left, y, right-left, hairline, 0, l.colors.grid)
		name := strconv.Itoa(h)
		l.text(name, left-0.18*d.gutter-l.typeface.width(name, size), y+0.08*size, size, d.gutter, l.colors.label)
	}
	for i := range w.Meetings {
		m := &w.Meetings[i]
		share := column / float64(m.Lanes)
		gap := min(d.gap, share/6)
		b := block{
			x: left + float64(m.Weekday)*column + float64(m.Lane)*share + gap + hairline, width: share - 2*gap - hairline,
			y:      first + float64(m.Begin-60*w.FirstHour)/60*hour + hairline,
			height: float64(m.End-m.Begin)/60*hour - hairline,
		}
		l.block(m, d, b)
	}
	if len(w.Meetings) == 0 && len(w.Untimed) == 0 {
		none := l.language.Choose("아직 담은 강의가 없어요", "No lectures yet")
		l.centered(none, left, (first+last)/2-d.detailSize, d.detailSize, right-left, l.colors.label)
	}
}

// inks returns the colours of all shapes.
func (l *layout) inks() (inks []color.RGBA) {
	for _, r := range l.rectangles {
		inks = append(inks, r.fill)
	}
	for _, line := range l.lines {
		inks = append(inks, line.fill)
	}
	return inks
}

// png draws the layout and writes it.
func (l *layout) png(w io.Writer) error {
	c := newCanvas(l.width, l.height, l.inks())
	for _, r := range l.rectangles {
		c.rectangle(r)
	}
	for _, text := range l.lines {
		if err := c.line(l.typeface, text); err != nil {
			return err
		}
	}
	return c.png(w)
}
