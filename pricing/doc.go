// Package pricing learns how customers answer to prices, and proposes better ones. It sets none by itself: a person accepts a
// proposal, which changes the price by the catalogue's own way, or rejects it.
//
//	market := pricing.Learn(pasts)                          // pure: elasticities of all products
//	finding := rules.Propose(pricing.Case{…}, now)          // a price inside the guard rails, or why there is none
//
//	book := pricing.New(pool, pricing.Options{…})
//	err := book.Night(ctx)                                  // anew every night, on one replica
//	err := book.Accept(ctx, id, pricing.Who{Name: "kim"})
//
// It knows no orders, events, stock or catalogue: they come as functions.
package pricing
