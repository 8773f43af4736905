// Package nightly is what books of products have in common that are made anew every night, as forecast's and pricing's are: one
// replica makes them, and what stands in them gets its product's title as it is read.
//
//	work := nightly.Work{Lock: 8_231_704_571, Due: 2 * time.Hour, Now: time.Now, Last: madeAt, Do: makeAll}
//	err := work.Once(ctx, pool)                             // nothing, where it was done since two in the night
//
//	err := nightly.Entitle(ctx, catalogue.Products, page, func(f *Forecast) (string, *string) { return f.SKU, &f.Title })
//
// It says neither when it looks again nor how long what was made is kept.
package nightly
