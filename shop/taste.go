package shop

// Taste is what a customer may like by what customers did, best first; empty where nothing is known.
type Taste struct {
	// Model says what the list rests on: "taste" for what this customer did, "popularity" for what all customers like.
	Model    string
	Products []Suggestion
}

// Suggestion is one product of a Taste.
type Suggestion struct {
	SKU string
	// Bought is true where the customer has bought it.
	Bought bool
}
