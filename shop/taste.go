package shop

import "regexp"

// Shopper is whose behaviour is spoken of.
type Shopper struct {
	// Client is the verified customer, else the session; Session is the conversation that goes on.
	Client, Session string
	// Platform is where the customer is: what he allows is asked on each apart. Empty is PlatformWeb.
	Platform string
}

// PlatformWeb is where a customer is who says nothing else.
const PlatformWeb = "web"

var platformName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,31}$`)

// IsPlatform reports whether a text can name a platform.
func IsPlatform(name string) bool { return platformName.MatchString(name) }

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

// Liking is how much a product says of what a customer likes now, above 0 to 1; -1 for one that he turned down.
type Liking struct {
	SKU    string
	Weight float64
}
