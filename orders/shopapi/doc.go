// Package shopapi reads and changes carts, orders and customers that the shop's own system keeps, over the HTTP API that
// docs/shop-api.md describes. It stands in for the tables of package orders: the methods and the error codes are the same.
// What does not answer in time is an error of code unavailable.
//
//	api, err := shopapi.New("https://shop.example/assistant", token, shopapi.Options{})
//	carts := shopapi.NewCarts(api, pool) // pool keeps which carts are still to be merged
//	cart, err := carts.Add(ctx, owner, "sku-1", 2)
//	order, err := api.Find(ctx, "A-10482")
package shopapi
