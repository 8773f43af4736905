package shop

// Lang is the language of an utterance or an answer: an ISO 639-1 code.
type Lang string

// The languages that Floorwalker speaks.
const (
	English Lang = "en"
	Chinese Lang = "zh"
)

// Intent is what a customer wants with one utterance.
type Intent string

// The closed list of intents. A parser never returns another.
const (
	IntentSearch          Intent = "search"
	IntentRefine          Intent = "refine"
	IntentRecommend       Intent = "recommend"
	IntentCompare         Intent = "compare"
	IntentProductQuestion Intent = "product_question"
	IntentAddToCart       Intent = "add_to_cart"
	IntentRemoveFromCart  Intent = "remove_from_cart"
	IntentViewCart        Intent = "view_cart"
	IntentCheckout        Intent = "checkout"
	IntentOrderStatus     Intent = "order_status"
	IntentReturnRefund    Intent = "return_refund"
	IntentFAQ             Intent = "faq"
	IntentComplaint       Intent = "complaint"
	IntentHandoff         Intent = "handoff"
	IntentGreeting        Intent = "greeting"
	IntentThanks          Intent = "thanks"
	IntentGoodbye         Intent = "goodbye"
	IntentOutOfScope      Intent = "out_of_scope"
)

// Intents lists every intent, sorted as prompts and schemas show them.
func Intents() []Intent {
	return []Intent{IntentAddToCart, IntentCheckout, IntentCompare, IntentComplaint, IntentFAQ, IntentGoodbye,
		IntentGreeting, IntentHandoff, IntentOrderStatus, IntentOutOfScope, IntentProductQuestion, IntentRecommend,
		IntentRefine, IntentRemoveFromCart, IntentReturnRefund, IntentSearch, IntentThanks, IntentViewCart}
}

// Slots are the details of one utterance, as the customer said them. The zero value says nothing.
type Slots struct {
	// Product is the head noun phrase as said: "wireless mouse", "跑步鞋".
	Product  string `json:"product,omitempty"`
	Brand    string `json:"brand,omitempty"`
	Color    string `json:"color,omitempty"`
	Size     string `json:"size,omitempty"`
	Material string `json:"material,omitempty"`
	// Audience is men, women, kids, boys, girls, baby, unisex, or empty.
	Audience string `json:"audience,omitempty"`
	// PriceMin and PriceMax are numbers of major units as spoken; they become Money when the need is built.
	PriceMin *float64 `json:"price_min,omitempty"`
	PriceMax *float64 `json:"price_max,omitempty"`
	// Currency is ISO 4217, empty when the customer named none.
	Currency string `json:"currency,omitempty"`
	Sort     Sort   `json:"sort,omitempty"`
	// Exclude is what the customer does not want: brands, colours, materials, kinds.
	Exclude []string `json:"exclude,omitempty"`
	// Reference are 1-based positions in the list of products shown last.
	Reference []int  `json:"reference,omitempty"`
	Quantity  int    `json:"quantity,omitempty"`
	OrderID   string `json:"order_id,omitempty"`
	// Topic is shipping, returns, payment, warranty, privacy or hours.
	Topic string `json:"topic,omitempty"`
}

// Others are values that will do as well as the one of their kind that was said first: "red or blue" has the colour red, and
// blue here.
type Others struct {
	Brands    []string `json:"other_brands,omitempty"`
	Colors    []string `json:"other_colors,omitempty"`
	Materials []string `json:"other_materials,omitempty"`
}

// Parse is the meaning that a parser found in an utterance.
type Parse struct {
	Intent Intent `json:"intent"`
	Slots  Slots  `json:"slots"`
	// Others go beside the slots' brand, colour and material.
	Others Others `json:"others,omitzero"`
	Lang   Lang   `json:"lang"`
	// Confidence is the parser's own estimate from 0 to 1 that the intent is right.
	Confidence float64 `json:"confidence"`
	// Parser says who answered: "local" or "llm".
	Parser string `json:"parser"`
	// Fallback says why the LLM did not answer where it was asked: "down", "late", "invalid", "breaker", or "".
	Fallback string `json:"fallback,omitempty"`
}

// Utterance is what a parser is given: the words and what they can refer to.
type Utterance struct {
	Text string
	// History holds earlier utterances of the customer, oldest first.
	History []string
	// Summary is what the conversation was about before that; empty where it is short.
	Summary string
	// Shown are the products on the customer's screen, in their order; position 1 is Shown[0].
	Shown []ShownProduct
}

// ShownProduct is what the conversation remembers of a product that it showed.
type ShownProduct struct {
	SKU   string `json:"sku,omitempty"`
	Title string `json:"title"`
	Brand string `json:"brand,omitempty"`
	Price Money  `json:"price"`
	Color string `json:"color,omitempty"`
}
