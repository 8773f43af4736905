// Package forecast foretells how many pieces of a product are bought, and says what to order and what runs out.
//
//	outlooks := forecast.Foresee(demands)                   // pure: one outlook a product
//	outlooks[0].Mean(7), outlooks[0].Quantile(0.95, 14)     // pieces in a week; what two weeks need 95 times in 100
//
//	book := forecast.New(pool, forecast.Options{Sales: sales, Offers: offers, Products: catalogue.Products})
//	err := book.Night(ctx)                                  // anew every night, on one replica
//	page, err := book.List(ctx, forecast.Query{Order: forecast.ByRisk})
//
// It knows no orders, events or catalogue: they come as functions. It orders nothing by itself.
package forecast
