package report

import (
	"fmt"
	"image/color"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/pod-status-logger/pod-status-logger/bench/measure"
)

func colour(i int) color.Color {
	return []color.Color{
		color.RGBA{R: 0x1b, G: 0x9e, B: 0x77, A: 0xff},
		color.RGBA{R: 0xd9, G: 0x5f, B: 0x02, A: 0xff},
		color.RGBA{R: 0x75, G: 0x70, B: 0xb3, A: 0xff},
	}[i]
}

// Plots writes plots as SVG into a folder.
func Plots(folder string, r measure.Results) error {
	for name, draw := range map[string]func(measure.Results) (*plot.Plot, error){
		"bench-cpu.svg": cpuPlot, "bench-memory.svg": memoryPlot, "bench-latency.svg": latencyPlot,
	} {
		p, err := draw(r)
		if err != nil {
			return fmt.Errorf("draw %s: %w", name, err)
		}
		if err := p.Save(18*vg.Centimeter, 9*vg.Centimeter, filepath.Join(folder, name)); err != nil {
			return fmt.Errorf("save %s: %w", name, err)
		}
	}
	return nil
}

func cpuPlot(r measure.Results) (*plot.Plot, error) {
	subjects := []measure.Subject{measure.K8sobjects, measure.Informer, measure.Both, measure.Decode, measure.Frames}
	p := newPlot("CPU time of an event", "µs")
	for i, size := range sizes() {
		var values plotter.Values
		for _, s := range subjects {
			v, _ := r.Median(cost(s.Name, size), cpu)
			values = append(values, v)
		}
		if err := addBars(p, fmt.Sprintf("%d KB", size>>10), values, i, len(sizes())); err != nil {
			return nil, err
		}
	}
	return label(p, subjects), nil
}

func latencyPlot(r measure.Results) (*plot.Plot, error) {
	subjects := []measure.Subject{measure.Informer, measure.K8sobjects, measure.Both}
	p := newPlot("From the API server's write until it was there, p99, at 1,000 events/s", "ms")
	for i, place := range []struct {
		name  string
		value func(o measure.Outcome) float64
	}{
		{"stdout", func(o measure.Outcome) float64 { return milliseconds(o.Stdout.P99) }},
		{"OTLP", func(o measure.Outcome) float64 { return milliseconds(o.OTLP.P99) }},
	} {
		var values plotter.Values
		for _, s := range subjects {
			v, _ := r.Median(latency(s.Name), place.value)
			values = append(values, v)
		}
		if err := addBars(p, place.name, values, i, 2); err != nil {
			return nil, err
		}
	}
	return label(p, subjects), nil
}

func memoryPlot(r measure.Results) (*plot.Plot, error) {
	p := newPlot("Memory with pods of 15 KB", "MB")
	p.X.Label.Text, p.Legend.Left = "pods", true
	for i, s := range []measure.Subject{measure.Both, measure.K8sobjects, measure.Informer} {
		points := memory(r, s)
		if len(points) == 0 {
			continue
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, err
		}
		line.Color, dots.Color = colour(i), colour(i)
		p.Add(line, dots)
		p.Legend.Add(short(s), line, dots)
		for _, axis := range []*plot.Axis{&p.X, &p.Y} { // only around points: a logarithm has no zero
			axis.Scale, axis.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
		}
	}
	if p.Y.Min > 0 && p.X.Min > 0 { // whole decades, and room for what stands at their ends
		p.X.Min, p.X.Max = measure.FewPods*.8, measure.MostPods*1.25
		p.Y.Min, p.Y.Max = 10, 10*p.Y.Max
	}
	return p, nil
}

// memory are the points of a program: pods, megabytes.
func memory(r measure.Results, s measure.Subject) (points plotter.XYs) {
	for _, pods := range []int{measure.FewPods, measure.ManyPods, measure.MostPods} {
		k := scale(pods)
		k.Subject = s.Name
		if v, ok := r.Median(k, megabytes); ok && v > 0 {
			points = append(points, plotter.XY{X: float64(pods), Y: v})
		}
	}
	return points
}

func newPlot(title, unit string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.Y.Label.Text = title, unit
	p.Legend.Top = true
	p.BackgroundColor = color.White
	p.Add(plotter.NewGrid())
	return p
}

// addBars adds the bars of one of so many colours, beside the others.
func addBars(p *plot.Plot, name string, values plotter.Values, i, of int) error {
	const thick = 12
	bars, err := plotter.NewBarChart(values, vg.Points(thick))
	if err != nil {
		return err
	}
	bars.Color, bars.LineStyle.Width = colour(i), 0
	bars.Offset = vg.Points(thick * (float64(i) - float64(of-1)/2))
	p.Add(bars)
	p.Legend.Add(name, bars)
	return nil
}

// label names the groups of bars, and leaves room beside them.
func label(p *plot.Plot, subjects []measure.Subject) *plot.Plot {
	var names []string
	for _, s := range subjects {
		names = append(names, short(s))
	}
	p.NominalX(names...)
	p.X.Min, p.X.Max = -.5, float64(len(subjects))-.5
	p.Y.Max *= 1.1
	return p
}

// short is how plots call a program.
func short(s measure.Subject) string {
	if s.Name == measure.Both.Name {
		return "pod-status-logger"
	}
	return s.Name
}
