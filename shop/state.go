package shop

import "strings"

// State is what the assistant remembers of a conversation between turns. The agent alone changes it;
// the session manager stores it with the turn that produced it, in the same transaction.
type State struct {
	Lang Lang `json:"lang,omitempty"`
	// Need is the present need: a refinement keeps it, a new product replaces it.
	Need Need `json:"need,omitzero"`
	// Beside are further needs of the same utterance ("a tent and two sleeping bags"); a refinement holds for them too.
	Beside []Need `json:"beside,omitempty"`
	// Shown are the products shown last, in their order; references count from 1 in this list.
	Shown []ShownProduct `json:"shown,omitempty"`
	// Before are the lists that were shown before, the latest last, at most three: "back to the earlier ones".
	Before []Screen `json:"before,omitempty"`
	// Rejected are SKUs that the customer turned down.
	Rejected []string `json:"rejected,omitempty"`
	// LessLike are the SKUs of which the customer wants less, the latest last: what is most like them comes last.
	LessLike []string `json:"less_like,omitempty"`
	// Seen are the SKUs shown so far, the latest last, at most 64; "show me others" leaves them out, and names of
	// earlier lists are found in them.
	Seen []string `json:"seen,omitempty"`
	// Focus is the SKU of the product that was last spoken of by itself, which "it" means; empty when there is none.
	Focus string `json:"focus,omitempty"`
	// Page is the SKU of the shop's own page that the customer was on at the last turn.
	Page string `json:"page,omitempty"`
	// Offer is what the assistant's last question proposed, for a plain "yes"; empty when there was none.
	Offer string `json:"offer,omitempty"`
	// Asked is what the assistant's last question asked for: "order", its number; empty where it was something else.
	Asked string `json:"asked,omitempty"`
	// History holds the customer's latest utterances, oldest first, at most eight.
	History []string `json:"history,omitempty"`
	// Misses counts misunderstandings in a row; at two the assistant offers a person.
	Misses int `json:"misses,omitempty"`
	// Return is the return that is being talked about; nil where there is none.
	Return *Return `json:"return,omitempty"`
}

// Screen is a list that was shown, and what was looked for then.
type Screen struct {
	Need   Need     `json:"need,omitzero"`
	Beside []Need   `json:"beside,omitempty"`
	SKUs   []string `json:"skus"`
}

// Return is what a customer wants to send back. Without an order it is still asked which one.
type Return struct {
	Order string `json:"order,omitempty"`
	// SKUs are the lines that go back.
	SKUs []string `json:"skus,omitempty"`
}

// Need is what the customer is looking for, gathered over turns.
type Need struct {
	// Product is the head noun phrase in the customer's words.
	Product  string   `json:"product,omitempty"`
	Brand    string   `json:"brand,omitempty"`
	Color    string   `json:"color,omitempty"`
	Size     string   `json:"size,omitempty"`
	Material string   `json:"material,omitempty"`
	Audience string   `json:"audience,omitempty"`
	PriceMin *Money   `json:"price_min,omitempty"`
	PriceMax *Money   `json:"price_max,omitempty"`
	Sort     Sort     `json:"sort,omitempty"`
	Exclude  []string `json:"exclude,omitempty"`
	// Others will do as well as Brand, Color and Material; each is empty where that is.
	Others
}

// CartLine is one line of a customer's cart. Quantities are absolute.
type CartLine struct {
	ID       string `json:"id"`
	SKU      string `json:"sku"`
	Title    string `json:"title"`
	Quantity int    `json:"quantity"`
	Price    Money  `json:"price"`
}

// Cart is what a customer has chosen to buy.
type Cart struct {
	Lines []CartLine `json:"lines"`
	Total Money      `json:"total"`
}

// Order is a purchase that was made earlier.
type Order struct {
	ID       string      `json:"id"`
	Customer string      `json:"customer,omitempty"`
	Status   string      `json:"status"`
	Lines    []OrderLine `json:"lines"`
	Total    Money       `json:"total"`
	// PlacedAt and ETA are dates as the customer reads them, "2026-05-01"; empty when unknown.
	PlacedAt string `json:"placed_at,omitempty"`
	ETA      string `json:"eta,omitempty"`
	Carrier  string `json:"carrier,omitempty"`
	Tracking string `json:"tracking,omitempty"`
}

// OrderLine is one line of an order.
type OrderLine struct {
	SKU      string `json:"sku"`
	Title    string `json:"title"`
	Quantity int    `json:"quantity"`
	Price    Money  `json:"price"`
}

// Returnable reports whether the order's goods can be sent back now: they have arrived and nothing was done about them.
func (o Order) Returnable() bool {
	return strings.EqualFold(strings.TrimSpace(o.Status), StatusDelivered)
}

// States of an order that the assistant acts on; shops have others too, which it only tells.
const (
	StatusDelivered       = "delivered"
	StatusReturnRequested = "return requested"
)

// ReturnRequest is a return that a customer has confirmed.
type ReturnRequest struct {
	// ID names the request: the same one made twice is one.
	ID       string   `json:"id"`
	Order    string   `json:"order"`
	Customer string   `json:"customer"`
	SKUs     []string `json:"skus"`
}

// Customer is what the shop knows of somebody who has an account.
type Customer struct {
	ID string `json:"id"`
	// Name is how to speak to the customer; may be empty.
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
	Lang  Lang   `json:"lang,omitempty"`
}

// Article is a piece of the shop's knowledge: shipping, returns, payment.
type Article struct {
	// Slug is the stable name in links and citations: "returns-opened-items".
	Slug  string `json:"slug"`
	Topic string `json:"topic"`
	// Titles and Bodies are by language code.
	Titles map[string]string `json:"titles"`
	Bodies map[string]string `json:"bodies"`
}

// Passage is the part of an article that answers a question.
type Passage struct {
	Slug, Topic, Title, Text string
	// Score is the cosine similarity of question and passage.
	Score float64
}
