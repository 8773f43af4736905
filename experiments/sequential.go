package experiments

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Sample is what was seen of a figure: how often, its mean and its variance.
type Sample struct {
	N              int
	Mean, Variance float64
}

// sampleOf sums figures up. The variance is the unbiased one.
func sampleOf(figures []float64) Sample {
	s := Sample{N: len(figures)}
	for _, x := range figures {
		s.Mean += x / float64(len(figures))
	}
	for _, x := range figures {
		s.Variance += (x - s.Mean) * (x - s.Mean) / math.Max(float64(len(figures)-1), 1)
	}
	return s
}

// Verdict is what a sequential test says of a difference.
type Verdict struct {
	// Known is false while too little was seen to say anything.
	Known bool `json:"known"`
	// Difference is the treatment's mean less the control's; Low and High bound it with 95 % over all looks together.
	Difference float64 `json:"difference"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	// P may be looked at any time: it is below 0.05 at some look in at most 5 % of experiments without a difference.
	P float64 `json:"p"`
}

const (
	alpha = 0.05
	// leastSample is from how many on the normal law is trusted.
	leastSample = 100
)

// Sequential compares two samples by the mixture sequential probability ratio test with a normal mixture, which holds
// however often and whenever it is looked at (Johari, Koomen, Pekelis and Walsh: Always valid inference, Operations
// Research 70, 2022; the mixture is Robbins', 1970). mixture is the standard deviation of the differences that are
// expected, in the figure's unit: it decides where the test is sharpest, not whether it holds. The variances are those
// seen, so it holds for large samples; below 100 of each it says nothing.
func Sequential(control, treatment Sample, mixture float64) Verdict {
	v := Verdict{Difference: treatment.Mean - control.Mean, P: 1}
	if control.N < leastSample || treatment.N < leastSample {
		return v
	}
	return v.judged(control.Variance/float64(control.N)+treatment.Variance/float64(treatment.N), mixture)
}

// SequentialMean tests in the same way whether a mean is 0, as of an interleaving's wins less losses.
func SequentialMean(s Sample, mixture float64) Verdict {
	v := Verdict{Difference: s.Mean, P: 1}
	if s.N < leastSample {
		return v
	}
	return v.judged(s.Variance/float64(s.N), mixture)
}

// judged fills in what follows from the variance of the difference.
func (v Verdict) judged(variance, mixture float64) Verdict {
	if variance <= 0 {
		return v
	}
	t := mixture * mixture
	logRatio := 0.5*math.Log(variance/(variance+t)) + t*v.Difference*v.Difference/(2*variance*(variance+t))
	v.P = math.Min(1, math.Exp(-logRatio))
	half := math.Sqrt(2 * variance * (variance + t) / t * (math.Log(1/alpha) + 0.5*math.Log((variance+t)/variance)))
	v.Low, v.High, v.Known = v.Difference-half, v.Difference+half, true
	return v
}

// SampleRatio is how likely shares of units as uneven as these are when they were given out by the given shares: the
// chi-squared test of sample ratio mismatch (Fabijan et al., KDD 2019). Below 0.001 something between assignment and log
// is broken, and no result may be believed.
func SampleRatio(counts []int, shares []float64) float64 {
	total := 0
	for _, n := range counts {
		total += n
	}
	if total == 0 || len(counts) < 2 {
		return 1
	}
	distance := 0.0
	for i, n := range counts {
		expected := shares[i] * float64(total)
		distance += (float64(n) - expected) * (float64(n) - expected) / expected
	}
	return distuv.ChiSquared{K: float64(len(counts) - 1)}.Survival(distance)
}
