package experiments

import "math"

// Decision is one logged choice, as another policy is judged by it.
type Decision struct {
	// Reward is what came of the choice.
	Reward float64
	// Propensity is how likely the choice was when it was made, Target how likely the other policy makes it.
	Propensity, Target float64
	// Predicted is what a model expects of the choice, Value what it expects of the other policy here; both 0 where there
	// is no model.
	Predicted, Value float64
}

// Estimate is what a policy is worth, with its standard error.
type Estimate struct {
	Value float64 `json:"value"`
	Error float64 `json:"standard_error"`
}

// mostWeight caps how much one decision counts: what was almost never chosen says much by chance.
const mostWeight = 50.0

func (d Decision) weight() float64 { return math.Min(d.Target/d.Propensity, mostWeight) }

// IPS is what the other policy would have earned a decision: rewards weighted by how much likelier it makes the choice
// (Horvitz and Thompson, 1952). It is right however little is known of rewards, and uncertain where the policies differ.
func IPS(log []Decision) Estimate {
	terms := make([]float64, len(log))
	for i, d := range log {
		terms[i] = d.weight() * d.Reward
	}
	return estimate(terms)
}

// DoublyRobust is the same with a model's expectation and, by IPS, what the model got wrong (Dudík, Langford and Li, 2011):
// right where either the propensities or the model are, and more certain the better the model is.
func DoublyRobust(log []Decision) Estimate {
	terms := make([]float64, len(log))
	for i, d := range log {
		terms[i] = d.Value + d.weight()*(d.Reward-d.Predicted)
	}
	return estimate(terms)
}

func estimate(terms []float64) Estimate {
	s := sampleOf(terms)
	return Estimate{s.Mean, math.Sqrt(s.Variance / math.Max(float64(s.N), 1))}
}
