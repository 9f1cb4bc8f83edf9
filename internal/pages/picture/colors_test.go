package picture

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"heek.kr/heektime/internal/pages/week"
)

// Every text has the contrast that WCAG 2.2 asks for at level AA, 4.5, and any two colours of lectures
// differ for people with each kind of colour blindness.
func TestColors(t *testing.T) {
	for theme, c := range themes {
		name := Theme(theme).String()
		check := func(what string, ink, below color.RGBA) {
			if got := contrast(ink, below); got < 4.5 {
				t.Errorf("%s: %s has a contrast of %.1f", name, what, got)
			}
		}
		check("title", c.title, c.page)
		check("label", c.label, c.page)
		check("label in the grid", c.label, c.card)
		for i, block := range c.lectures {
			check("text of lecture "+hexOf(block), c.text, block)
			for _, other := range c.lectures[:i] {
				for kind, matrix := range deficiencies {
					if got := difference(matrix, block, other); got < 0.06 {
						t.Errorf("%s: %s and %s differ by %.3f with %s", name, hexOf(block), hexOf(other), got, kind)
					}
				}
			}
		}
		if len(c.lectures) != week.Colors || len(c.accents) != week.Colors {
			t.Errorf("%s: %d colours, %d accents", name, len(c.lectures), len(c.accents))
		}
	}
}

// Pictures and pages have the colours of the web client, and give a lecture the same one.
func TestPalette(t *testing.T) {
	source, err := os.ReadFile("../../../web/src/logic/colours.ts")
	if err != nil {
		t.Fatal(err)
	}
	rows := paletteRow.FindAllStringSubmatch(string(source), -1)
	if len(rows) != week.Colors {
		t.Fatalf("the web client has %d colours, pictures have %d", len(rows), week.Colors)
	}
	for i, row := range rows {
		var got []string
		for _, theme := range themes {
			got = append(got, hexOf(theme.lectures[i]), hexOf(theme.accents[i]))
		}
		if !slices.Equal(got, row[1:]) {
			t.Errorf("colour %d is %q, in the web client %q", i, got, row[1:])
		}
	}
	style, err := os.ReadFile("../../../web/src/styles/palette.css")
	if err != nil {
		t.Fatal(err)
	}
	rules := paletteRule.FindAllStringSubmatch(string(style), -1)
	if len(rules) != 2*week.Colors {
		t.Fatalf("the web client's palette.css has %d colours, want %d", len(rules), 2*week.Colors)
	}
	for i, row := range rules {
		of := rows[i%week.Colors][1+2*(i/week.Colors):] // all of the light theme, then of the dark one
		if want := []string{strconv.Itoa(i % week.Colors), of[0], of[1]}; !slices.Equal(row[1:], want) {
			t.Errorf("rule %d of the web client's palette.css is %q, want %q", i, row[1:], want)
		}
	}
	for theme, name := range map[Theme]string{Light: "onLight", Dark: "onDark"} {
		if want := "--block-text: " + hexOf(themes[theme].text); !strings.Contains(string(style), want) {
			t.Errorf("palette.css does not have %s", want)
		}
		if want := name + " = '" + hexOf(themes[theme].text) + "'"; !strings.Contains(string(source), want) {
			t.Errorf("the web client does not have %s", want)
		}
	}
	tests, err := os.ReadFile("../../../web/tests/logic/colours.test.ts")
	if err != nil {
		t.Fatal(err)
	}
	chosen := chosenRow.FindAllStringSubmatch(string(tests), -1)
	if len(chosen) < 5 {
		t.Errorf("the web client's tests have %d courses with their colours", len(chosen))
	}
	for _, row := range chosen {
		if got := strings.Trim(strings.ReplaceAll(fmt.Sprint(week.Preferences(row[1])), " ", ", "), "[]"); got != row[2] {
			t.Errorf("the colours of %q are %v, want %v", row[1], got, row[2])
		}
	}
}

var (
	chosenRow   = regexp.MustCompile(`(?m)^  '([^']*)': \[([\d, ]+)\],$`)
	paletteRule = regexp.MustCompile(`\.colour-(\d) \{\s+--block: (#\w+);\s+--edge: (#\w+);`)
	paletteRow  = regexp.MustCompile(`light: \{ background: '(#\w+)', text: onLight, edge: '(#\w+)' \}, dark: \{ background: '(#\w+)', text: onDark, edge: '(#\w+)' \}`)
)

// Pictures and pages have the web client's colours outside the timetable, too: the background, cards, lines, text and links.
func TestPageColors(t *testing.T) {
	app, err := os.ReadFile("../../../web/src/styles/base.css")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../webpage/style.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark := themes[Light], themes[Dark]
	links := regexp.MustCompile(`--link:(#\w+)`).FindAllStringSubmatch(string(page), 2)
	if len(links) != 2 {
		t.Fatalf("the pages' style has %d colours of links", len(links))
	}
	for name, want := range map[string][]string{
		"page": {hexOf(light.page), hexOf(dark.page)}, "card": {hexOf(light.card), hexOf(dark.card)},
		"line": {hexOf(light.grid), hexOf(dark.grid)}, "soft": {hexOf(light.label), hexOf(dark.label)},
		"text": {hexOf(light.title), hexOf(dark.title)}, "accent": {links[0][1], links[1][1]},
	} {
		var got []string
		for _, found := range regexp.MustCompile("--"+name+`: (#\w+);`).FindAllStringSubmatch(string(app), -1) {
			got = append(got, found[1])
		}
		if !slices.Equal(got, want) {
			t.Errorf("the web client's --%s is %q, pages have %q", name, got, want)
		}
	}
}

// deficiencies are the simulations of Machado, Oliveira and Fernandes (2009) at full severity, for linear
// RGB: https://www.inf.ufrgs.br/~oliveira/pubs_files/CVD_Simulation/CVD_Simulation.html
var deficiencies = map[string][3][3]float64{
	"normal vision": {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"protanopia":    {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"deuteranopia":  {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
	"tritanopia":    {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
}

func linear(c color.RGBA) (rgb [3]float64) {
	for i, v := range [3]uint8{c.R, c.G, c.B} {
		if s := float64(v) / 255; s <= 0.04045 {
			rgb[i] = s / 12.92
		} else {
			rgb[i] = math.Pow((s+0.055)/1.055, 2.4)
		}
	}
	return rgb
}

// contrast is the contrast ratio of WCAG: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
func contrast(a, b color.RGBA) float64 {
	luminance := func(c color.RGBA) float64 {
		l := linear(c)
		return 0.2126*l[0] + 0.7152*l[1] + 0.0722*l[2] + 0.05
	}
	x, y := luminance(a), luminance(b)
	return max(x, y) / min(x, y)
}

// difference is the distance of two colours in OKLab, as somebody sees them.
func difference(seen [3][3]float64, a, b color.RGBA) float64 {
	x, y := oklab(seen, linear(a)), oklab(seen, linear(b))
	return math.Sqrt((x[0]-y[0])*(x[0]-y[0]) + (x[1]-y[1])*(x[1]-y[1]) + (x[2]-y[2])*(x[2]-y[2]))
}

// oklab converts linear RGB: https://bottosson.github.io/posts/oklab/
func oklab(seen [3][3]float64, c [3]float64) [3]float64 {
	var rgb [3]float64
	for i, row := range seen {
		rgb[i] = min(1, max(0, row[0]*c[0]+row[1]*c[1]+row[2]*c[2]))
	}
	l := math.Cbrt(0.4122214708*rgb[0] + 0.5363325363*rgb[1] + 0.0514459929*rgb[2])
	m := math.Cbrt(0.2119034982*rgb[0] + 0.6806995451*rgb[1] + 0.1073969566*rgb[2])
	s := math.Cbrt(0.0883024619*rgb[0] + 0.2817188376*rgb[1] + 0.6299787005*rgb[2])
	return [3]float64{
		0.2104542553*l + 0.7936177850*m - 0.0040720468*s,
		1.9779984951*l - 2.4285922050*m + 0.4505937099*s,
		0.0259040371*l + 0.7827717662*m - 0.8086757660*s,
	}
}
