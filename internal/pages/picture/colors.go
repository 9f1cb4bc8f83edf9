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

// themes were chosen so that any two colours of lectures differ with the three kinds of colour blindness,
// too, by lightness if not by hue, and so that text is readable on each: TestColors has the numbers.
var themes = []colors{
	Light: {
		page: hex(0xf2f4f8), grid: hex(0xe7eaf0), card: hex(0xffffff),
		title: hex(0x14181f), label: hex(0x5b6472), text: hex(0x14181f),
		lectures: []color.RGBA{
			hex(0xf88d95), hex(0xfdb080), hex(0xfbe176), hex(0xcdedbf),
			hex(0x6cdcc1), hex(0xa2e4f6), hex(0xb4c0ff), hex(0xc3a4d0),
		},
		accents: []color.RGBA{
			hex(0xb8303f), hex(0xb95a12), hex(0xa98400), hex(0x5f9a45),
			hex(0x0a7f66), hex(0x1c87a3), hex(0x4a5ccc), hex(0x7a4491),
		},
	},
	Dark: {
		page: hex(0x0d0f14), grid: hex(0x262a33), card: hex(0x171a21),
		title: hex(0xf4f6fa), label: hex(0x9aa3b2), text: hex(0xffffff),
		lectures: []color.RGBA{
			hex(0x7a0743), hex(0x724630), hex(0x8c5501), hex(0x1c3c03),
			hex(0x097463), hex(0x1c4665), hex(0x4f558d), hex(0x470c6c),
		},
		accents: []color.RGBA{
			hex(0xf5739f), hex(0xe2ab8c), hex(0xffc65c), hex(0x86c455),
			hex(0x4fdcbd), hex(0x7cc4f2), hex(0xb3baff), hex(0xc98bf2),
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
