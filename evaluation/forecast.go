package evaluation

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"floorwalker/forecast"
	"floorwalker/shop"
)

// ForecastRun is what forecasts are measured on: from every week from one day to another, so many weeks ahead.
type ForecastRun struct {
	First, Last time.Time
	Weeks       int
	// Fewest is how many weeks a product must be known to be judged.
	Fewest int
	// Lead and Service are those of the stock policy that is judged.
	Lead    int
	Service float64
}

// ForecastReport is what `floorwalker eval forecast` prints, by model.
type ForecastReport struct {
	First    string `json:"first_origin"`
	Last     string `json:"last_origin"`
	Origins  int    `json:"origins"`
	Weeks    int    `json:"weeks_ahead"`
	Lines    int    `json:"lines"`
	Unnamed  int    `json:"lines_without_customer"`
	Returned int    `json:"lines_returned_later"`
	Undone   int    `json:"lines_cancelled_the_same_day"`
	NoSale   int    `json:"lines_that_sold_nothing"`
	Products int    `json:"products"`
	Judged   int    `json:"judged"`
	// Weekly are single weeks, Daily the days of the first week, Total all weeks together.
	Weekly map[string]ForecastFigures `json:"weekly"`
	Daily  map[string]ForecastFigures `json:"daily"`
	Total  map[string]ForecastFigures `json:"total"`
	// Classes are the products by how they sell (Syntetos, Boylan and Croston 2005), weekly.
	Classes map[string]map[string]ForecastFigures `json:"classes"`
	// Lasted is how often what was wanted in the lead time was no more than the reorder point; Asked is the service level.
	Lasted map[string]float64 `json:"stock_lasted"`
	Asked  float64            `json:"service_level"`
	// StockHeld is the mean reorder point in weeks of demand: what the service costs.
	StockHeld map[string]float64 `json:"reorder_point_weeks"`
}

// ForecastFigures are means over products, each over its origins and weeks.
type ForecastFigures struct {
	Products int `json:"products"`
	// MASE is the mean absolute error over that of the naive forecast of the product's past, RMSSE the same of squares.
	MASE     float64    `json:"mase"`
	MASECI95 [2]float64 `json:"mase_ci95,omitzero"`
	// MASEMedian is the same of the median: absolute errors are least there, squared ones at the mean.
	MASEMedian     float64    `json:"mase_median"`
	MASEMedianCI95 [2]float64 `json:"mase_median_ci95,omitzero"`
	RMSSE          float64    `json:"rmsse"`
	// Pinball is the mean over the levels 0.05, 0.25, 0.5, 0.75 and 0.95, scaled like MASE.
	Pinball     float64    `json:"pinball"`
	PinballCI95 [2]float64 `json:"pinball_ci95,omitzero"`
	// Coverage90 is how often what came lay in the interval of 90 in 100, Coverage50 in that of 50.
	Coverage90 float64 `json:"coverage_90"`
	Coverage50 float64 `json:"coverage_50"`
	// Bias is the mean error over the mean of what came: above 0 it foretells too little.
	Bias float64 `json:"bias"`
}

// foretold is what a model says of a number of pieces.
type foretold struct {
	mean     float64
	quantile func(p float64) float64
}

// foreteller foretells one product: the pieces of so many days, from a day after the origin on, counted from 0.
type foreteller interface {
	over(from, days int) foretold
}

var quantiles = []float64{0.05, 0.25, 0.5, 0.75, 0.95}

// Forecasts measures Floorwalker's forecasts beside naive ones, from every origin anew with what was known by then.
func Forecasts(read SalesRead, run ForecastRun, say func(format string, args ...any)) (ForecastReport, error) {
	r := ForecastReport{First: run.First.Format(time.DateOnly), Last: run.Last.Format(time.DateOnly), Weeks: run.Weeks, Lines: len(read.Lines), Unnamed: read.Anonymous,
		Returned: read.Returned, Undone: read.Cancelled, NoSale: read.NoSale, Asked: run.Service,
		Weekly: map[string]ForecastFigures{}, Daily: map[string]ForecastFigures{}, Total: map[string]ForecastFigures{}, Classes: map[string]map[string]ForecastFigures{},
		Lasted: map[string]float64{}, StockHeld: map[string]float64{}}
	all := daily(read.Lines, func(SaleLine) bool { return true })
	bySKU := map[string][]shop.Sales{}
	for _, s := range all {
		bySKU[s.SKU] = append(bySKU[s.SKU], s)
	}
	r.Products = len(bySKU)
	j := judgement{weekly: scores{}, daily: scores{}, total: scores{}, classes: map[string]scores{}, lasted: map[string][2]float64{}, held: map[string][2]float64{}}
	judged := map[string]bool{}
	for origin := run.First; !origin.After(run.Last); origin = origin.AddDate(0, 0, 7) {
		until := forecast.DayOf(origin) - 1
		demands := forecast.Demands(all, nil, forecast.DemandOptions{Until: until})
		demands = slices.DeleteFunc(demands, func(d forecast.Demand) bool { return len(d.Weeks) == 0 })
		began := time.Now()
		outlooks := forecast.Foresee(demands)
		say("%s: %d products in %v", origin.Format(time.DateOnly), len(outlooks), time.Since(began).Round(time.Millisecond))
		for i, d := range demands {
			if len(d.Weeks) < max(run.Fewest, seasonWeeks+1) {
				continue
			}
			came := daysFrom(bySKU[d.SKU], origin, 7*run.Weeks)
			if !j.product(d, outlooks[i], daysUntil(bySKU[d.SKU], origin, 7*len(d.Weeks)), came, run) {
				continue
			}
			judged[d.SKU] = true
		}
		r.Origins++
	}
	if len(judged) == 0 {
		return r, errors.New("no product was known for long enough before the first origin")
	}
	r.Judged = len(judged)
	for model := range j.weekly {
		r.Weekly[model], r.Daily[model], r.Total[model] = j.weekly.figures(model, true), j.daily.figures(model, false), j.total.figures(model, false)
		r.Lasted[model] = j.lasted[model][0] / j.lasted[model][1]
		r.StockHeld[model] = j.held[model][0] / j.held[model][1]
	}
	for class, of := range j.classes {
		r.Classes[class] = map[string]ForecastFigures{}
		for model := range of {
			r.Classes[class][model] = of.figures(model, false)
		}
	}
	return r, nil
}

// daysFrom are the pieces of n days from a day on, daysUntil those of the n days before it.
func daysFrom(sales []shop.Sales, from time.Time, n int) []float64 {
	days := make([]float64, n)
	for _, s := range sales {
		if i := int(forecast.DayOf(s.Day) - forecast.DayOf(from)); i >= 0 && i < n {
			days[i] += s.Units
		}
	}
	return days
}

func daysUntil(sales []shop.Sales, before time.Time, n int) []float64 {
	return daysFrom(sales, before.AddDate(0, 0, -n), n)
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}

// scored is what one model foretold of one product, scaled by how far the naive forecast of the product's past was off.
type scored struct {
	absolute, squared, median, pinball, in90, in50, n float64
	off, came                                         float64
}

// scores are by model and product.
type scores map[string]map[string]*scored

func (all scores) add(model, sku string, f foretold, came, scale, scale2 float64) {
	if all[model] == nil {
		all[model] = map[string]*scored{}
	}
	t := all[model][sku]
	if t == nil {
		t = &scored{}
		all[model][sku] = t
	}
	e := came - f.mean
	t.absolute, t.squared, t.n = t.absolute+math.Abs(e)/scale, t.squared+e*e/scale2, t.n+1
	t.off, t.came = t.off+e, t.came+came
	var q [5]float64
	for i, p := range quantiles {
		q[i] = f.quantile(p)
		t.pinball += max(p*(came-q[i]), (p-1)*(came-q[i])) / scale / float64(len(quantiles))
	}
	t.median += math.Abs(came-q[2]) / scale
	if came >= q[0] && came <= q[4] {
		t.in90++
	}
	if came >= q[1] && came <= q[3] {
		t.in50++
	}
}

func (all scores) figures(model string, intervals bool) (f ForecastFigures) {
	skus := make([]string, 0, len(all[model]))
	for sku := range all[model] {
		skus = append(skus, sku)
	}
	slices.Sort(skus) // sums and bootstraps repeat exactly
	var absolute, squared, median, pinball, in90, in50 []float64
	var off, came float64
	for _, sku := range skus {
		t := all[model][sku]
		absolute, squared, pinball = append(absolute, t.absolute/t.n), append(squared, math.Sqrt(t.squared/t.n)), append(pinball, t.pinball/t.n)
		median = append(median, t.median/t.n)
		in90, in50 = append(in90, t.in90/t.n), append(in50, t.in50/t.n)
		off, came = off+t.off, came+t.came
	}
	f = ForecastFigures{Products: len(skus), MASE: mean(absolute), MASEMedian: mean(median), RMSSE: mean(squared), Pinball: mean(pinball), Coverage90: mean(in90), Coverage50: mean(in50)}
	if intervals {
		f.MASECI95, f.MASEMedianCI95, f.PinballCI95 = interval95(absolute), interval95(median), interval95(pinball)
	}
	if came > 0 {
		f.Bias = off / came
	}
	return f
}

// judgement gathers what every model foretold.
type judgement struct {
	weekly, daily, total scores
	classes              map[string]scores
	lasted, held         map[string][2]float64
}

// product judges all models on one product from one origin; false where the product's past can't scale its errors.
func (j *judgement) product(d forecast.Demand, o forecast.Outlook, before, came []float64, run ForecastRun) bool {
	scale, scale2 := naiveErrors(d.Weeks)
	dayScale, dayScale2 := naiveErrors(before)
	if scale == 0 || dayScale == 0 {
		return false
	}
	models := map[string]foreteller{"floorwalker": outlook{o, forecast.DayOf(run.First)}, "naive": averageOf(d.Weeks, before, 1, 1), "seasonal naive": seasonOf(d.Weeks, before),
		"moving average 4": averageOf(d.Weeks, before, 4, 28), "moving average 8": averageOf(d.Weeks, before, 8, 56)}
	class := classOf(d.Weeks)
	if j.classes[class] == nil {
		j.classes[class] = scores{}
	}
	for model, f := range models {
		for w := range run.Weeks {
			week, units := f.over(7*w, 7), sum(came[7*w:7*w+7])
			j.weekly.add(model, d.SKU, week, units, scale, scale2)
			j.classes[class].add(model, d.SKU, week, units, scale, scale2)
		}
		for day := range 7 {
			j.daily.add(model, d.SKU, f.over(day, 1), came[day], dayScale, dayScale2)
		}
		j.total.add(model, d.SKU, f.over(0, 7*run.Weeks), sum(came), scale*float64(run.Weeks), scale2*float64(run.Weeks*run.Weeks))
		point := math.Ceil(f.over(0, run.Lead).quantile(run.Service))
		lasted, held := j.lasted[model], j.held[model]
		if sum(came[:run.Lead]) <= point {
			lasted[0]++
		}
		lasted[1]++
		held[0], held[1] = held[0]+point, held[1]+mean(d.Weeks)
		j.lasted[model], j.held[model] = lasted, held
	}
	return true
}

// naiveErrors are the mean absolute and squared error of "as the one before".
func naiveErrors(past []float64) (absolute, squared float64) {
	for t := 1; t < len(past); t++ {
		e := past[t] - past[t-1]
		absolute, squared = absolute+math.Abs(e), squared+e*e
	}
	n := float64(max(len(past)-1, 1))
	return absolute / n, squared / n
}

// classOf is how a product sells, by the mean interval between weeks that sell (1.32) and the squared coefficient of variation
// of what they sell (0.49).
func classOf(weeks []float64) string {
	var sold []float64
	for _, y := range weeks {
		if y > 0 {
			sold = append(sold, y)
		}
	}
	m, squares := mean(sold), 0.0
	for _, y := range sold {
		squares += (y - m) * (y - m)
	}
	variation := squares / float64(max(len(sold), 1)) / max(m*m, 1e-9)
	interval := float64(len(weeks)) / float64(max(len(sold), 1))
	switch {
	case interval < 1.32 && variation < 0.49:
		return "smooth"
	case interval < 1.32:
		return "erratic"
	case variation < 0.49:
		return "intermittent"
	}
	return "lumpy"
}

// outlook is Floorwalker's; begin is an origin, all of which are at the same weekday.
type outlook struct {
	forecast.Outlook
	begin forecast.Day
}

func (o outlook) over(from, days int) foretold {
	if days == 1 {
		day := o.Day(o.begin + forecast.Day(from))
		return foretold{day.Mean, day.Quantile}
	}
	return foretold{o.Mean(float64(days)), func(p float64) float64 { return o.Quantile(p, float64(days)) }}
}

// normal is spread normally around a mean, and never below nothing.
func normal(mean, deviation float64) foretold {
	return foretold{mean, func(p float64) float64 { return max(0, mean+deviation*math.Sqrt2*math.Erfinv(2*p-1)) }}
}

// averages foretells the mean of the latest weeks, or days; its errors are as those that it would have made.
type averages struct{ week, weekOff, day, dayOff float64 }

// averageOf is the mean of so many weeks and days; with one of each it is the naive forecast.
func averageOf(weeks, days []float64, lastWeeks, lastDays int) averages {
	latest := func(of []float64, n int) float64 { return mean(of[max(0, len(of)-n):]) }
	off := func(of []float64, n int) float64 {
		return rootMeanSquare(of, n, func(t int) float64 { return mean(of[t-n : t]) })
	}
	return averages{latest(weeks, lastWeeks), off(weeks, lastWeeks), latest(days, lastDays), off(days, lastDays)}
}

func (a averages) over(_, days int) foretold {
	if days == 1 {
		return normal(a.day, a.dayOff)
	}
	n := float64(days) / 7
	return normal(a.week*n, a.weekOff*math.Sqrt(n)) // as if the errors of weeks were independent
}

// rootMeanSquare is how far a forecast was off, from its first week or day on.
func rootMeanSquare(past []float64, first int, foretell func(t int) float64) float64 {
	squares, count := 0.0, 0.0
	for t := first; t < len(past); t++ {
		e := past[t] - foretell(t)
		squares, count = squares+e*e, count+1
	}
	return math.Sqrt(squares / max(count, 1))
}

// season foretells a week by the one four weeks before it, a day by the same weekday of the week before. With one year of sales
// there is no season of a year to go by.
type season struct {
	weeks, days     []float64
	weekOff, dayOff float64
}

const seasonWeeks, seasonDays = 4, 7

func seasonOf(weeks, days []float64) season {
	return season{weeks, days, rootMeanSquare(weeks, seasonWeeks, func(t int) float64 { return weeks[t-seasonWeeks] }),
		rootMeanSquare(days, seasonDays, func(t int) float64 { return days[t-seasonDays] })}
}

func (s season) over(from, days int) foretold {
	if days == 1 {
		return normal(s.days[len(s.days)-seasonDays+from%seasonDays], s.dayOff)
	}
	total := 0.0
	for day := from; day < from+days; day++ {
		total += s.weeks[len(s.weeks)-seasonWeeks+day/7%seasonWeeks] / 7
	}
	return normal(total, s.weekOff*math.Sqrt(float64(days)/7))
}

// String says a report in a few words, for people.
func (r ForecastReport) String() string {
	models := make([]string, 0, len(r.Weekly))
	for model := range r.Weekly {
		models = append(models, model)
	}
	slices.SortFunc(models, func(a, b string) int { return cmp.Compare(r.Weekly[a].MASE, r.Weekly[b].MASE) })
	text := ""
	for _, m := range models {
		w, d := r.Weekly[m], r.Daily[m]
		text += fmt.Sprintf("%-18s week: MASE %.3f (median %.3f) RMSSE %.3f pinball %.3f in 90: %.3f   day: MASE %.3f RMSSE %.3f   stock lasted %.3f\n",
			m, w.MASE, w.MASEMedian, w.RMSSE, w.Pinball, w.Coverage90, d.MASE, d.RMSSE, r.Lasted[m])
	}
	return text
}
