package shop

import "time"

// Sales is what was bought of a product on one day.
type Sales struct {
	SKU string
	// Day begins at midnight UTC.
	Day time.Time
	// Units are pieces, Purchases how often it was bought, whatever the number of pieces.
	Units, Purchases float64
	// Revenue is what was paid for those of the Units whose price is known, which are Priced; both 0 where none is.
	Revenue Money
	Priced  float64
}

// Offer is a change of what a product costs, or of whether it can be bought. It holds until the product's next.
type Offer struct {
	SKU   string
	At    time.Time
	Price Money
	// Open is false from when the product was sold out or not sold any more.
	Open bool
}
