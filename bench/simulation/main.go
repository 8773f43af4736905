// Command simulation judges what learns from logs against a log whose truth is known: the click model, the correction of
// position bias, bandits and off-policy estimates of floorwalker/experiments, on sessions of customers of taste clusters,
// with drift and position bias.
//
//	go run ./simulation --sessions 60000 --seeds 5
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"

	"floorwalker/experiments"

	"github.com/alecthomas/kong"
)

type settings struct {
	Sessions int    `default:"60000" help:"Sessions of one log."`
	Seeds    uint64 `default:"5" help:"Worlds that are drawn and judged; figures are means over them."`
}

// figures are the results of one world, or their means.
type figures struct {
	Sessions int `json:"sessions"`
	Worlds   int `json:"worlds"`
	// ExaminedError is the mean error of how much each place is looked at.
	ExaminedError float64 `json:"examined_mean_error"`
	// AttractError and NaiveError are the mean errors of how products attract, by the click model and by plain
	// click-through beside the first place.
	AttractError float64 `json:"attract_mean_error"`
	NaiveError   float64 `json:"click_through_mean_error"`
	// ListByModel and ListByNaive are the true clicks of a list of eight in the order that each gives, beside the best list.
	ListByModel float64 `json:"list_by_click_model"`
	ListByNaive float64 `json:"list_by_click_through"`
	// Regret is, by bandit, how many rewards in 1,000 sessions were lost beside who knows the best arm at each time.
	Regret map[string]float64 `json:"regret_per_1000"`
	// OffPolicy is, by policy, what it would have earned, and what was estimated of it.
	OffPolicy map[string]*policyFigures `json:"off_policy"`
}

type policyFigures struct {
	Truth float64 `json:"truth"`
	// IPS and Robust are the estimates, IPSError and RobustError their mean distances from the truth, IPSHeld and RobustHeld the share of worlds in which the 95 %
	// interval held the truth.
	IPS         float64 `json:"ips"`
	Robust      float64 `json:"doubly_robust"`
	IPSError    float64 `json:"ips_mean_error"`
	RobustError float64 `json:"doubly_robust_mean_error"`
	IPSHeld     float64 `json:"ips_interval_held"`
	RobustHeld  float64 `json:"doubly_robust_interval_held"`
}

func main() {
	var s settings
	kong.Parse(&s, kong.Name("simulation"))
	mean := figures{Sessions: s.Sessions, Worlds: int(s.Seeds), Regret: map[string]float64{}, OffPolicy: map[string]*policyFigures{}}
	for seed := range s.Seeds {
		judge(newWorld(seed+1), s.Sessions, 1/float64(s.Seeds), &mean)
	}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", " ")
	if err := out.Encode(mean); err != nil {
		fmt.Fprintln(os.Stderr, "simulation:", err)
		os.Exit(1)
	}
}

// judge adds a world's figures, by a share of them.
func judge(w *world, sessions int, share float64, f *figures) {
	log := w.log(sessions)
	judgeClicks(w, log, share, f)
	for name, regret := range bandits(w, sessions) {
		f.Regret[name] += share * regret
	}
	offPolicy(w, log, share, f)
}

// judgeClicks looks at the click model and at what lists it makes.
func judgeClicks(w *world, log []session, share float64, f *figures) {
	var shown, clicked [products][places]float64
	var truth, looks [products]float64
	for _, s := range log {
		for k, p := range s.shown {
			shown[p][k]++
			truth[p] += w.attracts(s.cluster, p, s.time)
			looks[p]++
			if s.clicked[k] {
				clicked[p][k]++
			}
		}
	}
	var cells []experiments.Cell
	naive := map[string]float64{}
	for p := range products {
		n, c := 0.0, 0.0
		for k := range places {
			if shown[p][k] > 0 {
				cells = append(cells, experiments.Cell{SKU: sku(p), Position: k + 1, Shown: shown[p][k], Clicked: clicked[p][k]})
			}
			n, c = n+shown[p][k], c+clicked[p][k]
		}
		naive[sku(p)] = (c + 1) / (n + 20)
	}
	model := experiments.PositionBias(cells)
	for k := range places {
		f.ExaminedError += share * math.Abs(model.Examined[k]-w.examined[k]) / places
	}
	seen := 0.0
	for p := range products {
		if looks[p] > 0 {
			seen++
		}
	}
	for p := range products {
		if looks[p] == 0 {
			continue
		}
		t := truth[p] / looks[p]
		f.AttractError += share * math.Abs(model.Attracts[sku(p)]-t) / seen
		f.NaiveError += share * math.Abs(naive[sku(p)]-t) / seen
	}
	// A list of eight for each cluster, of the products that are at home in it, judged at the end of the log.
	var byModel, byNaive, best float64
	for c := range clusters {
		byModel += w.worth(c, func(p int) float64 { return model.Attracts[sku(p)] })
		byNaive += w.worth(c, func(p int) float64 { return naive[sku(p)] })
		var mean [products]float64
		for p := range products {
			mean[p] = (w.attracts(c, p, 0) + w.attracts(c, p, 1)) / 2 // of the whole log, as the others know it
		}
		best += w.worth(c, func(p int) float64 { return mean[p] })
	}
	f.ListByModel, f.ListByNaive = f.ListByModel+share*byModel/best, f.ListByNaive+share*byNaive/best
}

// worth is how many clicks a list of eight of a cluster's own products gets in the order of the score, over the log.
func (w *world) worth(cluster int, score func(p int) float64) float64 {
	taken := map[int]bool{}
	sum := 0.0
	for k := range places {
		best := -1
		for p := range products {
			if w.home[p] == cluster && !taken[p] && (best < 0 || score(p) > score(best)) {
				best = p
			}
		}
		taken[best] = true
		sum += w.examined[k] * (w.attracts(cluster, best, 0) + w.attracts(cluster, best, 1)) / 2
	}
	return sum
}

// bandits choose one of ten arms a session, of which the best changes twice, and say what that lost.
func bandits(w *world, sessions int) map[string]float64 {
	const arms, refresh = 10, 200
	rate := func(arm int, time float64) float64 {
		r := 0.05 + 0.01*float64(arm%5)
		if arm == int(3*time)*3%arms {
			r += 0.08
		}
		return r
	}
	regret := map[string]float64{}
	for _, name := range []string{"at random", "epsilon-greedy", "Thompson"} {
		var shown, taken [arms]float64
		chances := make([]float64, arms)
		for i := range sessions {
			time := float64(i) / float64(sessions)
			if i%refresh == 0 {
				switch name {
				case "at random":
					for a := range arms {
						chances[a] = 1.0 / arms
					}
				case "epsilon-greedy":
					best := 0
					for a := range arms {
						chances[a] = 0.1 / arms
						if (taken[a]+1)/(shown[a]+20) > (taken[best]+1)/(shown[best]+20) {
							best = a
						}
					}
					chances[best] += 0.9
				case "Thompson":
					beliefs := make([]experiments.Belief, arms)
					for a := range arms {
						beliefs[a] = experiments.Belief{A: 1 + taken[a], B: 20 + shown[a] - taken[a]}
					}
					chances = experiments.Chances(beliefs, 0.1)
				}
			}
			at, arm := w.random.Float64(), arms-1
			for a := range arms {
				if at -= chances[a]; at < 0 {
					arm = a
					break
				}
			}
			best := 0.0
			for a := range arms {
				best = max(best, rate(a, time))
			}
			regret[name] += (best - rate(arm, time)) * 1000 / float64(sessions)
			shown[arm]++
			if w.random.Float64() < rate(arm, time) {
				taken[arm]++
			}
			if name == "Thompson" {
				// What is old counts less: half after 2,000 sessions.
				for a := range arms {
					shown[a], taken[a] = shown[a]*fade, taken[a]*fade
				}
			}
		}
	}
	return regret
}

var fade = math.Exp2(-1.0 / 2000)

// offPolicy judges three ways to fill the last place by the second half of the log, with a model of the first half.
func offPolicy(w *world, log []session, share float64, f *figures) {
	half := len(log) / 2
	var shown, clicked [clusters][products]float64
	all, allClicked := 0.0, 0.0
	for _, s := range log[:half] {
		for k, p := range s.shown {
			shown[s.seen][p] += w.examined[k] / w.examined[places-1]
			all += w.examined[k] / w.examined[places-1]
			if s.clicked[k] {
				clicked[s.seen][p]++
				allClicked++
			}
		}
	}
	prior := allClicked / all
	expected := func(s session, p int) float64 {
		return (clicked[s.seen][p] + 20*prior) / (shown[s.seen][p] + 20)
	}
	policies := map[string]func(s session) [reach]float64{
		"at random": func(session) (t [reach]float64) {
			for k := range reach {
				t[k] = 1.0 / reach
			}
			return t
		},
		"as ranked": func(session) (t [reach]float64) { t[0] = 1; return t },
		"by the model": func(s session) (t [reach]float64) {
			best := 0
			for k := range reach {
				if expected(s, s.candidates[k]) > expected(s, s.candidates[best]) {
					best = k
				}
			}
			t[best] = 1
			return t
		},
	}
	for name, policy := range policies {
		if f.OffPolicy[name] == nil {
			f.OffPolicy[name] = &policyFigures{}
		}
		r := f.OffPolicy[name]
		var decisions []experiments.Decision
		truth := 0.0
		for _, s := range log[half:] {
			target := policy(s)
			d := experiments.Decision{Propensity: s.chances[s.drawn], Target: target[s.drawn], Predicted: expected(s, s.shown[places-1])}
			if s.clicked[places-1] {
				d.Reward = 1
			}
			for k, p := range s.candidates {
				d.Value += target[k] * expected(s, p)
				truth += target[k] * w.examined[places-1] * w.attracts(s.cluster, p, s.time) / float64(len(log)-half)
			}
			decisions = append(decisions, d)
		}
		ips, robust := experiments.IPS(decisions), experiments.DoublyRobust(decisions)
		r.Truth += share * truth
		r.IPS, r.Robust = r.IPS+share*ips.Value, r.Robust+share*robust.Value
		r.IPSError, r.RobustError = r.IPSError+share*math.Abs(ips.Value-truth), r.RobustError+share*math.Abs(robust.Value-truth)
		if math.Abs(ips.Value-truth) < 1.96*ips.Error {
			r.IPSHeld += share
		}
		if math.Abs(robust.Value-truth) < 1.96*robust.Error {
			r.RobustHeld += share
		}
	}
}
