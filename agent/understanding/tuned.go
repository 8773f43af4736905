package understanding

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"floorwalker/agent/llm"
	"floorwalker/lexicon"
	"floorwalker/shop"
)

// Template lays out the adapted model's prompt: what it is given, and nothing else.
const Template = "{{ range .Messages }}{{ .Content }}{{ end }}"

// Tuned is a small model that was trained to parse (training/parser_train.py): it needs neither instructions nor examples
// nor a schema, and answers in a few tokens. It reads English.
type Tuned interface {
	Up() bool
	// Short goes on from a prompt by a few tokens.
	Short(ctx context.Context, prompt string, tokens int) (string, error)
	// First tells the probabilities of the tokens that may come first after a prompt.
	First(ctx context.Context, prompt string) (map[string]float64, error)
}

// intentWords are the words, of one token each, by which the tuned model names intents.
// training/parser_text.py has the same; training/parser_texts.jsonl holds both to them.
var intentWords = map[string]shop.Intent{
	" search": shop.IntentSearch, " change": shop.IntentRefine, " advice": shop.IntentRecommend, " compare": shop.IntentCompare,
	" question": shop.IntentProductQuestion, " add": shop.IntentAddToCart, " remove": shop.IntentRemoveFromCart, " cart": shop.IntentViewCart,
	" checkout": shop.IntentCheckout, " order": shop.IntentOrderStatus, " return": shop.IntentReturnRefund, " policy": shop.IntentFAQ,
	" complaint": shop.IntentComplaint, " person": shop.IntentHandoff, " hello": shop.IntentGreeting, " thanks": shop.IntentThanks,
	" goodbye": shop.IntentGoodbye, " other": shop.IntentOutOfScope,
}

// How much of the conversation the tuned model reads: titles, and characters of each part.
const (
	tunedTitles = 4
	tunedTitle  = 16
	tunedBefore = 40
	tunedSaid   = 300
)

// tunedTokens bounds what the tuned model writes.
const tunedTokens = 48

// tunedPrompt is what the tuned model reads of an utterance: so little that there is no beginning worth keeping in a cache.
func tunedPrompt(r *reading) string {
	cut := func(text string, n int) string {
		return strings.TrimSpace(first(strings.Join(strings.Fields(text), " "), n))
	}
	var b strings.Builder
	for i, s := range r.shown[:min(len(r.shown), tunedTitles)] {
		lead := ", "
		if i == 0 {
			lead = "Seen: "
		}
		fmt.Fprintf(&b, "%s%d %s", lead, i+1, cut(s.Title, tunedTitle))
	}
	if len(r.shown) > 0 {
		b.WriteString("\n")
	}
	if n := len(r.history); n > 0 {
		b.WriteString("Before: " + cut(r.history[n-1], tunedBefore) + "\n")
	}
	b.WriteString("Said: " + cut(r.original, tunedSaid) + "\nMeans:")
	return b.String()
}

// tunedReply reads what the tuned model wrote, as in " search|p boots|c black"; false where it names no intent.
func tunedReply(text string) (reply, bool) {
	parts := strings.Split(text, "|")
	intent, ok := intentWords[strings.TrimRight(parts[0], "\n")]
	if !ok {
		return reply{}, false
	}
	m := reply{Intent: string(intent)}
	for _, part := range parts[1:] {
		mark, said, _ := strings.Cut(part, " ")
		said = strings.TrimSpace(said)
		slot := map[string]*string{"p": &m.Product, "b": &m.Brand, "c": &m.Color, "m": &m.Material, "t": &m.Topic}[mark]
		switch {
		case slot != nil && *slot == "":
			*slot = said
		case mark == "a":
			m.Audience, _ = lexicon.Audience(strings.ToLower(said))
		case mark == "x":
			m.Exclude = append(m.Exclude, said)
		}
	}
	return m, true
}

// askTuned has the tuned model parse.
func (l *LLM) askTuned(ctx context.Context, r *reading) (reply, error) {
	text, err := l.tuned.Short(ctx, tunedPrompt(r), tunedTokens)
	if err != nil {
		return reply{}, err
	}
	m, ok := tunedReply(text)
	if !ok {
		return reply{}, fmt.Errorf("%q names no intent: %w", first(text, 30), llm.ErrInvalid)
	}
	return m, nil
}

// leastBelief is the probability that the words for intents must have together: else the model did not answer.
const leastBelief = 0.5

// beliefs are the probabilities that the tuned model gives the intents, in the order of intentOrder.
func beliefs(likely map[string]float64) ([]float64, error) {
	p, sum := make([]float64, len(intentOrder)), 0.0
	for token, probability := range likely {
		if intent, ok := intentWords[token]; ok {
			p[slices.Index(intentOrder, intent)] += probability
			sum += probability
		}
	}
	if sum < leastBelief {
		return nil, fmt.Errorf("words for intents have a probability of %.2f: %w", sum, llm.ErrInvalid)
	}
	return p, nil
}
