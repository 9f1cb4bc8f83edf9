package picture

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// levels is the number of steps in which an edge blends into what is below it. With eight colours of
// lectures, all blends of a usual timetable have a place in a palette of 256.
const levels = 12

// canvas is an image with a palette that grows as colours blend. A byte for each pixel instead of four is
// what lets the service draw a large wallpaper in little memory and encode it quickly, and the files are
// small. When the palette is full, blends take the most similar colour.
type canvas struct {
	width, height int
	pixels        []uint8
	palette       []color.RGBA
	indexes       map[color.RGBA]uint8
	blends        map[[3]uint8]uint8 // by what is below, the ink, and the level
	raster        *vector.Rasterizer
}

// newCanvas returns a canvas whose palette has the inks, which blends cannot displace.
func newCanvas(width, height int, inks []color.RGBA) *canvas {
	c := &canvas{
		width: width, height: height, pixels: make([]uint8, width*height),
		indexes: map[color.RGBA]uint8{}, blends: map[[3]uint8]uint8{}, raster: vector.NewRasterizer(0, 0),
	}
	for _, ink := range inks {
		c.index(ink)
	}
	return c
}

// index returns the place of a colour in the palette.
func (c *canvas) index(want color.RGBA) uint8 {
	if i, ok := c.indexes[want]; ok {
		return i
	}
	if len(c.palette) < 256 {
		c.palette = append(c.palette, want)
		c.indexes[want] = uint8(len(c.palette) - 1)
		return c.indexes[want]
	}
	best, distance := 0, math.MaxInt
	for i, p := range c.palette {
		dr, dg, db := int(p.R)-int(want.R), int(p.G)-int(want.G), int(p.B)-int(want.B)
		if d := dr*dr + dg*dg + db*db; d < distance {
			best, distance = i, d
		}
	}
	c.indexes[want] = uint8(best)
	return uint8(best)
}

// blend returns the colour of a pixel that an ink covers in part.
func (c *canvas) blend(below, ink, level uint8) uint8 {
	key := [3]uint8{below, ink, level}
	if i, ok := c.blends[key]; ok {
		return i
	}
	i := c.index(mix(c.palette[below], c.palette[ink], float64(level)/levels))
	c.blends[key] = i
	return i
}

// rectangle fills a rectangle with rounded corners.
func (c *canvas) rectangle(r rectangle) {
	area := image.Rect(r.x, r.y, r.x+r.width, r.y+r.height).Intersect(image.Rect(0, 0, c.width, c.height))
	if area.Empty() {
		return
	}
	ink := c.index(r.fill)
	if r.radius == 0 {
		for y := area.Min.Y; y < area.Max.Y; y++ {
			row := c.pixels[y*c.width:]
			for x := area.Min.X; x < area.Max.X; x++ {
				row[x] = ink
			}
		}
		return
	}
	// Everything but two rows of corners is a plain rectangle.
	edge := min(r.radius, r.height/2, r.width/2)
	c.rectangle(rectangle{x: r.x, y: r.y + edge, width: r.width, height: r.height - 2*edge, fill: r.fill})
	c.corners(r, edge, false, ink)
	c.corners(r, edge, true, ink)
}

// corners fills the upper or lower end of a rectangle, which is as high as its corners.
func (c *canvas) corners(r rectangle, edge int, lower bool, ink uint8) {
	w, h := float32(r.width), float32(edge)
	const bend = 0.5523 // of a cubic curve that looks like a quarter of a circle
	k := h * (1 - bend)
	y := func(v float32) float32 {
		if lower {
			return h - v
		}
		return v
	}
	c.raster.Reset(r.width, edge)
	c.raster.MoveTo(0, y(h))
	c.raster.CubeTo(0, y(k), k, y(0), h, y(0))
	c.raster.LineTo(w-h, y(0))
	c.raster.CubeTo(w-k, y(0), w, y(k), w, y(h))
	c.raster.ClosePath()
	mask := image.NewAlpha(image.Rect(0, 0, r.width, edge))
	c.raster.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	top := r.y
	if lower {
		top = r.y + r.height - edge
	}
	c.cover(mask.Bounds().Add(image.Pt(r.x, top)), mask, image.Point{}, ink)
}

// cover blends an ink into an area where the mask covers it.
func (c *canvas) cover(area image.Rectangle, mask *image.Alpha, at image.Point, ink uint8) {
	visible := area.Intersect(image.Rect(0, 0, c.width, c.height))
	at = at.Add(visible.Min.Sub(area.Min))
	for y := range visible.Dy() {
		row := c.pixels[(visible.Min.Y+y)*c.width+visible.Min.X:]
		covered := mask.Pix[mask.PixOffset(at.X, at.Y+y):]
		for x := range visible.Dx() {
			switch level := (int(covered[x])*levels + 127) / 255; level {
			case 0:
			case levels:
				row[x] = ink
			default:
				row[x] = c.blend(row[x], ink, uint8(level))
			}
		}
	}
}

// line draws a line of text.
func (c *canvas) line(t *typeface, l line) error {
	face, err := t.face(l.size)
	if err != nil {
		return err
	}
	ink := c.index(l.fill)
	x := l.x
	for _, r := range l.text {
		dot := fixed.Point26_6{X: fixed.Int26_6(math.Round(x * 64)), Y: fixed.Int26_6(math.Round(l.baseline * 64))}
		area, mask, at, _, ok := face.Glyph(dot, r)
		if ok && !area.Empty() {
			c.cover(area, alphaOf(mask), at, ink)
		}
		x += t.advance(r) * l.size
	}
	return nil
}

// alphaOf returns a mask as its only type that fonts use, or a copy.
func alphaOf(mask image.Image) *image.Alpha {
	if a, ok := mask.(*image.Alpha); ok {
		return a
	}
	a := image.NewAlpha(mask.Bounds())
	draw.Draw(a, a.Bounds(), mask, mask.Bounds().Min, draw.Src)
	return a
}

// png writes the image.
func (c *canvas) png(w io.Writer) error {
	palette := make(color.Palette, len(c.palette))
	for i, p := range c.palette {
		palette[i] = p
	}
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	return encoder.Encode(w, &image.Paletted{
		Pix: c.pixels, Stride: c.width, Rect: image.Rect(0, 0, c.width, c.height), Palette: palette,
	})
}
