// Package picture draws a timetable as a picture for others: a preview for chats, or the wallpaper of a
// phone, as PNG or SVG.
//
// A [Style] says how: its size, colours and language come from the query of an address, and the Parse
// functions accept only the few values that exist, so that nobody can make the service draw, or a cache
// keep, pictures of 10,000 sizes. [newLayout] turns the timetable into a list of rectangles and lines of
// text, which [PNG] rasterizes and [SVG] writes down. All three are pure: the same timetable and style make
// the same bytes.
//
// Texts come from strangers. [sanitize] leaves only characters that the embedded font has, in the order in
// which they are written; everything is cut to fit at boundaries of grapheme clusters, and the number of
// lectures drawn is limited, so that a picture of any document takes a bounded time.
package picture

import (
	"fmt"
	"io"

	"heek.kr/heektime/internal/pages/share"
)

// Style is how to draw a timetable. The zero value is the preview for chats, light and in Korean.
type Style struct {
	Size     Size
	Theme    Theme
	Language share.Language
}

// PNG draws the timetable and writes it as PNG.
func PNG(w io.Writer, t *share.Timetable, s Style) error {
	l, err := newLayout(t, s)
	if err != nil {
		return err
	}
	if err := l.png(w); err != nil {
		return fmt.Errorf("write PNG: %w", err)
	}
	return nil
}

// SVG writes the timetable as SVG. The lines of text break where those of the PNG do, in a font of the
// viewer, stretched to the same widths.
func SVG(w io.Writer, t *share.Timetable, s Style) error {
	l, err := newLayout(t, s)
	if err != nil {
		return err
	}
	if err := l.svg(w); err != nil {
		return fmt.Errorf("write SVG: %w", err)
	}
	return nil
}
