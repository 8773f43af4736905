package understanding

import (
	"context"
	"fmt"
	"slices"

	"floorwalker/shop"
)

// Embedder turns texts of its language into vectors of length one.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// Local parses without a language model: rules read amounts, sizes, positions and orders; a tagger finds the words
// for the product and its properties; a classifier over the embedding, the words and the state of the
// conversation decides the intent. It is safe for concurrent use.
type Local struct {
	embed  map[shop.Lang]Embedder
	models map[shop.Lang]*model
	words  current
}

// NewLocal reads the models that were learned from the exemplars.
func NewLocal(_ context.Context, english, chinese Embedder) (*Local, error) {
	l := &Local{embed: map[shop.Lang]Embedder{shop.English: english, shop.Chinese: chinese}, models: map[shop.Lang]*model{}}
	for lang := range l.embed {
		m, err := loadModel(lang)
		if err != nil {
			return nil, err
		}
		l.models[lang] = m
	}
	l.SetVocabulary(shop.Vocabulary{})
	return l, nil
}

// SetVocabulary gives the parser the catalogue's own words; parses under way finish with the old ones.
func (l *Local) SetVocabulary(v shop.Vocabulary) { l.words.p.Store(newWords(v)) }

// Mend is a product's name with its misspelled words mended by what the catalogue and the language call things. Slots
// hold what was said; a search is better served by what was meant.
func (l *Local) Mend(product string) string { return l.words.p.Load().speller.MendPhrase(product) }

// Parse fails only where the embedder fails or ctx ends.
func (l *Local) Parse(ctx context.Context, u shop.Utterance) (shop.Parse, error) {
	w, err := l.weigh(ctx, u)
	if err != nil {
		return shop.Parse{}, err
	}
	return w.parse(argmax(w.beliefs)), nil
}

// embedded is how many characters of an utterance are embedded: what is meant is said early.
const embedded = 160

// weighed is an utterance that was read, before its intent is chosen.
type weighed struct {
	*scene
	model    *model
	vector   []float32
	features []uint32
	// beliefs are the probabilities of the intents, in the order of intentOrder.
	beliefs []float64
}

func (l *Local) weigh(ctx context.Context, u shop.Utterance) (weighed, error) {
	lang := read(shop.Utterance{Text: u.Text}).lang
	w := weighed{model: l.models[lang]}
	w.scene = see(u, l.words.p.Load(), w.model)
	if text := embedText(w.r.full); text != "" {
		vectors, err := l.embed[lang].Embed(ctx, []string{text})
		if err != nil {
			return w, fmt.Errorf("embed the utterance: %w", err)
		}
		w.vector = vectors[0]
	}
	w.features = w.scene.features()
	w.beliefs = w.model.intents.probabilities(w.vector, w.features)
	if certain := w.certain(); certain != "" {
		atLeast(w.beliefs, slices.Index(intentOrder, certain), certainty)
	}
	return w, nil
}

// atLeast raises one of the probabilities to p; the others share the rest as before.
func atLeast(beliefs []float64, at int, p float64) {
	had := beliefs[at]
	if had >= p {
		return
	}
	for i := range beliefs {
		beliefs[i] *= (1 - p) / (1 - had)
	}
	beliefs[at] = p
}

// parse reads the slots for the chosen intent; it is called once.
func (w weighed) parse(best int) shop.Parse {
	intent := intentOrder[best]
	if (intent == shop.IntentFAQ || intent == shop.IntentOutOfScope) && len(w.topics) == 0 && w.speaksOfKind() && w.r.has(doYouSell) {
		intent = shop.IntentSearch
	}
	model := ""
	if intent == shop.IntentOutOfScope {
		model = w.modelName()
		switch {
		case model != "" || w.beliefs[best] < unsure && w.beginsWithKind():
			intent = shop.IntentSearch
		case w.beliefs[best] < unsure && w.r.lang == shop.English:
			best = w.withinScope()
			intent = intentOrder[best]
		}
	}
	if intent == shop.IntentRefine && len(w.r.shown) == 0 && w.knownNoun() && !w.mentioned(w.product()) {
		intent = shop.IntentSearch // there is nothing on the screen that a new kind of thing could refine
	}
	topic := ""
	if intent == shop.IntentFAQ {
		topic = topicOrder[argmax(w.model.topics.probabilities(w.vector, w.features))]
	}
	p := shop.Parse{Intent: intent, Slots: w.finish(intent, topic), Lang: w.r.lang, Confidence: w.beliefs[best], Parser: "local"}
	if model != "" && p.Slots.Brand == "" {
		p.Slots.Product = model
	}
	switch intent {
	case shop.IntentSearch, shop.IntentRefine, shop.IntentRecommend:
		p.Others = w.others(p.Slots)
	}
	return p
}

// unsure is the belief in out of scope under which nobody is turned away: the likeliest intent of a shop's is taken, in Chinese
// only search, for what begins with the name of a thing. On CLINC's validation part, which is English, that finds 0.90 of what
// CLINC calls out of scope instead of 0.94, and refuses a third less of a shop's business.
const unsure = 0.7

// withinScope is the likeliest intent that is not out of scope.
func (w weighed) withinScope() int {
	beliefs := slices.Clone(w.beliefs)
	beliefs[slices.Index(intentOrder, shop.IntentOutOfScope)] = 0
	return argmax(beliefs)
}

// embedText is the part of an utterance that is embedded.
func embedText(full string) string {
	if runes := []rune(full); len(runes) > embedded {
		return string(runes[:embedded])
	}
	return full
}
