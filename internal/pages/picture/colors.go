package picture

import (
	"fmt"
	"image/color"
	"strings"
)

// colors are the colours of a theme.
type colors struct {
	page, grid, card color.RGBA // the page, the lines of the grid, and the area that the grid is on
	title, label     color.RGBA // text on the page
	text             color.RGBA // text on a lecture
	lectures         []color.RGBA
	accents          []color.RGBA // the edge of a lecture, a stronger shade of its colour
}

// themes have the colours of lectures that the web client has, in web/src/logic/colours.ts: TestPalette compares them. Any two
// differ with the three kinds of colour blindness, too, by lightness if not by hue, and text is readable on each:
// TestColors has the numbers.
var themes = []colors{
	Light: {
		page: hex(0xf2f4f8), grid: hex(0xdfe3ea), card: hex(0xffffff),
		title: hex(0x14181f), label: hex(0x59616f), text: hex(0x1c1b1f),
		lectures: []color.RGBA{
			hex(0xebd1d7), hex(0xf4a398), hex(0xd69462), hex(0xefc37c), hex(0xfaf2a7),
			hex(0xd0fae5), hex(0x8ba9bc), hex(0xabc9ff), hex(0xb5a7f1), hex(0xd2b6d0),
		},
		accents: []color.RGBA{
			hex(0x8d7d81), hex(0x92625b), hex(0x80593b), hex(0x8f754a), hex(0x969164),
			hex(0x7d9689), hex(0x536571), hex(0x677999), hex(0x6d6491), hex(0x7e6d7d),
		},
	},
	Dark: {
		page: hex(0x0d0f14), grid: hex(0x2a2f3a), card: hex(0x171a21),
		title: hex(0xf4f6fa), label: hex(0xa3acbb), text: hex(0xffffff),
		lectures: []color.RGBA{
			hex(0x4a353a), hex(0x530203), hex(0x6b3705), hex(0x9a6c0b), hex(0x6a6647),
			hex(0x3f554b), hex(0x3a6c89), hex(0x17326a), hex(0x7a69b6), hex(0x3a1b3a),
		},
		accents: []color.RGBA{
			hex(0x928689), hex(0x986768), hex(0xa68769), hex(0xc2a76d), hex(0xa6a391),
			hex(0x8c9993), hex(0x89a7b8), hex(0x7484a6), hex(0xafa5d3), hex(0x897689),
		},
	},
}

func hex(rgb uint32) color.RGBA {
	return color.RGBA{uint8(rgb >> 16), uint8(rgb >> 8), uint8(rgb), 0xff}
}

func hexOf(c color.RGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }

// mix returns a colour between two, a share of the way to the second.
func mix(from, to color.RGBA, share float64) color.RGBA {
	part := func(a, b uint8) uint8 { return uint8(float64(a) + (float64(b)-float64(a))*share + 0.5) }
	return color.RGBA{part(from.R, to.R), part(from.G, to.G), part(from.B, to.B), 0xff}
}

// CSS returns the colours of a theme as custom properties of CSS: --page, --lecture-0, --accent-0, and so on.
func (t Theme) CSS() string {
	c := &themes[t]
	var b strings.Builder
	fmt.Fprintf(&b, "--page:%s;--grid:%s;--card:%s;--title:%s;--label:%s;--text:%s;",
		hexOf(c.page), hexOf(c.grid), hexOf(c.card), hexOf(c.title), hexOf(c.label), hexOf(c.text))
	for i := range c.lectures {
		fmt.Fprintf(&b, "--lecture-%d:%s;--accent-%[1]d:%[3]s;", i, hexOf(c.lectures[i]), hexOf(c.accents[i]))
	}
	return b.String()
}
