package experiments

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

func TestAssignmentIsStableEvenAndDoesNotFollowOtherExperiments(t *testing.T) {
	counts, both := make([]int, 3), map[[2]int]int{}
	shares := []float64{0.5, 0.3, 0.2}
	for n := range 20_000 {
		unit := fmt.Sprint("customer-", n)
		arm := assign("first", unit, shares)
		if assign("first", unit, shares) != arm {
			t.Fatal("another arm at the second look")
		}
		counts[arm]++
		both[[2]int{arm, assign("second", unit, []float64{0.5, 0.5})}]++
	}
	if p := SampleRatio(counts, shares); p < 0.001 {
		t.Errorf("%v, p %v", counts, p)
	}
	for i := range shares {
		if p := SampleRatio([]int{both[[2]int{i, 0}], both[[2]int{i, 1}]}, []float64{0.5, 0.5}); p < 0.001 {
			t.Errorf("the second experiment follows the first: %v", both)
		}
	}
}

func TestTeamDraftIsFairAndRepeatsNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	first := [2]int{}
	for range 2000 {
		a, b := []string{"p", "q", "r", "s"}, []string{"q", "t", "p"}
		list, teams := TeamDraft(random, a, b)
		sorted := slices.Clone(list)
		slices.Sort(sorted)
		if !slices.Equal(sorted, []string{"p", "q", "r", "s", "t"}) {
			t.Fatalf("%v", list)
		}
		if drafted := teams[0] + teams[1] + teams[2] + teams[3]; drafted != 2 {
			t.Fatalf("of the first four, %d are the second's: %v %v", drafted, list, teams)
		}
		first[teams[0]]++
	}
	if p := SampleRatio(first[:], []float64{0.5, 0.5}); p < 0.001 {
		t.Errorf("who drafts first is no fair chance: %v", first)
	}
}

// TestChancesAreThoseOfDrawing compares with drawing from each belief 200,000 times.
func TestChancesAreThoseOfDrawing(t *testing.T) {
	source := rand.NewPCG(3, 4)
	for _, arms := range [][]Belief{
		{{1, 1}, {1, 1}},
		{{2, 40}, {5, 60}, {1, 20}},
		{{50, 950}, {60, 940}, {3, 30}, {1, 99}},
		{{700, 300}, {690, 310}, {20, 10}},
	} {
		want := make([]float64, len(arms))
		const draws = 200_000
		for range draws {
			best, at := -1.0, 0
			for i, a := range arms {
				if x := (distuv.Beta{Alpha: a.A, Beta: a.B, Src: source}).Rand(); x > best {
					best, at = x, i
				}
			}
			want[at] += 1.0 / draws
		}
		sum := 0.0
		for i, p := range Chances(arms, 0) {
			sum += p
			if math.Abs(p-want[i]) > 0.006 {
				t.Errorf("%v: arm %d has %.4f, by drawing %.4f", arms, i, p, want[i])
			}
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("chances sum up to %v", sum)
		}
		if least := slices.Min(Chances(arms, 0.1)); least < 0.1/float64(len(arms)) {
			t.Errorf("the least chance is %v", least)
		}
	}
}

// TestLookingOftenFindsNoDifferenceWhereThereIsNone looks 100 times at each of 1,000 experiments without a difference, and at
// as many with one.
func TestLookingOftenFindsNoDifferenceWhereThereIsNone(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	found := func(control, treatment float64) (sequential, naive, missed float64) {
		const experiments, looks, between = 1000, 100, 100
		for range experiments {
			var n, a, b float64
			any, anyNaive, out := false, false, false
			for range looks {
				for range between {
					n++
					if random.Float64() < control {
						a++
					}
					if random.Float64() < treatment {
						b++
					}
				}
				of := func(k float64) Sample { return Sample{int(n), k / n, k / n * (1 - k/n) * n / (n - 1)} }
				v := Sequential(of(a), of(b), expectedShare)
				any = any || v.P < alpha
				out = out || v.Known && (v.Low > treatment-control || v.High < treatment-control)
				if z := (b - a) / n / math.Sqrt((of(a).Variance+of(b).Variance)/n); math.Abs(z) > 1.96 {
					anyNaive = true
				}
			}
			for into, happened := range map[*float64]bool{&sequential: any, &naive: anyNaive, &missed: out} {
				if happened {
					*into += 1.0 / experiments
				}
			}
		}
		return sequential, naive, missed
	}
	sequential, naive, missed := found(0.1, 0.1)
	t.Logf("without a difference: found in %.3f, by an ordinary test in %.3f; intervals missed the truth in %.3f", sequential, naive, missed)
	if sequential > alpha || naive < 0.2 || missed > alpha {
		t.Errorf("a difference was found in %.3f", sequential)
	}
	sequential, _, missed = found(0.1, 0.12)
	t.Logf("with two points of difference: found in %.3f; intervals missed the truth in %.3f", sequential, missed)
	if sequential < 0.8 || missed > alpha {
		t.Errorf("with a difference: found in %.3f, intervals missed it in %.3f", sequential, missed)
	}
	if v := Sequential(Sample{99, 0.1, 0.09}, Sample{5000, 0.9, 0.09}, expectedShare); v.Known || v.P != 1 {
		t.Errorf("of 99 customers it says %+v", v)
	}
}

func TestSampleRatioIsTheChiSquaredTest(t *testing.T) {
	// 10,200 units: 5,000 and 5,200, so chi squared is 3.9216 with one degree of freedom.
	if p := SampleRatio([]int{5000, 5200}, []float64{0.5, 0.5}); math.Abs(p-0.04767) > 1e-4 {
		t.Errorf("p %v", p)
	}
	if p := SampleRatio([]int{50_000, 51_500}, []float64{0.5, 0.5}); p > broken {
		t.Errorf("a broken assignment has p %v", p)
	}
	if p := SampleRatio([]int{0, 0}, []float64{0.5, 0.5}); p != 1 {
		t.Errorf("of nothing %v", p)
	}
}

// TestAnotherPolicyIsJudgedByTheLog has two contexts and two actions, logged by a policy that prefers the worse action.
func TestAnotherPolicyIsJudgedByTheLog(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	rewards := [2][2]float64{{0.1, 0.5}, {0.4, 0.2}}
	const truth = (0.5 + 0.4) / 2 // the other policy takes the better action of each context
	for name, model := range map[string][2][2]float64{"a right model": rewards, "a wrong model": {{0.9, 0.1}, {0, 0.9}}} {
		var log []Decision
		naive := 0.0
		const n = 20_000
		for range n {
			x, a, p := random.IntN(2), 0, 0.8
			if random.Float64() > 0.8 {
				a, p = 1, 0.2
			}
			if x == 1 {
				a = 1 - a
			}
			d := Decision{Propensity: p, Predicted: model[x][a], Value: model[x][1-x]}
			if a == 1-x {
				d.Target = 1
			}
			if random.Float64() < rewards[x][a] {
				d.Reward = 1
			}
			naive += d.Reward / n
			log = append(log, d)
		}
		ips, robust := IPS(log), DoublyRobust(log)
		t.Logf("%s: truth %.3f, logged %.3f, IPS %.3f ± %.3f, doubly robust %.3f ± %.3f", name, truth, naive, ips.Value, ips.Error, robust.Value, robust.Error)
		if math.Abs(naive-truth) < 0.1 || math.Abs(ips.Value-truth) > 3*ips.Error || math.Abs(robust.Value-truth) > 3*robust.Error || ips.Error > 0.02 {
			t.Errorf("%s: truth %.3f, logged %.3f, IPS %+v, doubly robust %+v", name, truth, naive, ips, robust)
		}
		if right := name == "a right model"; right && robust.Error >= ips.Error {
			t.Errorf("a right model makes it no more certain: %v, %v", robust.Error, ips.Error)
		}
	}
}

// TestTheClickModelTellsPlaceAndProductApart shows the better products further up, as a ranker does.
func TestTheClickModelTellsPlaceAndProductApart(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	examined := []float64{1, 0.7, 0.5, 0.35, 0.25, 0.2}
	attracts := map[string]float64{}
	shown, clicked := map[string]map[int]float64{}, map[string]map[int]float64{}
	var skus []string
	for i := range 40 {
		sku := fmt.Sprint("p", i)
		skus, attracts[sku] = append(skus, sku), 0.05+0.4*float64(i)/40
		shown[sku], clicked[sku] = map[int]float64{}, map[int]float64{}
	}
	for range 40_000 {
		list := make([]string, 0, 6)
		for _, i := range random.Perm(40)[:6] {
			list = append(list, skus[i])
		}
		noise := map[string]float64{}
		for _, sku := range list {
			noise[sku] = attracts[sku] + 0.15*random.NormFloat64()
		}
		slices.SortFunc(list, func(a, b string) int { return int(math.Copysign(1, noise[b]-noise[a])) })
		for k, sku := range list {
			shown[sku][k+1]++
			if random.Float64() < examined[k]*attracts[sku] {
				clicked[sku][k+1]++
			}
		}
	}
	var cells []Cell
	naive := map[string]float64{}
	for _, sku := range skus {
		var n, k float64
		for place := 1; place <= 6; place++ {
			cells = append(cells, Cell{sku, place, shown[sku][place], clicked[sku][place]})
			n, k = n+shown[sku][place], k+clicked[sku][place]
		}
		naive[sku] = k / n
	}
	model := PositionBias(cells)
	t.Logf("looked at %.3f, truth %v", model.Examined, examined)
	for k, want := range examined {
		if math.Abs(model.Examined[k]-want) > 0.05 {
			t.Errorf("place %d is looked at %.3f, truth %.3f", k+1, model.Examined[k], want)
		}
	}
	off := func(of map[string]float64) (sum float64) {
		for _, sku := range skus {
			sum += math.Abs(of[sku]-attracts[sku]) / float64(len(skus))
		}
		return sum
	}
	t.Logf("attraction is off by %.3f, plain click-through by %.3f", off(model.Attracts), off(naive))
	if off(model.Attracts) > 0.02 || off(model.Attracts) > off(naive)/3 {
		t.Errorf("attraction is off by %.3f, plain click-through by %.3f", off(model.Attracts), off(naive))
	}
}
