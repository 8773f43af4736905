// Package sponsored puts paid products among those that a customer is shown, and charges for clicks.
//
//	ads := sponsored.New(pool, sponsored.Options{Predict: events.Shares})
//	cards, err := ads.Place(ctx, shelf)              // at most one in four, labelled, never the first
//	err = ads.Clicked(ctx, session, rankingID, sku)  // charged once, and never beyond the budget
//
// It changes no limit of the customer: only what the search itself found good enough is placed. It knows no catalogue,
// no ranking and no wire.
package sponsored
