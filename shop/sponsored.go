package shop

import "time"

// Shelf is a list of products that is about to be shown, as paid placement looks at it.
type Shelf struct {
	RankingID string
	// Session is where it is shown, Client the verified customer, else the session.
	Session, Client string
	// Platform is where the customer is.
	Platform string
	// Text is the need in search words, empty where none was named.
	Text string
	Lang Lang
	// Candidates are all products that may be shown, best first: they meet every limit. The first Shown of them would
	// be shown. Relevance is what each is worth to the customer, 0 to 1.
	Candidates []Candidate
	Shown      int
}

// Touch is a click on a product whose place was paid for.
type Touch struct {
	Session, RankingID, SKU string
	// Shown and Clicked are when the server showed the card and heard of the click.
	Shown, Clicked time.Time
}

// Sale is a purchase that followed a touch.
type Sale struct {
	// Touch is the place of the latest touch before the purchase among those that were asked for, from 0.
	Touch int
	// Client is who bought, Pieces how many.
	Client string
	Pieces float64
	At     time.Time
}
