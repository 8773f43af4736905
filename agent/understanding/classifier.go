package understanding

import "math"

// classifier is multinomial logistic regression over a vector and a set of hashed features.
type classifier struct {
	classes int
	bias    []float32
	// dense holds a row of weights for each number of the vector.
	dense [][]float32
	// sparse holds the weights of each feature by its hash.
	sparse map[uint32][]float32
}

// denseScale brings the vector, of length one, to the size of the other features.
const denseScale = 4

// probabilities are those of each class; they add up to one.
func (c *classifier) probabilities(vector []float32, features []uint32) []float64 {
	scores := make([]float64, c.classes)
	for k := range scores {
		scores[k] = float64(c.bias[k])
	}
	for i, v := range vector {
		if i < len(c.dense) {
			for k, w := range c.dense[i] {
				scores[k] += float64(v) * denseScale * float64(w)
			}
		}
	}
	for _, f := range features {
		for k, w := range c.sparse[f] {
			scores[k] += float64(w)
		}
	}
	return softmax(scores)
}

func softmax(scores []float64) []float64 {
	top := math.Inf(-1)
	for _, s := range scores {
		top = max(top, s)
	}
	total := 0.0
	for k, s := range scores {
		scores[k] = math.Exp(s - top)
		total += scores[k]
	}
	for k := range scores {
		scores[k] /= total
	}
	return scores
}

func argmax(p []float64) int {
	best := 0
	for k := range p {
		if p[k] > p[best] {
			best = k
		}
	}
	return best
}
