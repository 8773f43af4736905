package understanding

import (
	"bytes"
	"context"
	"crypto/sha256"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"floorwalker/onnx/onnxtest"
	"floorwalker/shop"
)

var update = flag.Bool("update", false, "learn the models anew and write them")

// Sizes of the learning. variants is how many examples are made of each exemplar.
const (
	variants     = 4
	tagVariants  = 8
	tagRounds    = 8
	learnRounds  = 25
	learningRate = 0.15
	// decay pulls the weights of the vector and of the words to zero.
	denseDecay, sparseDecay = 1e-5, 2e-5
	// version changes when features or learning change.
	version = "2"
)

// languages and the models that embed them.
var languages = []struct {
	lang  shop.Lang
	model string
}{{shop.English, "all-minilm-l6-v2"}, {shop.Chinese, "bge-small-zh-v1.5"}}

// TestModelsAreCurrent checks that the committed models were learned from the present exemplars. With -update it
// learns them anew.
func TestModelsAreCurrent(t *testing.T) {
	for _, l := range languages {
		exemplars, file, err := readExemplars(l.lang)
		if err != nil {
			t.Fatal(err)
		}
		print := sha256.Sum256([]byte(version + l.model + file))
		if *update {
			m := learn(t, l.lang, exemplars, onnxtest.Embedder(t, l.model))
			m.learned = print
			var b bytes.Buffer
			if err := m.write(&b); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join("learned", string(l.lang)+".bin"), b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: %d exemplars, %d tagger and %d classifier features, %d KiB", l.lang, len(exemplars), len(m.tagger.weights), len(m.intents.sparse), b.Len()/1024)
			continue
		}
		m, err := loadModel(l.lang)
		if err != nil {
			t.Fatal(err)
		}
		if m.learned != print {
			t.Errorf("exemplars/%s.txt changed after its model was learned: run go generate ./agent/understanding", l.lang)
		}
	}
}

func learn(t *testing.T, lang shop.Lang, exemplars []exemplar, embed Embedder) *model {
	t.Helper()
	w := newWords(shop.Vocabulary{})
	m := &model{}
	m.tagger = learnTagger(newMaker(lang).examples(exemplars, tagVariants), w)
	examples := newMaker(lang).examples(exemplars, variants)
	if lang == shop.English {
		examples = append(examples, publicExamples(t)...)
	}
	vectors := embedAll(t, embed, lang, examples)
	var intents, topics []sample
	for i, x := range examples {
		s := see(x.utterance, w, m)
		features := s.features()
		intents = append(intents, sample{vectors[i], features, slices.Index(intentOrder, x.intent), x.weight})
		if x.intent == shop.IntentFAQ && !x.public {
			topics = append(topics, sample{vectors[i], features, slices.Index(topicOrder, x.topic), x.weight})
		}
	}
	m.intents = learnClassifier(intents, len(intentOrder))
	m.topics = learnClassifier(topics, len(topicOrder))
	return m
}

// embedAll embeds the examples; a cache beside the test's temporary files spares repeated work while tuning.
func embedAll(t *testing.T, embed Embedder, lang shop.Lang, examples []example) [][]float32 {
	t.Helper()
	cache := openVectors(t, lang)
	vectors := make([][]float32, len(examples))
	for i, x := range examples {
		text := embedText(read(x.utterance).full)
		if v, ok := cache.vectors[text]; ok {
			vectors[i] = v
			continue
		}
		got, err := embed.Embed(context.Background(), []string{text})
		if err != nil {
			t.Fatal(err)
		}
		vectors[i] = got[0]
		cache.vectors[text] = got[0]
	}
	cache.save(t)
	return vectors
}

// learnTagger runs the averaged structured perceptron.
func learnTagger(examples []example, w *words) tagger {
	type sequence struct {
		tokens []token
		gold   []tag
	}
	rnd := rand.New(rand.NewPCG(3, 5))
	var all []sequence
	for _, x := range examples {
		r := read(x.utterance)
		r.orderNumber()
		r.prices()
		r.sort()
		r.positions()
		r.size()
		tokens := r.tokens(w)
		gold := goldTags(r, tokens, x.pieces)
		if x.weaken {
			for i := range tokens {
				if gold[i] != tagNone && rnd.Float64() < 0.7 {
					tokens[i].is &^= isNoun | isHead | isDescribing | isBrand | isOrdinary
				}
			}
		}
		all = append(all, sequence{tokens, gold})
	}
	weights := map[uint32]*[tagCount]float64{}
	sums := map[uint32]*[tagCount]float64{}
	m := tagger{weights: map[uint32]*[tagCount]float32{}}
	step := 1.0
	change := func(f uint32, t tag, by float64) {
		row, sum := weights[f], sums[f]
		if row == nil {
			row, sum = &[tagCount]float64{}, &[tagCount]float64{}
			weights[f], sums[f] = row, sum
			m.weights[f] = &[tagCount]float32{}
		}
		row[t] += by
		sum[t] += by * step
		m.weights[f][t] = float32(row[t])
	}
	for range tagRounds {
		for _, i := range rnd.Perm(len(all)) {
			x := all[i]
			got := m.tags(x.tokens)
			if !slices.Equal(got, x.gold) {
				features := tagFeatures(x.tokens)
				before, beforeGot := tagNone, tagNone
				for j := range x.tokens {
					if got[j] != x.gold[j] {
						for _, f := range features[j] {
							change(f, x.gold[j], 1)
							change(f, got[j], -1)
						}
					}
					if got[j] != x.gold[j] || before != beforeGot {
						for _, f := range stepFeatures(before, x.tokens, j) {
							change(f, x.gold[j], 1)
						}
						for _, f := range stepFeatures(beforeGot, x.tokens, j) {
							change(f, got[j], -1)
						}
					}
					before, beforeGot = x.gold[j], got[j]
				}
			}
			step++
		}
	}
	averaged := tagger{weights: map[uint32]*[tagCount]float32{}}
	for f, row := range weights {
		var mean [tagCount]float32
		keep := false
		for t := range row {
			mean[t] = float32(row[t] - sums[f][t]/step)
			keep = keep || math.Abs(float64(mean[t])) > 0.05
		}
		if keep {
			averaged.weights[f] = &mean
		}
	}
	return averaged
}

// goldTags lays the marked pieces over the tokens.
func goldTags(r *reading, tokens []token, pieces []piece) []tag {
	gold := make([]tag, len(tokens))
	at := 0
	for _, p := range pieces {
		text := read(shop.Utterance{Text: p.text}).full
		if text == "" || p.tag == tagNone && len(strings.TrimSpace(text)) == 0 {
			continue
		}
		i := strings.Index(r.full[at:], text)
		if i < 0 {
			continue
		}
		from, to := at+i, at+i+len(text)
		at = to
		if p.tag == tagNone {
			continue
		}
		for j, t := range tokens {
			if t.as == 0 && t.from < to && t.to > from {
				gold[j] = p.tag
			}
		}
	}
	return gold
}

type sample struct {
	vector   []float32
	features []uint32
	class    int
	weight   float64
}

// learnClassifier fits multinomial logistic regression by AdaGrad. Features of one sample alone are left out.
func learnClassifier(samples []sample, classes int) classifier {
	seen := map[uint32]int{}
	perClass := make([]float64, classes)
	for _, s := range samples {
		perClass[s.class] += s.weight
		for _, f := range s.features {
			seen[f]++
		}
	}
	mean := 0.0
	for _, n := range perClass {
		mean += n / float64(classes)
	}
	width := len(samples[0].vector)
	type cell struct{ w, g float64 }
	row := func() []cell { return make([]cell, classes) }
	bias := row()
	dense := make([][]cell, width)
	for i := range dense {
		dense[i] = row()
	}
	sparse := map[uint32][]cell{}
	for f, n := range seen {
		if n > 1 {
			sparse[f] = row()
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	scores := make([]float64, classes)
	for range learnRounds {
		for _, i := range rnd.Perm(len(samples)) {
			s := samples[i]
			for k := range scores {
				scores[k] = bias[k].w
			}
			for d, v := range s.vector {
				for k := range scores {
					scores[k] += float64(v) * denseScale * dense[d][k].w
				}
			}
			for _, f := range s.features {
				for k, c := range sparse[f] {
					scores[k] += c.w
				}
			}
			p := softmax(scores)
			// Rare intents count a little more, common ones a little less.
			weight := math.Sqrt(mean / perClass[s.class])
			move := func(c *cell, gradient, decay float64) {
				gradient += decay * c.w
				c.g += gradient * gradient
				c.w -= learningRate * gradient / (math.Sqrt(c.g) + 1e-6)
			}
			for k := range p {
				g := p[k]
				if k == s.class {
					g--
				}
				g *= weight
				if math.Abs(g) < 1e-4 {
					continue
				}
				move(&bias[k], g, 0)
				for d, v := range s.vector {
					move(&dense[d][k], g*float64(v)*denseScale, denseDecay)
				}
				for _, f := range s.features {
					if cells := sparse[f]; cells != nil {
						move(&cells[k], g, sparseDecay)
					}
				}
			}
		}
	}
	plain := func(cells []cell) []float32 {
		row := make([]float32, classes)
		for k, c := range cells {
			row[k] = float32(c.w)
		}
		return row
	}
	c := classifier{classes: classes, bias: plain(bias), sparse: map[uint32][]float32{}}
	for _, cells := range dense {
		c.dense = append(c.dense, plain(cells))
	}
	for f, cells := range sparse {
		row := plain(cells)
		top := 0.0
		for _, v := range row {
			top = max(top, math.Abs(float64(v)))
		}
		if top > 0.05 {
			c.sparse[f] = row
		}
	}
	return c
}
