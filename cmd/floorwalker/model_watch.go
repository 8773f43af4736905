package main

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"floorwalker/behaviour"
	"floorwalker/evaluation"
	"floorwalker/ranking"

	"github.com/prometheus/client_golang/prometheus"
)

// mostLists bounds how many lists are read from the log at once.
const mostLists = 50_000

// withEvents opens the database and the log of what customers did.
func withEvents(ctx context.Context, s services, std streams, work func(*database, *behaviour.Log) error) error {
	return withDatabase(ctx, s, std, func(db *database) error {
		return work(db, behaviour.NewLog(db.pool, behaviour.Options{Logger: warnings(std.err)}))
	})
}

type modelCompareCmd struct {
	Since time.Duration `help:"How far back." default:"168h"`
	services
}

// shadowReport compares one ranker in the shadow with one that served.
type shadowReport struct {
	Served   string `json:"served"`
	Shadow   string `json:"shadow"`
	Rankings int    `json:"rankings"`
	// Degraded is how many the shadow failed at or was late with; the other figures leave these out.
	Degraded int `json:"degraded"`
	// SameFirst is the share with the same product in front, Overlap the share of the first ten that both have.
	SameFirst float64 `json:"same_first"`
	Overlap   float64 `json:"overlap"`
	// Clicked is how many lists something was taken up of; the nDCG@10 are of what was, by gain, over these. Customers saw
	// the served order, which favours it.
	Clicked    int     `json:"clicked"`
	ServedNDCG float64 `json:"served_ndcg@10"`
	ShadowNDCG float64 `json:"shadow_ndcg@10"`
	// Milliseconds; the shadow waits for customers' work.
	ServedMsP50 float64 `json:"served_ms_p50"`
	ServedMsP99 float64 `json:"served_ms_p99"`
	ShadowMsP50 float64 `json:"shadow_ms_p50"`
	ShadowMsP99 float64 `json:"shadow_ms_p99"`
}

// Run prints one JSON object.
func (c *modelCompareCmd) Run(ctx context.Context, std streams) error {
	return withEvents(ctx, c.services, std, func(_ *database, events *behaviour.Log) error {
		outcomes, err := events.Shadows(ctx, time.Now().Add(-c.Since))
		if err != nil {
			return err
		}
		return printJSON(std.out, map[string]any{"comparisons": shadowReports(outcomes)})
	})
}

// shadowReports are one for each pair of rankers, in the order of their names.
func shadowReports(outcomes []behaviour.ShadowOutcome) []shadowReport {
	byPair := map[[2]string][]behaviour.ShadowOutcome{}
	for _, o := range outcomes {
		key := [2]string{plainModel(o.Served), plainModel(o.Shadow.Shadow)}
		byPair[key] = append(byPair[key], o)
	}
	reports := []shadowReport{}
	for pair, of := range byPair {
		reports = append(reports, shadowReportOf(pair, of))
	}
	slices.SortFunc(reports, func(a, b shadowReport) int { return strings.Compare(a.Served+"\n"+a.Shadow, b.Served+"\n"+b.Shadow) })
	return reports
}

// plainModel is a model's name without what went wrong.
func plainModel(name string) string {
	plain, _, _ := strings.Cut(name, " (")
	return plain
}

func shadowReportOf(pair [2]string, of []behaviour.ShadowOutcome) shadowReport {
	r := shadowReport{Served: pair[0], Shadow: pair[1]}
	var served, shadow []float64
	for _, o := range of {
		if o.Degraded || len(o.ServedSKUs) == 0 || len(o.ShadowSKUs) == 0 {
			r.Degraded++
			continue
		}
		r.Rankings++
		both := 0
		for _, sku := range o.ServedSKUs {
			if slices.Contains(o.ShadowSKUs, sku) {
				both++
			}
		}
		r.Overlap += float64(both) / float64(len(o.ServedSKUs))
		if o.ServedSKUs[0] == o.ShadowSKUs[0] {
			r.SameFirst++
		}
		served, shadow = append(served, o.ServedMillis), append(shadow, o.ShadowMillis)
		if len(o.Gains) > 0 {
			r.Clicked++
			r.ServedNDCG += gained(o.ServedSKUs, o.Gains)
			r.ShadowNDCG += gained(o.ShadowSKUs, o.Gains)
		}
	}
	if n := float64(r.Rankings); n > 0 {
		r.SameFirst, r.Overlap = r.SameFirst/n, r.Overlap/n
		r.ServedMsP50, r.ServedMsP99 = evaluation.Percentile(served, 50), evaluation.Percentile(served, 99)
		r.ShadowMsP50, r.ShadowMsP99 = evaluation.Percentile(shadow, 50), evaluation.Percentile(shadow, 99)
	}
	if n := float64(r.Clicked); n > 0 {
		r.ServedNDCG, r.ShadowNDCG = r.ServedNDCG/n, r.ShadowNDCG/n
	}
	return r
}

func gained(skus []string, gains map[string]float64) float64 {
	var all, ranked []float64
	for _, gain := range gains {
		all = append(all, gain)
	}
	for _, sku := range skus {
		ranked = append(ranked, gains[sku])
	}
	return evaluation.NDCG(ranked, all, 10)
}

type modelDriftCmd struct {
	Recent    time.Duration `help:"What counts as of late." default:"24h"`
	Reference time.Duration `help:"How long before that is compared with." default:"672h"`
	services
}

// Run prints a line for each distribution and one JSON object.
func (c *modelDriftCmd) Run(ctx context.Context, std streams) error {
	return withEvents(ctx, c.services, std, func(_ *database, events *behaviour.Log) error {
		drifts, err := driftsOf(ctx, events, time.Now(), c.Recent, c.Reference)
		if err != nil {
			return err
		}
		for _, d := range drifts {
			mark := ""
			if d.Moved {
				mark = "  moved"
			}
			fmt.Fprintf(std.err, "%-16s PSI %6.3f  by chance under %6.3f  (%d before, %d of late)%s\n", d.Of, d.PSI, d.Chance, d.Reference, d.Recent, mark)
		}
		return printJSON(std.out, map[string]any{"drift": drifts})
	})
}

// driftsOf compares the lists of late with those before.
func driftsOf(ctx context.Context, events *behaviour.Log, now time.Time, recent, reference time.Duration) ([]ranking.Drift, error) {
	read := func(since, until time.Time) (all []ranking.Asked, err error) {
		lists, err := events.Impressions(ctx, since, until, mostLists)
		for _, l := range lists {
			a := ranking.Asked{Query: l.Query}
			for _, item := range l.Items {
				a.Features = append(a.Features, item.Features)
			}
			all = append(all, a)
		}
		return all, err
	}
	before, err := read(now.Add(-recent-reference), now.Add(-recent))
	if err != nil {
		return nil, err
	}
	late, err := read(now.Add(-recent), now)
	if err != nil {
		return nil, err
	}
	return ranking.Drifts(before, late), nil
}

// driftWatch looks for drift and tells operators.
type driftWatch struct {
	events *behaviour.Log
	log    *slog.Logger
	psi    *prometheus.GaugeVec
}

const (
	watchDriftEvery = time.Hour
	driftRecent     = 24 * time.Hour
	driftReference  = 28 * 24 * time.Hour
)

func newDriftWatch(events *behaviour.Log, r prometheus.Registerer, log *slog.Logger) *driftWatch {
	w := &driftWatch{events: events, log: log, psi: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "floorwalker_ranker_drift",
		Help: "Population stability index of what is asked and scored in the last day against the 28 days before."}, []string{"of"})}
	r.MustRegister(w.psi)
	return w
}

// run looks at once and then every hour until ctx ends.
func (w *driftWatch) run(ctx context.Context) error {
	tick := time.NewTicker(watchDriftEvery)
	defer tick.Stop()
	for {
		w.look(ctx, time.Now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (w *driftWatch) look(ctx context.Context, now time.Time) {
	drifts, err := driftsOf(ctx, w.events, now, driftRecent, driftReference)
	if err != nil {
		if ctx.Err() == nil {
			w.log.Warn("drift of the ranker not looked for", "error", err)
		}
		return
	}
	w.psi.Reset()
	for _, d := range drifts {
		if !math.IsNaN(d.PSI) {
			w.psi.WithLabelValues(d.Of).Set(d.PSI)
		}
		if d.Moved {
			w.log.Warn("what customers ask for, or how it is scored, is not what it was; floorwalker model drift says more",
				"of", d.Of, "psi", d.PSI, "by_chance", d.Chance, "recent", d.Recent)
		}
	}
}
