package picture

import (
	_ "embed"
	"fmt"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// The font is a subset of Pretendard, under the license in its folder; font/subset.py says how it was made.
//
//go:embed font/semibold.otf
var fontFile []byte

// parsedFont reads the directory of the font on first use. Glyphs are read when they are drawn.
var parsedFont = sync.OnceValues(parseFont)

func parseFont() (*sfnt.Font, error) {
	f, err := opentype.Parse(fontFile)
	if err != nil {
		return nil, fmt.Errorf("parse the embedded font: %w", err)
	}
	return f, nil
}

// typeface measures and draws text for one picture. It keeps what it has read of the font and is not safe
// for concurrent use.
type typeface struct {
	font     *sfnt.Font
	buffer   sfnt.Buffer
	unit     float64 // of the font's units in an em
	advances map[rune]float64
	faces    map[float64]font.Face
}

func newTypeface() (*typeface, error) {
	f, err := parsedFont()
	if err != nil {
		return nil, err
	}
	return &typeface{
		font: f, unit: float64(f.UnitsPerEm()), advances: map[rune]float64{}, faces: map[float64]font.Face{},
	}, nil
}

// has reports whether the font has the character.
func (t *typeface) has(r rune) bool { return t.advance(r) >= 0 }

// advance returns the width of a character in ems, and -1 if the font does not have it.
func (t *typeface) advance(r rune) float64 {
	if a, ok := t.advances[r]; ok {
		return a
	}
	a := -1.0
	if glyph, err := t.font.GlyphIndex(&t.buffer, r); err == nil && glyph != 0 {
		ppem := fixed.I(int(t.unit))
		if w, err := t.font.GlyphAdvance(&t.buffer, glyph, ppem, font.HintingNone); err == nil {
			a = float64(w) / float64(ppem)
		}
	}
	t.advances[r] = a
	return a
}

// width returns the width of a text in pixels. The font must have all its characters.
func (t *typeface) width(text string, size float64) float64 {
	var ems float64
	for _, r := range text {
		ems += t.advance(r)
	}
	return ems * size
}

// face returns the font in a size for drawing.
func (t *typeface) face(size float64) (font.Face, error) {
	if f, ok := t.faces[size]; ok {
		return f, nil
	}
	f, err := opentype.NewFace(t.font, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("font of %v pixels: %w", size, err)
	}
	t.faces[size] = f
	return f, nil
}
