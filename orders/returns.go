package orders

import (
	"context"
	"fmt"
	"slices"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// RequestReturn notes that a customer sends lines of a delivered order back, and sets the order's status. An order that
// is not the customer's is not found; one that can't go back, or a line that it doesn't have, is an error of code
// conflict. The same request made again is one.
func (o *Orders) RequestReturn(ctx context.Context, r shop.ReturnRequest) (shop.Order, error) {
	if r.ID == "" || r.Customer == "" || len(r.SKUs) == 0 {
		return shop.Order{}, shop.Errorf(shop.CodeBadRequest, "Say what of which order goes back.")
	}
	var order shop.Order
	err := pgx.BeginFunc(ctx, o.pool, func(tx pgx.Tx) (err error) {
		if order, err = lockOrder(ctx, tx, r.Order); err != nil {
			return err
		}
		if order.Customer != r.Customer {
			return errNoOrder
		}
		if known, err := requested(ctx, tx, r.ID, orderKey(r.Order)); known || err != nil {
			return err
		}
		if !order.Returnable() {
			return shop.Errorf(shop.CodeConflict, "This order can't be sent back now: it is %s.", order.Status)
		}
		for _, sku := range r.SKUs {
			if !slices.ContainsFunc(order.Lines, func(l shop.OrderLine) bool { return l.SKU == sku }) {
				return shop.Errorf(shop.CodeConflict, "This product is not in the order.")
			}
		}
		order.Status = shop.StatusReturnRequested
		return insertReturn(ctx, tx, r)
	})
	if err != nil {
		return shop.Order{}, fmt.Errorf("request a return: %w", err)
	}
	return order, nil
}
