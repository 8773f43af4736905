package experiments

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// Observation is one unit of an experiment.
type Observation struct {
	Unit, Arm string
	// Propensity is how likely the unit was to get the arm.
	Propensity float64
	At         time.Time
	// Reward is 1 for a unit that took something, else 0; of an interleaving how many products of the second arm it took
	// less how many of the first.
	Reward float64
}

// Results are what came of an experiment.
type Results struct {
	Experiment Experiment  `json:"experiment"`
	Arms       []ArmResult `json:"arms,omitempty"`
	// Against compares each further arm with the first, by a test that may be looked at any time; of a bandit, whose
	// shares follow its results, there is none.
	Against map[string]Verdict `json:"against_first,omitempty"`
	// SampleRatio is how likely the numbers of units are; below 0.001 something is broken. Of an A/B test alone.
	SampleRatio float64 `json:"sample_ratio_p,omitempty"`
	// Broken is true where it is that unlikely: believe no figure then.
	Broken bool `json:"broken,omitempty"`
	// Preference compares the arms of an interleaving: products of the second that a unit took, less those of the first.
	Preference *Preference `json:"preference,omitempty"`
}

// ArmResult is what came of one arm.
type ArmResult struct {
	Arm   string `json:"arm"`
	Units int    `json:"units"`
	// Mean is the share of its units that took something.
	Mean float64 `json:"mean"`
	// IPS and DoublyRobust are what the share would be were the arm given to all, by the logged propensities.
	IPS          Estimate `json:"ips"`
	DoublyRobust Estimate `json:"doubly_robust"`
}

// Preference is the outcome of an interleaving.
type Preference struct {
	Units int `json:"units"`
	// First and Second are how many units took more of that arm's products; the others are even.
	First  int `json:"prefer_first"`
	Second int `json:"prefer_second"`
	Verdict
}

// expected are the standard deviations of the differences that are expected: two points of a share, and a tenth of a
// preference.
const (
	expectedShare      = 0.02
	expectedPreference = 0.1
	broken             = 0.001
)

// Analyse says what came of an experiment.
func Analyse(e Experiment, seen []Observation) Results {
	r := Results{Experiment: e}
	if e.Kind == Interleaving {
		r.Preference = prefer(seen)
		return r
	}
	rewards := map[string][]float64{}
	for _, o := range seen {
		rewards[o.Arm] = append(rewards[o.Arm], o.Reward)
	}
	counts, shares := make([]int, len(e.Arms)), make([]float64, len(e.Arms))
	for i, arm := range e.Arms {
		s := sampleOf(rewards[arm])
		counts[i], shares[i] = s.N, 1/float64(len(e.Arms))
		log := make([]Decision, len(seen))
		for k, o := range seen {
			log[k] = Decision{Reward: o.Reward, Propensity: o.Propensity, Value: s.Mean}
			if o.Arm == arm {
				log[k].Target, log[k].Predicted = 1, s.Mean
			}
		}
		r.Arms = append(r.Arms, ArmResult{Arm: arm, Units: s.N, Mean: s.Mean, IPS: IPS(log), DoublyRobust: DoublyRobust(log)})
	}
	if e.Kind != AB {
		return r
	}
	r.Against = map[string]Verdict{}
	for _, arm := range e.Arms[1:] {
		r.Against[arm] = Sequential(sampleOf(rewards[e.Arms[0]]), sampleOf(rewards[arm]), expectedShare)
	}
	r.SampleRatio = SampleRatio(counts, shares)
	r.Broken = r.SampleRatio < broken
	return r
}

func prefer(seen []Observation) *Preference {
	p := &Preference{Units: len(seen)}
	signs := make([]float64, len(seen))
	for i, o := range seen {
		switch {
		case o.Reward < 0:
			p.First, signs[i] = p.First+1, -1
		case o.Reward > 0:
			p.Second, signs[i] = p.Second+1, 1
		}
	}
	p.Verdict = SequentialMean(sampleOf(signs), expectedPreference)
	return p
}

// Table writes the results for a person.
func (r Results) Table(w io.Writer) error {
	var b strings.Builder
	if r.Broken {
		fmt.Fprintf(&b, "BROKEN: numbers of customers as uneven as these come with a chance of %.2g. Believe no figure below.\n", r.SampleRatio)
	}
	says := func(v Verdict) string {
		if !v.Known {
			return "too few customers to tell"
		}
		return fmt.Sprintf("%+.4f (95%% at any look: %+.4f to %+.4f), p %.3g", v.Difference, v.Low, v.High, v.P)
	}
	if p := r.Preference; p != nil {
		fmt.Fprintf(&b, "customers\t%d\nprefer %s\t%d\nprefer %s\t%d\npreference\t%s\n", p.Units, r.Experiment.Arms[0], p.First, r.Experiment.Arms[1], p.Second, says(p.Verdict))
	} else {
		fmt.Fprintf(&b, "arm\tcustomers\ttook something\tgiven to all: IPS\tdoubly robust\tagainst %s\n", r.Experiment.Arms[0])
	}
	for i, a := range r.Arms {
		against := "-"
		if v, ok := r.Against[a.Arm]; ok && i > 0 {
			against = says(v)
		}
		fmt.Fprintf(&b, "%s\t%d\t%.4f\t%.4f ± %.4f\t%.4f ± %.4f\t%s\n", a.Arm, a.Units, a.Mean, a.IPS.Value, a.IPS.Error, a.DoublyRobust.Value, a.DoublyRobust.Error, against)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(table, b.String()); err != nil {
		return err
	}
	return table.Flush()
}
