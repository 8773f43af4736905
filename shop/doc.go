// Package shop is the vocabulary of Floorwalker: what a product, an amount of money, an utterance's
// meaning, a session's state and an assistant's answer are. It does no I/O and imports only the
// standard library, so every other package can speak it.
//
//	price := shop.Money{Minor: 7999, Currency: "USD"}
//	need := shop.Query{Text: "running shoes", Lang: shop.English,
//		Filter: shop.Filter{PriceMax: &price, InStock: true}, Limit: 24}
//	candidates, err := searcher.Search(ctx, need)
package shop
