package forecast

import (
	"math"
	"slices"
)

// spread is how what is bought scatters around its mean: negative binomial, with a variance of mean + excess · mean².
type spread struct{ mean, excess float64 }

// longest is up to which mean pieces are counted one by one; what sells more is counted in packs.
const longest = 1000

// packed is the same in packs of so many pieces: mean and variance stay what they are.
func (s spread) packed() (spread, float64) {
	if s.mean <= longest {
		return s, 1
	}
	pack := s.mean / longest
	return spread{longest, max(0, s.excess+1/s.mean-1/float64(longest))}, pack
}

// walk calls visit with 0, 1, 2 … and how likely no more than so many are bought, until it says false.
func (s spread) walk(visit func(n, atMost float64) bool) {
	if s.mean <= 0 {
		visit(0, 1)
		return
	}
	logP := -s.mean
	if s.excess > 0 {
		logP = -math.Log1p(s.excess*s.mean) / s.excess
	}
	atMost := 0.0
	// Beyond so many nothing is left that counts.
	far := s.mean + 60*math.Sqrt(s.mean+s.excess*s.mean*s.mean) + 60
	for n := 0.0; n <= far; n++ {
		atMost += math.Exp(logP)
		if !visit(n, min(atMost, 1)) {
			return
		}
		if s.excess > 0 {
			logP += math.Log((n + 1/s.excess) / (n + 1) * s.excess * s.mean / (1 + s.excess*s.mean))
		} else {
			logP += math.Log(s.mean / (n + 1))
		}
	}
}

// quantile is the least number that is enough with the probability.
func (s spread) quantile(p float64) float64 {
	small, pack := s.packed()
	found := 0.0
	small.walk(func(n, atMost float64) bool {
		found = n
		return atMost < p
	})
	return math.Ceil(found * pack)
}

// atMost is how likely no more than n are bought, and how likely fewer.
func (s spread) atMost(n float64) (atMost, fewer float64) {
	small, pack := s.packed()
	n = math.Floor(n / pack)
	if n < 0 {
		return 0, 0
	}
	reached := false
	small.walk(func(k, p float64) bool {
		if k >= n {
			atMost, reached = p, true
			return false
		}
		fewer = p
		return true
	})
	if !reached {
		return 1, 1
	}
	return atMost, fewer
}

// calibration says which level of the spread holds what has been seen: at[i] is the level under which a share of i in
// (len(at)-1) of what came lay. Where the spread is right it is the straight line.
type calibration []float64

// calibrate learns from how likely at most as much was, as the spread has it, of what came. Too few say nothing.
func calibrate(levels []float64) calibration {
	const steps, fewest = 200, 400
	if len(levels) < fewest {
		return calibration{0, 1}
	}
	slices.Sort(levels)
	at := make(calibration, steps+1)
	for i := range at {
		at[i] = levels[min(i*len(levels)/steps, len(levels)-1)]
	}
	at[0], at[steps] = 0, 1
	return at
}

// level is the spread's level for a probability, never so near to certainty that the tail makes everything of it.
func (c calibration) level(p float64) float64 {
	const most = 0.9999
	x := p * float64(len(c)-1)
	i := min(int(x), len(c)-2)
	return min(c[i]+(x-float64(i))*(c[i+1]-c[i]), most)
}

// probability is the inverse of level.
func (c calibration) probability(level float64) float64 {
	i, _ := slices.BinarySearch(c, level)
	switch {
	case i == 0:
		return 0
	case i >= len(c):
		return 1
	}
	low, high := c[i-1], c[i]
	return (float64(i-1) + (level-low)/max(high-low, 1e-12)) / float64(len(c)-1)
}
