// Package grounding keeps a model's words to the facts that it was given. The model writes placeholders where
// facts belong; a Checker puts the facts in while the words stream by, and takes out what the facts do not
// carry: figures, prices, names, addresses, promises. What it lets through depends on the text alone, not on
// the pieces that it comes in.
//
//	c := grounding.NewChecker(grounding.Sheet{Lang: shop.English, Draft: "The closest match is [1].",
//		Facts: []string{"Trail Daypack ($49.99)"}})
//	send(c.Write("Have a look at [1]"))           // "Have a look at Trail Daypack ($49.99)"
//	send(c.Write(", now only $10 with 90% off."))  // "."
//	send(c.Close())
//	c.Removed() // 1
//
// Prices and Links read what an answer names, for whoever checks answers afterwards.
package grounding
