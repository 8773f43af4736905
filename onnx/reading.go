package onnx

import (
	"encoding/binary"
	"math"
	"slices"
)

// A ranker that reads query and product apart from each other compares the two at the end (late interaction: ColBERT,
// Khattab and Zaharia, SIGIR 2020). So a product is read once for all queries.

// apart is the part of config.json that says how readings are compared; training/apart.py writes it. The logit is the sum
// of the comparisons by their weights, and the bias.
type apart struct {
	// Tensor names the value inside the graph that holds the token vectors, [batch, sequence, Width].
	Tensor  string `json:"tensor"`
	Width   int    `json:"width"`
	Weights struct {
		// Whole: the cosine of the mean token vectors.
		Whole float64 `json:"whole"`
		// Near: for each token of the query the cosine of the nearest one of the product, on average.
		Near float64 `json:"near"`
		// Stands: the share of the query's tokens that stand in the product.
		Stands float64 `json:"stands"`
	} `json:"weights"`
	Bias float64 `json:"bias"`
}

// querySpace is how many tokens of the limit a product leaves to [CLS] and the query, as most queries need; where
// both are read together the longer of them gives way instead.
const querySpace = 4

// reading is what the model makes of one text.
type reading struct {
	ids []int32
	// tokens holds a vector of length one for each token, times fixed.
	tokens []int16
	// mean is the direction of the mean token vector, of length one.
	mean []float32
}

// fixed is 1 as a fixed-point number. Sums of products of two vectors of length one stay within int32 by Cauchy and
// Schwarz.
const fixed = math.MaxInt16

// newReading keeps the token vectors of one text, [tokens, width] in a row.
func newReading(ids []int32, hidden []float32, width int) (*reading, error) {
	r := &reading{ids: ids, tokens: make([]int16, len(hidden))}
	for from := 0; from < len(hidden); from += width {
		token := hidden[from : from+width]
		var squares float64
		for _, v := range token {
			squares += float64(v) * float64(v)
		}
		if squares == 0 || !finite(token) {
			return nil, ErrNotFinite
		}
		scale := fixed / math.Sqrt(squares)
		for i, v := range token {
			r.tokens[from+i] = int16(math.RoundToEven(float64(v) * scale))
		}
	}
	var err error
	r.mean, err = pooled(hidden, width)
	return r, err
}

// size is how many bytes it takes, about.
func (r *reading) size() int { return 4*len(r.ids) + 2*len(r.tokens) + 4*len(r.mean) }

// logit compares a query with a product.
func (a *apart) logit(query, product *reading) float64 {
	var whole float64
	for i, v := range query.mean {
		whole += float64(v) * float64(product.mean[i])
	}
	logit := a.Bias + a.Weights.Whole*whole
	words := len(query.ids) - 1 // [CLS] is no word
	if words < 1 {
		return logit
	}
	var near, stands float64
	for i := 1; i <= words; i++ {
		best, there := int32(-fixed*fixed), 0.0
		token := query.tokens[i*a.Width : (i+1)*a.Width]
		for j, id := range product.ids {
			best = max(best, dotFixed(token, product.tokens[j*a.Width:(j+1)*a.Width]))
			if id == query.ids[i] {
				there = 1
			}
		}
		near, stands = near+float64(best)/(fixed*fixed), stands+there
	}
	return logit + (a.Weights.Near*near+a.Weights.Stands*stands)/float64(words)
}

// dotFixed is the product of two vectors of one length, in four sums that don't wait for each other.
func dotFixed(a, b []int16) int32 {
	var s0, s1, s2, s3 int32
	b = b[:len(a)]
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += int32(a[i]) * int32(b[i])
		s1 += int32(a[i+1]) * int32(b[i+1])
		s2 += int32(a[i+2]) * int32(b[i+2])
		s3 += int32(a[i+3]) * int32(b[i+3])
	}
	for ; i < len(a); i++ {
		s0 += int32(a[i]) * int32(b[i])
	}
	return s0 + s1 + s2 + s3
}

// withOutput makes a value inside a graph an output of it as well. In protobuf's encoding a message that stands twice is
// merged, so what is appended is a ModelProto that holds a graph (field 7) with one output (field 12) of a name and a type.
func withOutput(model []byte, tensor string) []byte {
	field := func(number byte, data []byte) []byte {
		return append(binary.AppendUvarint([]byte{number<<3 | 2}, uint64(len(data))), data...)
	}
	float := []byte{1 << 3, 1} // TensorProto.FLOAT
	value := append(field(1, []byte(tensor)), field(2, field(1, float))...)
	return append(slices.Clip(model), field(7, field(12, value))...)
}
