package simulation

import (
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"heek.kr/heektime/emulator/billing"
)

// The size of a chart.
const (
	chartWidth  = 11 * vg.Inch
	chartHeight = 4.6 * vg.Inch
)

// colors are those of the services, dark enough on white and distinct for the color-blind.
// Source: Okabe and Ito, https://jfly.uni-koeln.de/color/
var colors = []color.Color{
	color.RGBA{0x00, 0x72, 0xb2, 0xff}, color.RGBA{0xe6, 0x9f, 0x00, 0xff}, color.RGBA{0x00, 0x9e, 0x73, 0xff},
	color.RGBA{0xcc, 0x79, 0xa7, 0xff}, color.RGBA{0x56, 0xb4, 0xe9, 0xff}, color.RGBA{0xd5, 0x5e, 0x00, 0xff},
}

// CheckChart rejects the name of a chart that cannot be drawn. An empty name is no chart.
func CheckChart(path string) error {
	switch filepath.Ext(path) {
	case ".svg", ".png":
		return nil
	}
	if path == "" {
		return nil
	}
	return fmt.Errorf("%s is neither a .svg nor a .png file", path)
}

// Draw draws what each day of the month costs with most students, by service, and what the month costs
// by the number of students, next to alternatives.
func Draw(path string, r *Result, outcomes []*Outcome) error {
	left, err := drawDays(outcomes[len(outcomes)-1])
	if err != nil {
		return err
	}
	right, err := drawStudents(outcomes)
	if err != nil {
		return err
	}
	var canvas vg.CanvasWriterTo
	if filepath.Ext(path) == ".png" {
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(chartWidth, chartHeight), vgimg.UseDPI(144))}
	} else {
		canvas = vgsvg.New(chartWidth, chartHeight)
	}
	tiles := draw.Tiles{Rows: 1, Cols: 2, PadX: 24, PadTop: 8, PadBottom: 8, PadLeft: 8, PadRight: 28}
	whole := draw.New(canvas)
	left.Draw(tiles.At(whole, 0, 0))
	right.Draw(tiles.At(whole, 1, 0))
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("draw the chart: %w", err)
	}
	_, err = canvas.WriteTo(f)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("draw the chart: %w", err)
	}
	return nil
}

// newPlot returns an empty plot.
func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.TextStyle.Font.Size, p.Title.Padding = 13, 8
	p.Title.TextStyle.Font.Variant, p.X.Label.TextStyle.Font.Variant, p.Y.Label.TextStyle.Font.Variant = "Sans", "Sans", "Sans"
	p.X.Tick.Label.Font.Variant, p.Y.Tick.Label.Font.Variant, p.Legend.TextStyle.Font.Variant = "Sans", "Sans", "Sans"
	p.Legend.Top, p.Legend.Left, p.Legend.Padding, p.Legend.TextStyle.Font.Size = true, false, 2, 9
	return p
}

// drawDays stacks the costs of a month's days by service.
func drawDays(o *Outcome) (*plot.Plot, error) {
	p := newPlot("A month of "+thousands(o.Students)+" students, by day", "day of "+string(o.Bill.Month), "won a day")
	names, days := dailyCosts(o)
	var below *plotter.BarChart
	for i, name := range names {
		bars, err := plotter.NewBarChart(plotter.Values(days[name]), vg.Points(8.5))
		if err != nil {
			return nil, fmt.Errorf("draw the costs of %s: %w", name, err)
		}
		bars.Color, bars.LineStyle.Width, bars.XMin = colors[i%len(colors)], 0, 1
		if below != nil {
			bars.StackOn(below)
		}
		below = bars
		p.Add(bars)
		p.Legend.Add(name, bars)
	}
	p.X.Min, p.X.Max, p.Y.Min = 0, float64(len(o.Bill.Days))+1, 0
	p.Y.Max *= 1.25 // for the legend
	p.Y.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick {
		ticks := plot.DefaultTicks{}.Ticks(low, high)
		for i, t := range ticks {
			if t.Label != "" {
				ticks[i].Label = thousands(int(t.Value))
			}
		}
		return ticks
	})
	p.Add(plotter.NewGrid())
	return p, nil
}

// dailyCosts returns what each day costs by service, the dearest services first. Free amounts of a
// month are used up from its beginning.
func dailyCosts(o *Outcome) (names []string, days map[string][]float64) {
	days = map[string][]float64{}
	total := map[string]float64{}
	before := map[billing.Item]float64{}
	for n := range o.Bill.Days {
		u := billing.Usage{Since: o.Usage.Since, Until: o.Usage.Until}
		for _, d := range o.Usage.Days {
			if d.Date <= o.Bill.Days[n].Date {
				u.Days = append(u.Days, d)
			}
		}
		for _, line := range o.prices.Bill(u, o.Bill.Month).Lines {
			if days[line.Service] == nil {
				days[line.Service] = make([]float64, len(o.Bill.Days))
			}
			cost := won(line.Cost)
			days[line.Service][n] += cost - before[line.Item]
			total[line.Service] += cost - before[line.Item]
			before[line.Item] = cost
		}
	}
	for name, t := range total {
		if t > 0.005 {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(x, y string) int {
		if total[x] != total[y] {
			return int(math.Copysign(1, total[y]-total[x]))
		}
		return strings.Compare(x, y)
	})
	return names, days
}

// drawStudents draws the month's cost by number of students, on logarithmic axes.
func drawStudents(outcomes []*Outcome) (*plot.Plot, error) {
	p := newPlot("The month, by number of students", "students", "won a month")
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = powers{}, powers{}
	const least = 1 // won: a logarithmic axis has no zero
	line := func(name string, i int, dashed bool, value func(*Outcome) float64) error {
		points := make(plotter.XYs, len(outcomes))
		for n, o := range outcomes {
			points[n] = plotter.XY{X: float64(o.Students), Y: max(value(o), least)}
		}
		l, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return fmt.Errorf("draw %s: %w", name, err)
		}
		l.Color, l.Width = colors[i%len(colors)], vg.Points(1.5)
		dots.Color, dots.Shape, dots.Radius = l.Color, draw.CircleGlyph{}, vg.Points(2.5)
		if dashed {
			l.Dashes = []vg.Length{vg.Points(5), vg.Points(3)}
		} else {
			l.Width = vg.Points(3)
		}
		p.Add(l, dots)
		p.Legend.Add(name, l, dots)
		return nil
	}
	for i, a := range outcomes[0].Alternatives {
		if err := line(a.Name, i+1, true, func(o *Outcome) float64 { return o.Alternatives[i].Won }); err != nil {
			return nil, err
		}
	}
	if err := line("HeekTime", 0, false, func(o *Outcome) float64 { return won(o.Bill.Total) }); err != nil {
		return nil, err
	}
	p.Legend.Left, p.Legend.YOffs = true, -vg.Points(24) // the axis ends below the plot's top
	p.Y.Min, p.Y.Max = least, p.Y.Max*100                // for the legend
	p.Add(plotter.NewGrid())
	return p, nil
}

// powers puts ticks at the powers of ten.
type powers struct{}

// Ticks implements [plot.Ticker].
func (powers) Ticks(low, high float64) (ticks []plot.Tick) {
	for at := math.Pow(10, math.Ceil(math.Log10(low)-1e-9)); at <= high*1.000001; at *= 10 {
		ticks = append(ticks, plot.Tick{Value: at, Label: thousands(int(at + 0.5))})
	}
	return ticks
}

// thousands writes a number with commas.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
