package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"floorwalker/agent/llm"
	"floorwalker/lexicon"
	"floorwalker/shop"
)

// Parser finds the meaning of an utterance.
type Parser interface {
	Parse(ctx context.Context, u shop.Utterance) (shop.Parse, error)
}

// Searcher finds candidates and reads products.
type Searcher interface {
	Search(ctx context.Context, q shop.Query) ([]shop.Candidate, error)
	Products(ctx context.Context, skus []string) ([]shop.Product, error)
	// Alike says how near products are to others in meaning, by the SKUs of both: the cosine, where it is known.
	Alike(ctx context.Context, skus, others []string) (map[string]map[string]float64, error)
	Vocabulary(ctx context.Context) (shop.Vocabulary, error)
}

// Ranker orders candidates by how well they meet the need.
type Ranker interface {
	Rank(ctx context.Context, q shop.Query, candidates []shop.Candidate) (shop.Ranking, error)
}

// Knowledge finds what the shop's articles say to a question.
type Knowledge interface {
	Find(ctx context.Context, question string, lang shop.Lang, limit int) ([]shop.Passage, error)
}

// Carts keeps what a customer wants to buy. What is sold out or not sold any more is refused with a shop.Error.
type Carts interface {
	Get(ctx context.Context, owner string) (shop.Cart, error)
	// Add puts more pieces in, at most as many as are in stock.
	Add(ctx context.Context, owner, sku string, quantity int) (shop.Cart, error)
	// Set makes a line's quantity the given one; 0 removes the line, which is named by its id or SKU.
	Set(ctx context.Context, owner, line string, quantity int) (shop.Cart, error)
}

// Orders finds a customer's earlier purchases and takes returns that the customer confirmed.
type Orders interface {
	Find(ctx context.Context, id string) (shop.Order, error)
	Of(ctx context.Context, customer string) ([]shop.Order, error)
	// RequestReturn is refused with a shop.Error of code conflict where the order can't go back.
	RequestReturn(ctx context.Context, r shop.ReturnRequest) (shop.Order, error)
}

// Customers knows who a verified customer is; nil where nobody does.
type Customers interface {
	Customer(ctx context.Context, id string) (shop.Customer, error)
}

// Writer is the language model that words answers; nil where there is none. One that also has
// Info() llm.Info says how large its model is: a small one is held to plain words.
type Writer interface {
	// Up reports whether the model can be asked now.
	Up() bool
	// Write streams the model's answer to the lines of a conversation, the user's and the assistant's in turn
	// after the system's, piece by piece.
	Write(ctx context.Context, system string, lines []string, each func(piece string) error) error
}

// Spelling mends what customers misspell; nil where nothing is mended.
type Spelling interface {
	// Mend returns the name of a product with its misspelled words mended.
	Mend(product string) string
}

// Eyes look at the pictures that customers send; nil where no model can.
type Eyes interface {
	// Look says what the session's picture shows.
	Look(ctx context.Context, session, picture string) (Sight, error)
}

// Sight is what a picture shows, in a model's words.
type Sight struct {
	// Product is the kind of thing, as one would search for it: "running shoes"; empty where no product is to be seen.
	Product string `json:"product"`
}

// Parts are what an Agent works with. Parser, Search, Rank, Knowledge, Carts and Orders are needed.
type Parts struct {
	Parser    Parser
	Search    Searcher
	Rank      Ranker
	Knowledge Knowledge
	Carts     Carts
	Orders    Orders
	// Customers may be nil: nobody is then spoken to by name.
	Customers Customers
	Writer    Writer
	Spelling  Spelling
	Eyes      Eyes
	// Taste may be nil: every customer is then new.
	Taste Taste
	Rules Rules
	// Sponsored may be nil: nothing is then paid for.
	Sponsored Sponsored
}

// Config tunes an Agent. The zero value works.
type Config struct {
	// Cards is how many products are shown at most. Default 8.
	Cards int
	// Candidates is how many products are ranked. Default 48.
	Candidates int
	// Consumables are the categories of which a customer is recommended again what he bought; "*" is all.
	Consumables []string
	// Floor is the relevance under which a product is not shown. Default: the ranking's own.
	Floor float64
	// Rates convert prices that a customer names in another currency.
	Rates shop.Rates
	// KnowledgeFloor is the score under which an article does not answer a question. Default 0.47.
	KnowledgeFloor float64
	// CheckoutURL is the shop's own checkout; empty means there is none yet.
	CheckoutURL string
	// CheckoutKey signs the cart that is handed to the checkout.
	CheckoutKey []byte
	// PersonFrom is the value from which a person joins at a checkout, and where an order is asked about or returned; none
	// joins for the zero value.
	PersonFrom shop.Money
	// PersonTopics are the intents and the topics of questions at which a person joins: "return_refund", "warranty".
	PersonTopics []string
	// ReturnsToDesk has a person finish each return that a customer confirmed: nobody else hears of it.
	ReturnsToDesk bool
	// WriterLanguages are the languages that the model writes well; others get templates. Default English.
	WriterLanguages []shop.Lang
	// FirstWord is how long the model may take to its first word before a template answers. Default 8 s.
	FirstWord time.Duration
	// Now is the clock; Logger gets what operators need.
	Now    func() time.Time
	Logger *slog.Logger
}

// Agent answers turns. It is safe for concurrent use.
type Agent struct {
	Parts
	c Config
}

// New makes an agent.
func New(p Parts, c Config) *Agent {
	if c.Cards == 0 {
		c.Cards = 8
	}
	if c.Candidates == 0 {
		c.Candidates = 48
	}
	if c.KnowledgeFloor == 0 {
		c.KnowledgeFloor = 0.47
	}
	if c.FirstWord == 0 {
		c.FirstWord = 8 * time.Second
	}
	if c.WriterLanguages == nil {
		c.WriterLanguages = []shop.Lang{shop.English}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Agent{Parts: p, c: c}
}

// talk is one turn while it is answered.
type talk struct {
	*Agent
	turn  shop.Turn
	out   shop.Output
	timer *shop.Timer
	parse shop.Parse
	lang  shop.Lang
	state shop.State
	shop.Outcome
	// byTemplate, byModel and byServer count the characters that came from templates, from the model, and from
	// the database: names, prices, articles.
	byTemplate, byModel, byServer int
	// worth is what the turn is about, where that is so much that a person joins.
	worth shop.Money
	// factRunes are those of byServer that the present answer's model asked for.
	factRunes int
}

// Answer answers one utterance. What it has said when ctx ends stands; the state then stays as it was.
func (a *Agent) Answer(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	t := &talk{Agent: a, turn: turn, out: out, timer: shop.NewTimer(a.c.Now), state: turn.State}
	ctx = llm.WithPayer(t.timer.Context(ctx), llm.Payer{Customer: turn.Customer, Network: turn.Network})
	onPage, err := t.followPage(ctx)
	if err != nil {
		return shop.Outcome{}, err
	}
	attack, err := t.understand(ctx, onPage)
	if err != nil {
		return shop.Outcome{}, err
	}
	t.lang = t.language()
	t.state.Lang = t.lang
	t.remember()
	done, err := t.see(ctx)
	if err == nil && !done {
		err = t.actOrOwnUp(ctx, attack)
	}
	if err != nil {
		return t.Outcome, err
	}
	if !attack {
		if err := t.byRule(ctx); err != nil {
			return t.Outcome, err
		}
	}
	t.timer.Mark("done")
	t.Outcome.State = t.state
	t.Trace.Parser, t.Trace.Fallback, t.Trace.Stages = t.parse.Parser, t.parse.Fallback, t.timer.Stages()
	t.Trace.Answerer = "template"
	if t.byModel > 0 {
		t.Trace.Answerer = "llm"
	}
	if all := t.byModel + t.byTemplate + t.byServer; all > 0 {
		t.Trace.TemplateShare = float64(t.byTemplate) / float64(all)
	}
	return t.Outcome, nil
}

// understand parses. An utterance that no parser can read is a misunderstanding, not a failed turn. onPage is what the
// customer looks at, where the conversation has shown nothing.
func (t *talk) understand(ctx context.Context, onPage []shop.ShownProduct) (attack bool, err error) {
	if t.turn.Text == "" || t.turn.LessLike != "" { // a picture alone, or a card's button
		t.parse = shop.Parse{Intent: shop.IntentSearch, Lang: t.turn.Locale, Confidence: 1}
		t.Outcome.Parse = t.parse
		return false, nil
	}
	end := t.timer.Step("parse")
	parse, err := t.Parser.Parse(ctx, shop.Utterance{Text: t.turn.Text, History: t.turn.State.History, Summary: t.turn.Summary, Shown: append(onPage, t.turn.State.Shown...)})
	end()
	if len(onPage) > 0 {
		parse.Slots.Reference = nil // it counts in no list; the focus is on it
	}
	if ctx.Err() != nil {
		return false, fmt.Errorf("parse: %w", context.Cause(ctx))
	}
	if err != nil {
		t.c.Logger.WarnContext(ctx, "utterance not parsed", "error", err)
		parse = shop.Parse{Intent: shop.IntentOutOfScope, Lang: lexicon.DetectLang(t.turn.Text)}
	}
	t.parse, attack = guard(parse, t.turn.Text)
	t.Outcome.Parse = t.parse
	return attack, nil
}

// language is the utterance's own; where it has no letters, the conversation's, then the interface's.
func (t *talk) language() shop.Lang {
	if strings.ContainsFunc(t.turn.Text, func(r rune) bool { return r > 127 || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' }) {
		return lexicon.DetectLang(t.turn.Text)
	}
	for _, l := range []shop.Lang{t.turn.State.Lang, t.turn.Locale} {
		if l == shop.English || l == shop.Chinese {
			return l
		}
	}
	return shop.English
}

// historyLength is how many utterances are remembered.
const historyLength = 8

// remember keeps the utterance for the turns to come.
func (t *talk) remember() {
	if t.turn.Text == "" || t.turn.LessLike != "" {
		return
	}
	text := []rune(t.turn.Text)
	history := append(t.state.History[:len(t.state.History):len(t.state.History)], string(text[:min(len(text), 300)]))
	t.state.History = history[max(0, len(history)-historyLength):]
}

// actOrOwnUp acts. Where a system of the shop's own does not answer it says so, and offers a person.
func (t *talk) actOrOwnUp(ctx context.Context, attack bool) error {
	err := t.act(ctx, attack)
	if known, ok := errors.AsType[*shop.Error](err); ok && known.Code == shop.CodeUnavailable {
		t.c.Logger.WarnContext(ctx, "a system of the shop does not answer", "error", err)
		t.state.Offer = offerPerson
		return t.say(ctx, "shop_silent")
	}
	return err
}

// act does what the intent asks for. A misunderstanding is counted; two in a row offer a person.
func (t *talk) act(ctx context.Context, attack bool) error {
	offer, returning, asked := t.state.Offer, t.state.Return, t.state.Asked
	t.state.Offer, t.state.Return, t.state.Asked = "", nil, ""
	switch {
	case attack:
		return t.say(ctx, "attack")
	case t.turn.LessLike != "":
		t.state.Misses = 0
		return t.lessLike(ctx, t.turn.LessLike)
	case offer != "" && yesCue.MatchString(t.turn.Text):
		t.state.Misses, t.state.Return = 0, returning
		return t.accept(ctx, offer)
	case offer != "" && noCue.MatchString(t.turn.Text):
		t.state.Misses = 0
		return t.say(ctx, "declined")
	}
	misses := t.state.Misses
	t.state.Misses = 0
	if sku := t.lessWanted(); sku != "" {
		return t.lessLike(ctx, sku)
	}
	if unread(t.turn.Text) {
		t.parse.Intent, t.parse.Slots = shop.IntentOutOfScope, shop.Slots{}
		t.Outcome.Parse.Intent, t.Outcome.Parse.Slots = t.parse.Intent, t.parse.Slots
		return t.missed(ctx, misses, "languages")
	}
	if done, err := t.goesOnReturning(ctx, returning); done || err != nil {
		return err
	}
	if t.onlyForgets() {
		t.state.Need, t.state.Beside, t.state.Seen, t.state.Rejected, t.state.LessLike, t.state.Before = shop.Need{}, nil, nil, nil, nil, nil
		return t.say(ctx, "forgotten")
	}
	if done, err := t.withoutNumber(ctx, asked); done || err != nil {
		return err
	}
	if done, err := t.goBack(ctx); done || err != nil {
		return err
	}
	if done, err := t.setQuantity(ctx); done || err != nil {
		return err
	}
	if done, err := t.addMore(ctx); done || err != nil {
		return err
	}
	if adviceCue.MatchString(t.turn.Text) && len(t.state.Shown) > 1 {
		t.parse.Intent, t.Outcome.Parse.Intent = shop.IntentRecommend, shop.IntentRecommend
		return t.advise(ctx)
	}
	if brandsCue.MatchString(t.turn.Text) {
		return t.brands(ctx)
	}
	if rejectsAll.MatchString(t.turn.Text) && t.parse.Intent != shop.IntentReturnRefund {
		// "没有我想要的" turns down what is shown; it is no complaint.
		t.parse.Intent, t.parse.Slots = shop.IntentRefine, shop.Slots{}
		t.Outcome.Parse.Intent, t.Outcome.Parse.Slots = t.parse.Intent, t.parse.Slots
	}
	if whyCue.MatchString(t.turn.Text) {
		t.parse.Intent, t.Outcome.Parse.Intent = shop.IntentProductQuestion, shop.IntentProductQuestion
		return t.say(ctx, "why")
	}
	if t.parse.Intent == shop.IntentProductQuestion && t.state.Need.Product != "" && len(t.parse.Slots.Reference) == 0 && onlyWishes(t.turn.Text) {
		t.parse.Intent, t.parse.Slots = shop.IntentRefine, shop.Slots{}
		t.Outcome.Parse.Intent, t.Outcome.Parse.Slots = t.parse.Intent, t.parse.Slots
	}
	t.givesUp()
	if done, err := t.goesWith(ctx); done || err != nil {
		return err
	}
	switch t.parse.Intent {
	case shop.IntentSearch, shop.IntentRefine, shop.IntentRecommend:
		return t.find(ctx)
	case shop.IntentCompare:
		return t.compare(ctx)
	case shop.IntentProductQuestion:
		return t.question(ctx)
	case shop.IntentAddToCart:
		return t.addToCart(ctx)
	case shop.IntentRemoveFromCart:
		return t.removeFromCart(ctx)
	case shop.IntentViewCart:
		return t.viewCart(ctx)
	case shop.IntentCheckout:
		return t.checkout(ctx)
	case shop.IntentOrderStatus:
		return t.orderStatus(ctx)
	case shop.IntentReturnRefund:
		return t.returnRequest(ctx)
	case shop.IntentFAQ:
		return t.faq(ctx)
	case shop.IntentComplaint:
		t.Handoff = &shop.HandoffRequest{Reason: "complaint"}
		return t.say(ctx, "complaint")
	case shop.IntentHandoff:
		t.Handoff = &shop.HandoffRequest{Reason: "customer_asked"}
		return t.say(ctx, "handoff")
	case shop.IntentGreeting:
		return t.greet(ctx)
	case shop.IntentThanks:
		return t.say(ctx, "thanks")
	case shop.IntentGoodbye:
		return t.say(ctx, "goodbye")
	}
	return t.missed(ctx, misses, "out_of_scope")
}

// missed counts a misunderstanding; two in a row offer a person.
func (t *talk) missed(ctx context.Context, misses int, occasion string) error {
	if t.state.Misses = misses + 1; t.state.Misses >= mostMisses {
		t.state.Offer = offerPerson
		return t.say(ctx, "offer_person")
	}
	return t.say(ctx, occasion)
}

// unread reports whether a text is written in letters of neither language.
func unread(text string) bool {
	read, other := 0, 0
	for _, r := range text {
		switch {
		case unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
			return true
		case unicode.In(r, unicode.Latin, unicode.Han), unicode.IsDigit(r):
			read++
		case unicode.IsLetter(r):
			other++
		}
	}
	return other > 0 && read == 0
}

// greet speaks to a verified customer by name, where the shop knows it; a shop that does not answer is no reason not to
// greet. Who is known by what he did is shown something to his taste.
func (t *talk) greet(ctx context.Context) error {
	shown, err := t.welcome(ctx)
	if err != nil {
		return err
	}
	var d draft
	if t.Customers != nil && t.turn.Verified {
		known, err := t.Customers.Customer(ctx, t.turn.Customer)
		if code, _ := shop.CodeOf(err); err != nil && code != shop.CodeNotFound && code != shop.CodeUnavailable {
			return fmt.Errorf("read the customer: %w", err)
		}
		if known.Name != "" {
			d.add(t.fill("greeting_name", known.Name))
		}
	}
	if len(d.sentences) == 0 {
		d.add(t.fill("greeting"))
	}
	if shown {
		d.add(t.fill("may_like"))
	}
	return t.tell(ctx, actOf["greeting"], d)
}

// givesUp takes an utterance that gives up a limit of the need ("any colour is fine") for the refinement that it is.
func (t *talk) givesUp() {
	switch t.parse.Intent {
	case shop.IntentRefine, shop.IntentRecommend, shop.IntentAddToCart, shop.IntentRemoveFromCart:
		return
	case shop.IntentSearch:
		if readKind(bare(t.parse.Slots.Product)).head != "" && !limitNames[readKind(bare(t.parse.Slots.Product)).head] {
			return // "any colour of tent"
		}
	}
	if empty(t.state.Need) || len(t.parse.Slots.Reference) > 0 {
		return
	}
	if givesUpLimit(t.turn.Text) {
		t.parse.Intent, t.parse.Slots = shop.IntentRefine, shop.Slots{}
		t.Outcome.Parse.Intent, t.Outcome.Parse.Slots = t.parse.Intent, t.parse.Slots
	}
}

// limitNames are words for limits, which name no product.
var limitNames = wordSet("color colour brand size material fabric price budget")

// givesUpLimit reports whether an utterance gives up any limit.
func givesUpLimit(text string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(freeCues)), func(cue *regexp.Regexp) bool { return cue.MatchString(text) })
}

// onlyForgets reports whether the utterance takes the need back and says nothing else, whatever the parser made of it.
func (t *talk) onlyForgets() bool {
	const few = 4 // words
	said := t.parse.Slots
	said.Sort, said.Exclude = "", nil
	return !empty(t.state.Need) && forgetCue.MatchString(t.turn.Text) && !givesUpLimit(t.turn.Text) && len(lexicon.Words(t.turn.Text)) <= few &&
		empty(readMove(shop.Parse{Slots: said}, "", func(float64, string) *shop.Money { return &shop.Money{} }).said)
}

// adviceCue asks what the assistant would take.
var adviceCue = regexp.MustCompile(`(?i)^(?:so |ok,? |and )*(?:what do you think|what would you (?:take|pick|choose|buy)|your (?:opinion|advice))(?: of (?:these|them))?[?!. ]*$|^(?:你觉得(?:呢|哪个好|怎么样)|你(?:会)?选哪(?:个|款))[？?！。 ]*$`)

// whyCue asks for the reason of an answer, and is no complaint.
var whyCue = regexp.MustCompile(`(?i)^(?:and |but |ok,? )*why(?: is that| that one| so| these| this one)?[?!. ]*$|^(?:为什么|为啥|为何)(?:呢|啊|是这个|推荐这个)?[？?！。 ]*$`)

// mostMisses is how many misunderstandings in a row make the assistant offer a person.
const mostMisses = 2
