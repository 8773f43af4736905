// Package orders keeps customers' carts and knows the orders that were made earlier. A cart holds article
// numbers and quantities alone: titles and prices are the catalogue's at the time of reading, so a cart never
// shows a stale price. Payment and shipping are the shop's own system's; nothing here changes an order.
//
//	carts := orders.NewCarts(pool, catalogue, orders.CartOptions{})
//	cart, err := carts.Add(ctx, owner, "sku-1", 2) // at most what is in stock
//	cart, err = carts.Set(ctx, owner, cart.Lines[0].ID, 1)
//
//	book := orders.NewOrders(pool)
//	n, err := book.Import(ctx, file) // one shop.Order a line
//	order, err := book.Find(ctx, "A-10482")
package orders
