package forecast

import (
	"fmt"
	"math"
)

// method foretells from the weeks up to one what a week has from then on: levels[t] is told when weeks[t] is known. All are
// flat: every week to come has the same.
type method struct {
	name   string
	levels func(weeks []float64) []float64
}

// warm is how many weeks a method sees before it goes its own way; until then the mean of all is told.
const warm = 8

// methods are those of which each product gets what served it best. Their settings are the usual ones of the literature.
var methods = func() []method {
	all := []method{{"mean", average(math.MaxInt)}}
	for _, weeks := range []int{4, 8, 13} {
		all = append(all, method{fmt.Sprintf("moving average %d", weeks), average(weeks)})
	}
	for _, alpha := range []float64{0.05, 0.1, 0.2, 0.3, 0.5} {
		all = append(all, method{fmt.Sprintf("exponential smoothing %.2f", alpha), smoothing(alpha)})
	}
	for _, alpha := range []float64{0.05, 0.1, 0.2} {
		all = append(all, method{fmt.Sprintf("Croston %.2f", alpha), croston(alpha, 1)}, method{fmt.Sprintf("SBA %.2f", alpha), croston(alpha, 1-alpha/2)})
	}
	for _, beta := range []float64{0.05, 0.1, 0.2} {
		all = append(all, method{fmt.Sprintf("TSB %.2f", beta), tsb(0.1, beta)})
	}
	return all
}()

// each calls step for every week, from the first after the warm ones on, with what is known up to it; it returns the levels.
// begin is given the warm weeks, of which at least one is known. Weeks of which nothing is known change nothing.
func each(weeks []float64, begin func(known []float64) float64, step func(y float64) float64) []float64 {
	levels := make([]float64, len(weeks))
	var known []float64
	sum, level := 0.0, 0.0
	for t, y := range weeks {
		switch {
		case math.IsNaN(y):
		case len(known) < warm:
			known = append(known, y)
			sum += y
			level = sum / float64(len(known))
			if len(known) == warm {
				level = begin(known)
			}
		default:
			level = step(y)
		}
		levels[t] = level
	}
	return levels
}

// average is the mean of the last weeks that are known.
func average(last int) func(weeks []float64) []float64 {
	return func(weeks []float64) []float64 {
		var window []float64
		mean := func() float64 {
			sum := 0.0
			for _, y := range window {
				sum += y
			}
			return sum / float64(len(window))
		}
		cut := func() {
			if len(window) > last {
				window = window[len(window)-last:]
			}
		}
		return each(weeks, func(known []float64) float64 {
			window = append(window, known...)
			cut()
			return mean()
		}, func(y float64) float64 {
			window = append(window, y)
			cut()
			return mean()
		})
	}
}

// smoothing is simple exponential smoothing.
func smoothing(alpha float64) func(weeks []float64) []float64 {
	return func(weeks []float64) []float64 {
		level := 0.0
		return each(weeks, func(known []float64) float64 {
			level = 0
			for _, y := range known {
				level += y / float64(len(known))
			}
			return level
		}, func(y float64) float64 {
			level += alpha * (y - level)
			return level
		})
	}
}

// beginIntermittent is the size of the weeks that sold something, and their share.
func beginIntermittent(known []float64) (size, share float64) {
	sold := 0.0
	for _, y := range known {
		if y > 0 {
			size += y
			sold++
		}
	}
	return size / max(sold, 1), sold / float64(len(known))
}

// croston smooths size and interval of sales apart (Croston 1972); bias 1−α/2 is the correction of Syntetos and Boylan (2005).
func croston(alpha, bias float64) func(weeks []float64) []float64 {
	return func(weeks []float64) []float64 {
		size, interval, since := 0.0, 1.0, 0.0
		return each(weeks, func(known []float64) float64 {
			var share float64
			size, share = beginIntermittent(known)
			interval = 1 / max(share, 1/float64(len(known)))
			for since = 0; int(since) < len(known) && known[len(known)-1-int(since)] == 0; {
				since++
			}
			return bias * size / interval
		}, func(y float64) float64 {
			since++
			if y > 0 {
				size += alpha * (y - size)
				interval += alpha * (since - interval)
				since = 0
			}
			return bias * size / interval
		})
	}
}

// tsb smooths how likely a week sells anything, every week, so that what is bought no more dies out (Teunter, Syntetos and
// Babai 2011).
func tsb(alpha, beta float64) func(weeks []float64) []float64 {
	return func(weeks []float64) []float64 {
		size, share := 0.0, 0.0
		return each(weeks, func(known []float64) float64 {
			size, share = beginIntermittent(known)
			return size * share
		}, func(y float64) float64 {
			if y > 0 {
				share += beta * (1 - share)
				size += alpha * (y - size)
			} else {
				share -= beta * share
			}
			return size * share
		})
	}
}
