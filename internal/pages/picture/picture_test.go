package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"heek.kr/heektime/internal/pages/share"
	"heek.kr/heektime/internal/pages/week"
	"heek.kr/heektime/internal/schema"
)

var update = flag.Bool("update", false, "rewrite the pictures of testdata; look at them before you commit")

// Somebody looked at the pictures of testdata. Other processors may round an edge differently, so that a
// few pixels may differ a little.
func TestGolden(t *testing.T) {
	for name, c := range map[string]struct {
		timetable *share.Timetable
		style     Style
	}{
		"usual":   {usual(), Style{}},
		"strange": {strange(), Style{Theme: Dark, Language: share.English}},
		"crowded": {crowded(), Style{Size: Square, Theme: Dark}},
	} {
		t.Run(name, func(t *testing.T) {
			got := drawPNG(t, c.timetable, c.style)
			path := filepath.Join("testdata", name+".png")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if again := drawPNG(t, c.timetable, c.style); !bytes.Equal(again, got) {
				t.Error("the same timetable makes different bytes")
			}
			if n := differentPixels(t, got, want); n > 200 {
				t.Errorf("%d pixels differ from %s; if the picture is better now, run the test with -update", n, path)
			}
		})
	}
}

// differentPixels counts the pixels that differ by more than rounding.
func differentPixels(t *testing.T, a, b []byte) (n int) {
	x, y := decode(t, a), decode(t, b)
	if x.Bounds() != y.Bounds() {
		t.Fatalf("size %v, want %v", x.Bounds(), y.Bounds())
	}
	for i := range x.Bounds().Dx() {
		for j := range x.Bounds().Dy() {
			p, q := color.RGBAModel.Convert(x.At(i, j)).(color.RGBA), color.RGBAModel.Convert(y.At(i, j)).(color.RGBA)
			if max(distance(p.R, q.R), distance(p.G, q.G), distance(p.B, q.B)) > 40 {
				n++
			}
		}
	}
	return n
}

func distance(a, b uint8) int { return max(int(a)-int(b), int(b)-int(a)) }

func decode(t *testing.T, data []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func drawPNG(t testing.TB, timetable *share.Timetable, s Style) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := PNG(&b, timetable, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSizes(t *testing.T) {
	for _, name := range sizeNames() {
		size, err := ParseSize(name)
		if err != nil {
			t.Fatal(err)
		}
		width, height := size.Pixels()
		c, err := png.DecodeConfig(bytes.NewReader(drawPNG(t, &share.Timetable{}, Style{Size: size})))
		if err != nil || c.Width != width || c.Height != height {
			t.Errorf("%s: %dx%d, %v, want %dx%d", name, c.Width, c.Height, err, width, height)
		}
	}
	for _, name := range []string{"1200x630", "preview ", "PREVIEW", "0", "-1", "99999x99999", "1080x2340\n"} {
		if _, err := ParseSize(name); err == nil {
			t.Errorf("size %q is accepted", name)
		}
	}
	if err := PNG(io.Discard, usual(), Style{Size: Size(len(sizes))}); err == nil {
		t.Error("a size that does not exist is drawn")
	}
}

func TestSanitize(t *testing.T) {
	tf, err := newTypeface()
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"자료구조 Ⅱ":                "자료구조 Ⅱ",
		"\u1112\u1161\u11ab글":   "한글", // as macOS writes it
		" a\t\n\u3000b\u2028":   "a b",
		"\u202eabc\u2066\u200f": "abc",
		"🌸봄🇰🇷👩‍👩‍👧 1️⃣":         "봄 1",
		"漢字 ا":                  "□□ □",
		"𝓕𝓪𝓷𝓬𝔂 ﬁ":               "Fancy fi",
		"ㅤㅤ":                    "",
		"Z̸̡a̵":                 "Za",
		"a\xffb\x00":            "ab",
		"①→㈜ ½ é ₩ 『가』 ㄱ":       "①→㈜ ½ é ₩ 『가』 ㄱ",
	} {
		if got := tf.sanitize(in); got != want {
			t.Errorf("sanitize(%+q) = %+q, want %+q", in, got, want)
		}
	}
	if got := tf.sanitize(strings.Repeat("가나다 ", 1000)); len([]rune(got)) > maxRunes+1 {
		t.Errorf("%d characters are kept of a long text", len([]rune(got)))
	}
}

// The font has what Korean texts need, and nothing that combines: texts may be cut anywhere.
func TestFont(t *testing.T) {
	tf, err := newTypeface()
	if err != nil {
		t.Fatal(err)
	}
	for r := rune(0xAC00); r <= 0xD7A3; r++ {
		if !tf.has(r) {
			t.Fatalf("the font does not have %c", r)
		}
	}
	for r := rune(' '); r <= 0x2FFFF; r++ {
		if tf.has(r) && (unicode.In(r, unicode.M) || r >= 0x1100 && r <= 0x11FF) {
			t.Errorf("the font has %U, which combines", r)
		}
		if r <= 0xff && unicode.IsPrint(r) && !tf.has(r) {
			t.Errorf("the font does not have %c", r)
		}
	}
}

// Texts stay within their blocks: a line is never wider than its area, whatever it says.
func TestLinesFit(t *testing.T) {
	for _, timetable := range []*share.Timetable{usual(), crowded(), strange()} {
		for size := range sizes {
			l, err := newLayout(timetable, Style{Size: Size(size)})
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range l.lines {
				if line.x < 0 || line.x+line.width > float64(l.width) || line.baseline > float64(l.height) {
					t.Errorf("size %v: %q at %v with width %v is outside the picture", Size(size), line.text, line.x, line.width)
				}
			}
		}
	}
}

// TestAnyDocument draws what no client writes: the documents of strangers may say anything.
func TestAnyDocument(t *testing.T) {
	for seed := range uint64(12) {
		timetable := random(rand.New(rand.NewPCG(seed, 1)))
		style := Style{Theme: Theme(seed % 2)}
		if data := drawPNG(t, timetable, style); len(data) > 1<<20 {
			t.Errorf("seed %d: %d bytes", seed, len(data))
		}
		checkSVG(t, timetable, style)
	}
}

// checkSVG parses an SVG and makes sure that it has only the elements that svg writes.
func checkSVG(t *testing.T, timetable *share.Timetable, style Style) {
	t.Helper()
	var b bytes.Buffer
	if err := SVG(&b, timetable, style); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 1<<20 {
		t.Errorf("SVG of %d bytes", b.Len())
	}
	for d := xml.NewDecoder(&b); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && !strings.Contains(" svg title rect g text ", " "+e.Name.Local+" ") {
			t.Errorf("element %s", e.Name.Local)
		}
	}
}

func TestSVG(t *testing.T) { checkSVG(t, strange(), Style{}) }

func random(r *rand.Rand) *share.Timetable {
	text := func() string {
		var b strings.Builder
		for range r.IntN(60) {
			switch r.IntN(5) {
			case 0:
				b.WriteRune(rune(r.IntN(0x110000)))
			case 1:
				b.WriteByte(byte(r.IntN(256)))
			case 2:
				b.WriteString([]string{"</svg>", "]]>", "&lt;", "\u202e", "👩‍👩‍👧", "e\u0301", "\r\n", "  "}[r.IntN(8)])
			default:
				b.WriteRune(0xAC00 + rune(r.IntN(11172)))
			}
		}
		return b.String()
	}
	t := &share.Timetable{Title: text(), Username: text(), Semester: schema.Semester{Year: r.IntN(20000) - 5000, Term: schema.Term(text())}}
	for range r.IntN(1 << r.IntN(12)) {
		l := lecture(text(), text(), text())
		for range r.IntN(15) {
			l.Times = append(l.Times, schema.LectureTime{
				Weekday: r.IntN(12) - 2, TimeBegin: r.IntN(1600) - 50, TimeEnd: r.IntN(1600) - 50, Room: text(),
			})
		}
		t.Lectures = append(t.Lectures, l)
	}
	return t
}

func TestColorsStay(t *testing.T) {
	timetable := usual()
	before := colorsOf(timetable)
	timetable.Lectures = append(timetable.Lectures, crowded().Lectures...)
	after := colorsOf(timetable)
	seen := map[int]bool{}
	for identifier, color := range before {
		if after[identifier] != color {
			t.Errorf("lecture %s changes its colour when others are added", identifier)
		}
		seen[color] = true
	}
	if len(seen) != len(before) {
		t.Errorf("%d lectures have %d colours", len(before), len(seen))
	}
}

// colorsOf returns the colours of lectures by identifier.
func colorsOf(t *share.Timetable) map[string]int {
	colors := map[string]int{}
	for _, m := range week.Arrange(t).Meetings {
		colors[m.Lecture.Identifier] = m.Color
	}
	return colors
}
