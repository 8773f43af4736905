package experiments

import "math"

// Belief is a Beta distribution: what is believed of a share.
type Belief struct{ A, B float64 }

// Mean is the expected share.
func (b Belief) Mean() float64 { return b.A / (b.A + b.B) }

// Chances are how likely each is to have the highest share: the choice of Thompson (1933), as a distribution instead of a
// draw from each, so that the propensity that is logged is the one that was used. least of all is shared out evenly, so
// that no propensity is near 0. P(i is best) is the integral of i's density times the others' distributions, summed up
// over a grid that is finer where shares are small.
func Chances(arms []Belief, least float64) []float64 {
	const points = 768
	var took, left, width [points]float64 // the logarithms of x and 1-x
	for k := range points {
		u, step := (float64(k)+0.5)/points, 0.5/points
		took[k], left[k], width[k] = math.Log(u*u), math.Log1p(-u*u), (u+step)*(u+step)-(u-step)*(u-step)
	}
	mass := make([][points]float64, len(arms))
	below := make([][points]float64, len(arms))
	for i, arm := range arms {
		top := math.Inf(-1)
		for k := range points {
			mass[i][k] = (arm.A-1)*took[k] + (arm.B-1)*left[k]
			top = max(top, mass[i][k])
		}
		sum := 0.0
		for k := range points {
			mass[i][k] = math.Exp(mass[i][k]-top) * width[k]
			sum += mass[i][k]
		}
		under := 0.0
		for k := range points {
			mass[i][k] /= sum
			below[i][k] = under + mass[i][k]/2
			under += mass[i][k]
		}
	}
	odds, sum := make([]float64, len(arms)), 0.0
	for i := range arms {
		for k := range points {
			p := mass[i][k]
			for j := range arms {
				if j != i {
					p *= below[j][k]
				}
			}
			odds[i] += p
		}
		sum += odds[i]
	}
	for i := range odds {
		odds[i] = (1-least)*odds[i]/sum + least/float64(len(odds))
	}
	return odds
}
