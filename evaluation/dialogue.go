package evaluation

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"floorwalker/client"
	"floorwalker/protocol"
	"floorwalker/shop"
)

// DialogueCase is one conversation with what is expected of it.
type DialogueCase struct {
	ID   string    `json:"id"`
	Lang shop.Lang `json:"lang"`
	// Catalogue is the one that the case was written for; it is skipped where the server has another.
	Catalogue string         `json:"catalogue"`
	Turns     []DialogueTurn `json:"turns"`
}

// DialogueTurn is what the customer says and what must hold of the answer.
type DialogueTurn struct {
	Say    string      `json:"say"`
	Expect Expectation `json:"expect"`
}

// Expectation is what must hold of one answer; every field that is there is checked.
type Expectation struct {
	Intent      shop.Intent `json:"intent"`
	ProductsMin *int        `json:"products_min"`
	ProductsMax *int        `json:"products_max"`
	// PriceMin and PriceMax bound every product shown, in major units.
	PriceMin *float64 `json:"price_min"`
	PriceMax *float64 `json:"price_max"`
	// TitleAny: title, category, style or description of each product shown has one of these; TitleNone: none.
	TitleAny  []string `json:"title_any"`
	TitleNone []string `json:"title_none"`
	// AnswerAny: the answer has one of these; AnswerNone: none.
	AnswerAny  []string `json:"answer_any"`
	AnswerNone []string `json:"answer_none"`
	Handoff    *bool    `json:"handoff"`
	// CartCount is how many pieces the cart holds after the turn.
	CartCount *int `json:"cart_count"`
	// Cites: the answer rests on a knowledge article and names it.
	Cites *bool `json:"cites"`
	// Lang is the language that the answer is written in.
	Lang shop.Lang `json:"lang"`
}

// DialogueReport is what `floorwalker eval dialogue` prints.
type DialogueReport struct {
	Conversations  int     `json:"conversations"`
	Turns          int     `json:"turns"`
	TurnsPassed    int     `json:"turns_passed"`
	Passed         int     `json:"passed"`
	FirstCardMsP50 float64 `json:"first_card_ms_p50"`
	FirstCardMsP99 float64 `json:"first_card_ms_p99"`
	DoneMsP50      float64 `json:"done_ms_p50"`
	// TemplateShare is the share of the answers' text that came from templates, mean over turns.
	TemplateShare float64 `json:"template_share"`
	// InventedFacts counts products and prices that an answer named and that are neither shown nor for sale.
	InventedFacts int `json:"invented_facts"`
	// Skipped counts cases for a catalogue that the server does not have.
	Skipped int `json:"skipped"`
}

// DialogueOptions tune Dialogues. The zero value of each field has a default.
type DialogueOptions struct {
	// TurnTimeout bounds one answer. Default 60 s.
	TurnTimeout time.Duration
	// Client is how conversations connect.
	Client client.Options
	// Told is called after each turn with what did not hold; may be nil.
	Told func(c DialogueCase, turn int, reply client.Reply, wrong []string)
}

// Dialogues plays the cases against the server at url, one after the other, each in a session of its own.
// A case passes when every expectation of every turn holds and no answer names a product or price that is
// neither shown nor in the catalogue. An error means that nothing more could be played.
func Dialogues(ctx context.Context, url string, cases []DialogueCase, o DialogueOptions) (DialogueReport, error) {
	if o.TurnTimeout == 0 {
		o.TurnTimeout = time.Minute
	}
	var (
		report             DialogueReport
		cards, done, share []float64
		there              []string
		asked              bool
	)
	for _, c := range cases {
		p := player{o: o, c: c}
		if err := p.connect(ctx, url); err != nil {
			return report, fmt.Errorf("case %s: %w", c.ID, err)
		}
		if !asked {
			var can struct{ Catalogues []string }
			if err := p.client.Get(ctx, "/capabilities", &can); err != nil {
				return report, errors.Join(fmt.Errorf("ask what the server can do: %w", err), p.client.Close())
			}
			there, asked = can.Catalogues, true
		}
		if c.Catalogue != "" && !slices.Contains(there, c.Catalogue) {
			report.Skipped++
			if err := p.client.Close(); err != nil {
				return report, err
			}
			continue
		}
		report.Conversations++
		all := true
		for i := range c.Turns {
			reply, wrong, invented := p.play(ctx, i)
			report.Turns++
			report.InventedFacts += invented
			if len(wrong) == 0 {
				report.TurnsPassed++
			} else {
				all = false
			}
			if o.Told != nil {
				o.Told(c, i, reply, wrong)
			}
			if reply.Completed == nil {
				continue
			}
			done = append(done, milliseconds(reply.Done))
			if reply.FirstCard > 0 {
				cards = append(cards, milliseconds(reply.FirstCard))
			}
			if reply.Completed.Trace != nil {
				share = append(share, reply.Completed.Trace.TemplateShare)
			}
		}
		if all {
			report.Passed++
		}
		if err := p.client.Close(); err != nil {
			return report, err
		}
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
	}
	report.FirstCardMsP50, report.FirstCardMsP99 = Percentile(cards, 50), Percentile(cards, 99)
	report.DoneMsP50, report.TemplateShare = Percentile(done, 50), mean(share)
	return report, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// player plays one case.
type player struct {
	o      DialogueOptions
	c      DialogueCase
	client *client.Client
	facts  facts
}

func (p *player) connect(ctx context.Context, url string) (err error) {
	o := p.o.Client
	o.Locale = p.c.Lang
	if p.client, err = client.Dial(ctx, url, o); err != nil {
		return err
	}
	p.facts = facts{server: p.client}
	return nil
}

// play says one turn and returns what did not hold, in words, and how many facts of the answer are invented.
func (p *player) play(ctx context.Context, i int) (reply client.Reply, wrong []string, invented int) {
	turn := p.c.Turns[i]
	ctx, cancel := context.WithTimeout(ctx, p.o.TurnTimeout)
	defer cancel()
	reply, err := p.client.Ask(ctx, turn.Say)
	if err != nil {
		return reply, []string{fmt.Sprintf("no answer: %v", err)}, 0
	}
	if reply.Completed == nil {
		return reply, []string{"no answer: a person has the conversation"}, 0
	}
	if reply.Completed.State != protocol.StateComplete {
		wrong = append(wrong, fmt.Sprintf("the answer ended as %s %s", reply.Completed.State, reply.Completed.Reason))
	}
	articles := p.articles(ctx, reply.Completed.Cites)
	p.facts.learn(turn.Say, reply, articles)
	wrong = append(wrong, p.check(turn.Expect, reply, articles)...)
	found, err := p.facts.invented(ctx, reply)
	if err != nil {
		wrong = append(wrong, fmt.Sprintf("facts not checked: %v", err))
	}
	for _, f := range found {
		wrong = append(wrong, "invented: "+f)
	}
	return reply, wrong, len(found)
}

// article is what the server's HTTP API says of a cited article.
type article struct{ Slug, Title, Text string }

// articles reads what the answer cites, in both languages; what can't be read is left out.
func (p *player) articles(ctx context.Context, slugs []string) (read []article) {
	for _, slug := range slugs {
		for _, lang := range []shop.Lang{shop.English, shop.Chinese} {
			var a article
			if err := p.client.Get(ctx, "/api/articles/"+slug+"?lang="+string(lang), &a); err == nil {
				read = append(read, a)
			}
		}
	}
	return read
}

// check compares an answer with what is expected of it.
func (p *player) check(e Expectation, r client.Reply, articles []article) (wrong []string) {
	fail := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	cards := r.Cards()
	if e.Intent != "" && r.Completed.Intent != e.Intent {
		fail("intent %s, not %s", r.Completed.Intent, e.Intent)
	}
	if e.ProductsMin != nil && len(cards) < *e.ProductsMin {
		fail("%d products, fewer than %d", len(cards), *e.ProductsMin)
	}
	if e.ProductsMax != nil && len(cards) > *e.ProductsMax {
		fail("%d products, more than %d", len(cards), *e.ProductsMax)
	}
	for _, card := range cards {
		price, text := card.Price.Major(), cardText(card)
		if e.PriceMin != nil && price < *e.PriceMin {
			fail("%s costs %v, under %v", card.Title, price, *e.PriceMin)
		}
		if e.PriceMax != nil && price > *e.PriceMax {
			fail("%s costs %v, over %v", card.Title, price, *e.PriceMax)
		}
		if len(e.TitleAny) > 0 && !hasAny(text, e.TitleAny) {
			fail("%s has none of %q", card.Title, e.TitleAny)
		}
		if hasAny(text, e.TitleNone) {
			fail("%s has one of %q", card.Title, e.TitleNone)
		}
	}
	if len(e.AnswerAny) > 0 && !hasAny(r.Text, e.AnswerAny) {
		fail("the answer has none of %q", e.AnswerAny)
	}
	if hasAny(r.Text, e.AnswerNone) {
		fail("the answer has one of %q", e.AnswerNone)
	}
	if e.Handoff != nil && r.Completed.Handoff != *e.Handoff {
		fail("handoff is %t", r.Completed.Handoff)
	}
	if e.CartCount != nil {
		if n := pieces(r.Cart); n != *e.CartCount {
			fail("the cart holds %d pieces, not %d", n, *e.CartCount)
		}
	}
	if e.Cites != nil {
		if named := cites(r, articles); named != *e.Cites {
			fail("names its article: %t", named)
		}
	}
	if e.Lang != "" && !writtenIn(r, e.Lang, p.facts.titles) {
		fail("the answer is not in %s", e.Lang)
	}
	return wrong
}

// cardText is where title_any and title_none look.
func cardText(c shop.Card) string {
	return strings.Join([]string{c.Title, c.Category, c.Attributes["style"], c.Description}, "\n")
}

func hasAny(text string, words []string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, strings.ToLower(w)) })
}

func pieces(c shop.Cart) (n int) {
	for _, line := range c.Lines {
		n += line.Quantity
	}
	return n
}

// cites is true when the answer rests on an article and its text names one: by its title, or by its slug.
func cites(r client.Reply, articles []article) bool {
	if len(r.Completed.Cites) == 0 {
		return false
	}
	if len(articles) == 0 {
		return true // the server gives no titles to look for
	}
	for _, a := range articles {
		if a.Title != "" && hasAny(r.Text, []string{a.Title, a.Slug}) {
			return true
		}
	}
	return false
}

// links are written in no language.
var links = regexp.MustCompile(`https?://\S+`)

// writtenIn judges the answer's own words: the names of products, shown in this turn or before, may be in any language.
func writtenIn(r client.Reply, lang shop.Lang, titles []string) bool {
	text := links.ReplaceAllString(r.Text, " ")
	longestFirst := slices.SortedFunc(slices.Values(titles), func(a, b string) int { return len(b) - len(a) })
	for _, title := range longestFirst {
		text = strings.ReplaceAll(text, title, " ")
	}
	han, latin := 0, 0
	for _, word := range strings.FieldsFunc(text, func(c rune) bool { return !unicode.IsLetter(c) }) {
		inLatin := false
		for _, c := range word {
			if unicode.Is(unicode.Han, c) {
				han++
			} else {
				inLatin = true
			}
		}
		if inLatin {
			latin++
		}
	}
	// A Latin word stands for about two characters of Chinese.
	if lang == shop.Chinese {
		return han > 2*latin
	}
	return han == 0 || latin > han
}
