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
	parse, _, err := l.weigh(ctx, u)
	return parse, err
}

// embedded is how many characters of an utterance are embedded: what is meant is said early.
const embedded = 160

// weigh parses and returns the probability of each intent too.
func (l *Local) weigh(ctx context.Context, u shop.Utterance) (shop.Parse, []float64, error) {
	lang := read(shop.Utterance{Text: u.Text}).lang
	m := l.models[lang]
	s := see(u, l.words.p.Load(), m)
	var vector []float32
	if text := embedText(s.r.full); text != "" {
		vectors, err := l.embed[lang].Embed(ctx, []string{text})
		if err != nil {
			return shop.Parse{}, nil, fmt.Errorf("embed the utterance: %w", err)
		}
		vector = vectors[0]
	}
	features := s.features()
	p := m.intents.probabilities(vector, features)
	best := argmax(p)
	if certain := s.certain(); certain != "" {
		best = slices.Index(intentOrder, certain)
		p[best] = max(p[best], certainty)
	}
	intent := intentOrder[best]
	if intent == shop.IntentRefine && len(u.Shown) == 0 && s.knownNoun() && !s.mentioned(s.product()) {
		intent = shop.IntentSearch // there is nothing on the screen that a new kind of thing could refine
	}
	if (intent == shop.IntentFAQ || intent == shop.IntentOutOfScope) && len(s.topics) == 0 && s.speaksOfKind() && s.r.has(doYouSell) {
		intent = shop.IntentSearch
	}
	if intent == shop.IntentOutOfScope && p[best] < unsure && s.beginsWithKind() {
		intent = shop.IntentSearch
	}
	topic := ""
	if intent == shop.IntentFAQ {
		topic = topicOrder[argmax(m.topics.probabilities(vector, features))]
	}
	slots := s.finish(intent, topic)
	return shop.Parse{Intent: intent, Slots: slots, Lang: lang, Confidence: p[best], Parser: "local"}, p, nil
}

// unsure is the belief under which an utterance that begins with the name of a thing is a search for it.
const unsure = 0.7

// embedText is the part of an utterance that is embedded.
func embedText(full string) string {
	if runes := []rune(full); len(runes) > embedded {
		return string(runes[:embedded])
	}
	return full
}

// as reads the utterance's slots for an intent that the model chose.
func (l *Local) as(u shop.Utterance, chosen shop.Parse) shop.Parse {
	s := see(u, l.words.p.Load(), l.models[chosen.Lang])
	chosen.Slots = s.finish(chosen.Intent, chosen.Slots.Topic)
	return chosen
}
