// Package orders keeps customers' carts and knows the orders that were made earlier. A cart holds article
// numbers and quantities alone: titles and prices are the catalogue's at the time of reading, so a cart never
// shows a stale price. Payment and shipping are the shop's own system's; of an order nothing is changed but that a return
// is requested. Package shopapi does the same over the shop's own HTTP API.
//
//	carts := orders.NewCarts(pool, catalogue, orders.CartOptions{})
//	cart, err := carts.Add(ctx, owner, "sku-1", 2) // at most what is in stock
//	cart, err = carts.Set(ctx, owner, cart.Lines[0].ID, 1)
//
//	book := orders.NewOrders(pool)
//	n, err := book.Import(ctx, file) // one shop.Order a line
//	order, err := book.Find(ctx, "A-10482")
//	order, err = book.RequestReturn(ctx, shop.ReturnRequest{ID: id, Order: order.ID, Customer: "ann", SKUs: []string{"sku-1"}})
package orders
