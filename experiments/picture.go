package experiments

import (
	"fmt"
	"html/template"
	"io"
	"math"
)

// picture draws each row's figure as a point with its interval over a common axis.
var picture = template.Must(template.New("picture").Parse(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {{.Height}}" font-family="sans-serif" font-size="14" role="img" aria-label="{{.Title}}">
<rect width="720" height="{{.Height}}" fill="#ffffff"/>
<text x="20" y="28" font-size="17" font-weight="bold" fill="#1f2933">{{.Title}}</text>
<text x="20" y="50" fill="#52606d">{{.Note}}</text>
{{range .Ticks}}<line x1="{{.X}}" y1="66" x2="{{.X}}" y2="{{$.Foot}}" stroke="#e4e7eb"/><text x="{{.X}}" y="{{$.Legend}}" text-anchor="middle" fill="#52606d">{{.Text}}</text>
{{end}}{{range .Rows}}<text x="20" y="{{.Text}}" fill="#1f2933">{{.Name}}</text><line x1="{{.Low}}" y1="{{.Y}}" x2="{{.High}}" y2="{{.Y}}" stroke="#3e6b89" stroke-width="3"/><circle cx="{{.X}}" cy="{{.Y}}" r="6" fill="#1d4e6f"><title>{{.Says}}</title></circle>
{{end}}</svg>
`))

type drawnRow struct {
	Name, Says            string
	X, Y, Low, High, Text float64
}

type drawnTick struct {
	X    float64
	Text string
}

// bar is one figure with its interval.
type bar struct {
	name             string
	value, low, high float64
}

// Picture draws the results as SVG: each arm's share were it given to all with its 95 % interval, or of an interleaving the
// preference.
func (r Results) Picture(w io.Writer) error {
	var bars []bar
	note := "share of customers who took something, with 95 % intervals (doubly robust)"
	for _, a := range r.Arms {
		const z = 1.96
		d := a.DoublyRobust
		bars = append(bars, bar{fmt.Sprintf("%s (%d)", a.Arm, a.Units), d.Value, d.Value - z*d.Error, d.Value + z*d.Error})
	}
	if p := r.Preference; p != nil {
		note = fmt.Sprintf("left of 0 prefers %s, right of it %s; the interval holds at any look", r.Experiment.Arms[0], r.Experiment.Arms[1])
		low, high := p.Low, p.High
		if !p.Known {
			low, high = -1, 1
		}
		bars = []bar{{fmt.Sprintf("preference (%d)", p.Units), p.Difference, low, high}}
	}
	if r.Broken {
		note = "The numbers of customers do not fit the shares: believe no figure here."
	}
	least, most := math.Inf(1), math.Inf(-1)
	for _, b := range bars {
		least, most = min(least, b.low), max(most, b.high)
	}
	if r.Preference != nil {
		least, most = min(least, 0), max(most, 0)
	}
	const left, right, top, each = 230.0, 690.0, 90.0, 40.0
	margin := max(0.05*(most-least), 1e-6)
	least, most = least-margin, most+margin
	x := func(v float64) float64 { return math.Round(10*(left+(v-least)/(most-least)*(right-left))) / 10 }
	foot := top + each*float64(len(bars)) - 10
	var d struct {
		Title, Note          string
		Height, Foot, Legend float64
		Ticks                []drawnTick
		Rows                 []drawnRow
	}
	d.Title, d.Note = fmt.Sprintf("%s (%s)", r.Experiment.ID, r.Experiment.Kind), note
	d.Height, d.Foot, d.Legend = foot+40, foot, foot+20
	const ticks = 5
	for i := range ticks {
		v := least + margin + (most-least-2*margin)*float64(i)/(ticks-1)
		d.Ticks = append(d.Ticks, drawnTick{x(v), fmt.Sprintf("%.3f", v)})
	}
	for i, b := range bars {
		y := top + each*float64(i)
		d.Rows = append(d.Rows, drawnRow{Name: b.name, Says: fmt.Sprintf("%.4f (%.4f to %.4f)", b.value, b.low, b.high), X: x(b.value), Y: y, Low: x(b.low), High: x(b.high), Text: y + 5})
	}
	if err := picture.Execute(w, d); err != nil {
		return fmt.Errorf("draw results: %w", err)
	}
	return nil
}
