package shop

import (
	"context"
	"time"
)

// Turn is one utterance that the assistant must answer.
type Turn struct {
	SessionID string
	// Customer is the verified customer, or the anonymous visitor's session when not logged in.
	Customer string
	// Verified is true when Customer was proved by a token of the shop.
	Verified bool
	// Platform is where the customer is, as the shop names it: PlatformWeb, "mobile", another shop of the house.
	Platform string
	// Network is where the customer's device is, as limits count it; empty where that is not known.
	Network string
	// MessageID is the id of the assistant's message that this turn writes.
	MessageID string
	// Text is what the customer wrote: valid UTF-8, trimmed, at most the configured length, and not empty where no
	// picture goes along.
	Text string
	// Picture is the id of the picture that goes with it; empty where none does.
	Picture string
	// LessLike is the SKU of a shown card of which the customer wants less, which is what the turn is about; empty where it is
	// about something else.
	LessLike string
	State    State
	// Page is what the customer looks at on the shop's own page.
	Page Page
	// Summary is what the conversation was about before State.History, empty where it is short.
	Summary string
	// Locale is the language that the client's interface is set to; the utterance's own language wins.
	Locale Lang
}

// Picture is one that a customer sent.
type Picture struct {
	ID string `json:"id"`
	// Width and Height are in points.
	Width  int `json:"width"`
	Height int `json:"height"`
}

// Page is what a customer looks at on the shop's own page, beside the conversation. It is what the page says: the
// product may not exist.
type Page struct {
	// Product is the SKU of the product that the page is about; empty where it is about none.
	Product string `json:"product,omitempty"`
	// Title is what the page is called.
	Title string `json:"title,omitempty"`
}

// Output takes what the assistant produces, in the order it is produced. Its methods return an error
// when the turn must stop: the customer left, a person took over, the lease was lost.
type Output interface {
	// Show sends cards at once, before any word of the answer.
	Show(ctx context.Context, cards Cards) error
	// Say streams the next piece of the answer's text.
	Say(ctx context.Context, text string) error
	// CartChanged tells every device of the customer what the cart holds now.
	CartChanged(ctx context.Context, cart Cart) error
}

// Cards is one list of products put before the customer.
type Cards struct {
	RankingID string `json:"ranking_id"`
	// Model is the ranker's model version.
	Model    string `json:"model"`
	Degraded bool   `json:"degraded,omitempty"`
	// Query is what the ranker was asked; it is kept with the impressions and goes to nobody else.
	Query string `json:"-"`
	Cards []Card `json:"cards"`
	// Filters are the limits that hold for every card, as the customer reads them.
	Filter Filter `json:"filter"`
	// Unmet names limits that nothing in the shop meets; then Cards is empty or meets the others, as the answer says.
	Unmet []string `json:"unmet,omitempty"`
}

// Card is one product as it was shown.
type Card struct {
	Position    int    `json:"position"`
	SKU         string `json:"sku"`
	Version     int64  `json:"version"`
	Title       string `json:"title"`
	Brand       string `json:"brand,omitempty"`
	Category    string `json:"category,omitempty"`
	Description string `json:"description,omitempty"`
	Price       Money  `json:"price"`
	PriceText   string `json:"price_text"`
	// Was and WasText are what it cost before, where it costs less now.
	Was        *Money            `json:"was,omitempty"`
	WasText    string            `json:"was_text,omitempty"`
	Stock      int               `json:"stock"`
	Rating     float64           `json:"rating,omitempty"`
	ImageURL   string            `json:"image_url,omitempty"`
	Attributes map[string]string `json:"attributes,omitempty"`
	Why        []string          `json:"why"`
	Reasons    []Reason          `json:"reasons,omitempty"`
	// Sponsored is true where the place was paid for; pages say so on the card.
	Sponsored bool `json:"sponsored,omitempty"`
	// Propensity is how likely the product was to stand in this place, above 0 to 1; 0 stands for 1, an order without
	// chance. It is for the log of impressions alone.
	Propensity float64 `json:"-"`
	// Features are the candidate's. They are logged with the impression and not sent.
	Features []float64 `json:"-"`
}

// Outcome is what remains of a turn when its text has been said.
type Outcome struct {
	Parse Parse
	State State
	// Cites are the slugs of the knowledge articles that the answer rests on.
	Cites []string
	// Handoff is set when a person is wanted.
	Handoff *HandoffRequest
	// CheckoutURL is set when the cart goes to the shop's own checkout.
	CheckoutURL string
	Trace       Trace
}

// HandoffRequest says why a person is wanted.
type HandoffRequest struct {
	// Reason is "customer_asked", "complaint", "misunderstood", "picture", "policy" or "agent".
	Reason string `json:"reason"`
	Note   string `json:"note,omitempty"`
}

// Trace says how a turn was made: which parts answered and where each millisecond went.
type Trace struct {
	Parser   string `json:"parser"`
	Fallback string `json:"fallback,omitempty"`
	// Answerer is "llm" when the answer's words are the model's, "template" otherwise.
	Answerer string `json:"answerer"`
	// TemplateShare is the share of the answer's characters that came from templates, 0 to 1.
	TemplateShare float64 `json:"template_share"`
	// Removed counts pieces of the model's text that the checker took out.
	Removed int     `json:"removed"`
	Ranker  string  `json:"ranker,omitempty"`
	Stages  []Stage `json:"stages"`
}

// Stage is one step of a turn and how long it took.
type Stage struct {
	// Name is parse, search, embed (a part of search), rank, first_card, first_token or done.
	Name string `json:"name"`
	// Micros is the step's duration; for first_card, first_token and done the time since the turn began.
	Micros int64 `json:"us"`
}

// Timer gathers the stages of one turn. It is not safe for concurrent use: the steps of a turn follow each other.
type Timer struct {
	began  time.Time
	now    func() time.Time
	stages []Stage
}

// NewTimer starts timing a turn by the given clock.
func NewTimer(now func() time.Time) *Timer { return &Timer{began: now(), now: now} }

// Step runs the timing of one step: defer t.Step("search")().
func (t *Timer) Step(name string) (end func()) {
	start := t.now()
	return func() { t.stages = append(t.stages, Stage{name, t.now().Sub(start).Microseconds()}) }
}

type timerKey struct{}

// Context carries the timer to the rooms that a turn passes through, which note their steps with [Step].
func (t *Timer) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, timerKey{}, t)
}

// Step runs the timing of one step of the turn that ctx belongs to, if it belongs to one.
func Step(ctx context.Context, name string) (end func()) {
	if t, ok := ctx.Value(timerKey{}).(*Timer); ok {
		return t.Step(name)
	}
	return func() {}
}

// Mark notes the time since the turn began, once a name.
func (t *Timer) Mark(name string) {
	for _, s := range t.stages {
		if s.Name == name {
			return
		}
	}
	t.stages = append(t.stages, Stage{name, t.now().Sub(t.began).Microseconds()})
}

// Stages are the steps noted so far.
func (t *Timer) Stages() []Stage { return t.stages }

// Exchange is one utterance that the assistant answered.
type Exchange struct {
	Asked, Answered string
	Intent          Intent
	Slots           Slots
}

// Conversation is what a summary is made of.
type Conversation struct {
	// Customer is the verified customer, else the visitor's session.
	Customer string
	Lang     Lang
	// Exchanges are the latest ones, oldest first.
	Exchanges []Exchange
	State     State
}
