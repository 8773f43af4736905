package behaviour

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"floorwalker/shop"
)

// Action is what a customer did.
type Action string

// The actions of User Behavior Insights that a shop acts on, and five of ours: comment, rating, share, dwell, and view,
// which says that a card that was shown stood before the customer's eyes.
const (
	Impression Action = "impression"
	Hover      Action = "hover"
	Click      Action = "click"
	AddToCart  Action = "add_to_cart"
	Purchase   Action = "purchase"
	Decline    Action = "decline"
	Comment    Action = "comment"
	Rating     Action = "rating"
	Share      Action = "share"
	Dwell      Action = "dwell"
	View       Action = "view"
)

// ofPage are the actions that only the customer's page can see. All others the server logs itself, once; a page that
// could claim them could forge what others buy.
var ofPage = map[Action]bool{Hover: true, Click: true, Comment: true, Rating: true, Share: true, Dwell: true, View: true}

var known = map[Action]bool{Impression: true, Hover: true, Click: true, AddToCart: true, Purchase: true, Decline: true,
	Comment: true, Rating: true, Share: true, Dwell: true, View: true}

// OfPage reports whether a customer's page may tell of the action.
func (a Action) OfPage() bool { return ofPage[a] }

// Event is one thing that a customer did, in the words of OpenSearch's User Behavior Insights.
type Event struct {
	// ID is the sender's own name of the event, which makes retries harmless: unique within the session.
	ID string `json:"event_id" minLength:"1" maxLength:"64" doc:"Your own id of the event, unique within the session: a retry is counted once"`
	// Action is what was done.
	Action Action `json:"action_name" minLength:"1" maxLength:"32" doc:"view, hover, click, comment, rating, share or dwell; from the shop's own servers also impression, add_to_cart, purchase and decline"`
	// Session is the conversation, or the shop's own name of a visit.
	Session string `json:"session_id,omitempty" maxLength:"64" doc:"The session; not needed where the request names it"`
	// Client is the verified customer; the session where there is none.
	Client string `json:"client_id,omitempty" maxLength:"128" doc:"The verified customer, from the shop's own servers only"`
	// Platform is where it was done, as the shop names it: "web", "mobile", another shop of the house. Empty is "web".
	Platform string `json:"platform,omitempty" maxLength:"32" doc:"Where it was done, from the shop's own servers only: web, mobile, another shop; web where it is missing"`
	// QueryID is the ranking_id of the list that the product stood in.
	QueryID string `json:"query_id,omitempty" maxLength:"64" doc:"The ranking_id of the list that the product stood in"`
	// Time is when it was done, by the sender's clock.
	Time time.Time `json:"timestamp" doc:"When it was done, RFC 3339"`
	// Message is a comment's text; of an impression, what was asked.
	Message    string     `json:"message,omitempty" maxLength:"2000" doc:"The text of a comment"`
	Attributes Attributes `json:"event_attributes,omitzero"`
	// Features are what the ranker knew of an impression, in the order of ranking.FeatureNames. It is never read from outside.
	Features []float64 `json:"-"`
	// Trusted is true for what the shop's own servers saw. It is never read from outside.
	Trusted bool `json:"-"`
}

// Attributes are an event's particulars.
type Attributes struct {
	Object   Object   `json:"object,omitzero"`
	Position Position `json:"position,omitzero"`
	// Model is the ranker's version, Propensity how likely it was to put the product there, above 0 to 1; for impressions.
	Model      string  `json:"model,omitempty" maxLength:"128"`
	Propensity float64 `json:"propensity,omitempty" minimum:"0" maximum:"1"`
	// Quantity is pieces, of add_to_cart and purchase.
	Quantity float64 `json:"quantity,omitempty" minimum:"0" maximum:"100000" doc:"Pieces, of add_to_cart and purchase"`
	// DwellSeconds is for how long it was looked at.
	DwellSeconds float64 `json:"dwell_time,omitempty" minimum:"0" maximum:"86400" doc:"Seconds, of dwell"`
	// Stars are a rating's, 1 to 5.
	Stars float64 `json:"rating,omitempty" minimum:"0" maximum:"5" doc:"Stars from 1 to 5, of rating"`
}

// Object is what an event is about.
type Object struct {
	// ID is the product's SKU.
	ID string `json:"object_id,omitempty" maxLength:"128" doc:"The product's SKU"`
}

// Position is where it stood.
type Position struct {
	// Ordinal is the place in the list, from 1.
	Ordinal int `json:"ordinal,omitempty" minimum:"0" maximum:"10000" doc:"The place in the list, from 1"`
}

// amount is the one figure that an action has.
func (e Event) amount() float64 {
	switch e.Action {
	case AddToCart, Purchase:
		return max(e.Attributes.Quantity, 1)
	case Dwell:
		return e.Attributes.DwellSeconds
	case Rating:
		return e.Attributes.Stars
	}
	return 0
}

// longestMessage is a message's most characters.
const longestMessage = 2000

// check says what is wrong with an event, in a sentence; "" where nothing is.
func (e Event) check() string {
	a := e.Attributes
	switch {
	case e.ID == "" || e.Session == "":
		return "Give the event an event_id and a session_id."
	case !known[e.Action]:
		return "This action_name is none that is known."
	case e.Time.IsZero():
		return "Say when it was: timestamp is missing."
	case e.Action != Comment && e.Action != Share && e.Action != Dwell && a.Object.ID == "":
		return "Say which product it was: event_attributes.object.object_id is missing."
	case e.Action == Comment && strings.TrimSpace(e.Message) == "":
		return "A comment needs a message."
	case e.Action == Rating && !(a.Stars >= 1 && a.Stars <= 5):
		return "A rating has from 1 to 5 stars."
	}
	if e.Platform != "" && !shop.IsPlatform(e.Platform) {
		return "A platform is named by at most 32 lower-case letters, digits and . _ -"
	}
	for _, text := range []struct {
		value string
		most  int
	}{{e.ID, 64}, {e.Session, 64}, {e.Client, 128}, {e.QueryID, 64}, {e.Message, longestMessage}, {a.Object.ID, 128}, {a.Model, 128}} {
		if utf8.RuneCountInString(text.value) > text.most || !utf8.ValidString(text.value) || strings.ContainsRune(text.value, 0) {
			return "A text is too long, or holds what is no text."
		}
	}
	for _, n := range []struct{ value, most float64 }{{float64(a.Position.Ordinal), 10_000}, {a.Propensity, 1},
		{a.Quantity, 100_000}, {a.DwellSeconds, 86_400}} {
		if math.IsNaN(n.value) || n.value < 0 || n.value > n.most {
			return "A figure is out of its range."
		}
	}
	return ""
}

// Refusal says why an event was not taken.
type Refusal struct {
	// Index is the event's place in the batch, from 0.
	Index   int    `json:"index"`
	ID      string `json:"event_id"`
	Code    string `json:"code" doc:"bad_request, too_late or in_the_future"`
	Message string `json:"message" doc:"A sentence that tells what to do"`
}

// Codes of refusals beside bad_request.
const (
	CodeTooLate   = "too_late"
	CodeInFuture  = "in_the_future"
	codeMalformed = shop.CodeBadRequest
)

// Receipt says what became of a batch. When it is given, what was accepted is committed.
type Receipt struct {
	Accepted int `json:"accepted"`
	// Duplicates were there already, or twice in the batch.
	Duplicates int       `json:"duplicates"`
	Refused    []Refusal `json:"refused,omitempty"`
}
