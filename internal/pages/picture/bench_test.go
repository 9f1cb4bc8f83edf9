package picture

import (
	"bytes"
	"encoding/json"
	"image/color"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// The budget is 30 ms on one core and 40 MB for a picture. On a busy machine, cpu-ms/op has the processor
// time of the process, which includes garbage collection on other cores.
func BenchmarkPNG(b *testing.B) {
	for _, size := range []Size{Preview, Wallpaper1440x3120} {
		b.Run(size.String(), func(b *testing.B) {
			b.ReportAllocs()
			began := processorTime(b)
			for b.Loop() {
				if err := PNG(io.Discard, usual(), Style{Size: size}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric((processorTime(b)-began)/float64(b.N), "cpu-ms/op")
		})
	}
}

// processorTime returns the processor time of this process in milliseconds.
func processorTime(b *testing.B) float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e6
}

// BenchmarkFirstPNG is what the first picture of a process costs in addition: parsing the font.
func BenchmarkFirstPNG(b *testing.B) {
	for b.Loop() {
		if _, err := parseFont(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPillow draws the same shapes with Python's Pillow, if that is installed.
func BenchmarkPillow(b *testing.B) {
	for _, size := range []Size{Preview, Wallpaper1440x3120} {
		b.Run(size.String(), func(b *testing.B) {
			b.ReportMetric(pillow(b, size), "cpu-ms/op")
		})
	}
}

// pillow returns the milliseconds of processor time that Pillow takes for a picture.
func pillow(b *testing.B, size Size) float64 {
	l, err := newLayout(usual(), Style{Size: size})
	if err != nil {
		b.Fatal(err)
	}
	list := func(c color.RGBA) []int { return []int{int(c.R), int(c.G), int(c.B)} }
	var rectangles, lines []any
	for _, r := range l.rectangles {
		rectangles = append(rectangles, []any{r.x, r.y, r.x + r.width - 1, r.y + r.height - 1, r.radius, list(r.fill)})
	}
	for _, t := range l.lines {
		lines = append(lines, []any{t.text, t.x, t.baseline, t.size, list(t.fill)})
	}
	font, err := filepath.Abs("font/semibold.otf")
	if err != nil {
		b.Fatal(err)
	}
	shapes, err := json.Marshal(map[string]any{"size": []int{l.width, l.height}, "font": font, "rectangles": rectangles, "lines": lines})
	if err != nil {
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), "/usr/bin/python3", "testdata/pillow.py")
	cmd.Stdin = bytes.NewReader(shapes)
	out, err := cmd.Output()
	if err != nil {
		b.Skip("needs Python 3 with Pillow: apt-get install python3-pil")
	}
	ms, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		b.Fatal(err)
	}
	return ms
}
