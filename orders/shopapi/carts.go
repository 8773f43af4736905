package shopapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Carts are the carts that the shop's own system keeps. Titles, prices and totals are as it tells them. It is safe for
// concurrent use, also by several processes.
type Carts struct {
	api  *Client
	pool *pgxpool.Pool
}

// NewCarts makes carts over the API; the migrated database remembers which carts are to be merged.
func NewCarts(api *Client, pool *pgxpool.Pool) *Carts { return &Carts{api, pool} }

// Get is the owner's cart, oldest line first.
func (c *Carts) Get(ctx context.Context, owner string) (shop.Cart, error) {
	return c.change(ctx, http.MethodGet, nil, owner)
}

// Add puts quantity more pieces of a product into the cart and returns it. No more go in than are in stock: compare the
// line's quantity. An unknown product is an error of code not_found, one that is sold out an error of code conflict.
func (c *Carts) Add(ctx context.Context, owner, sku string, quantity int) (shop.Cart, error) {
	if quantity < 1 {
		return shop.Cart{}, shop.Errorf(shop.CodeBadRequest, "Say how many pieces to add: at least one.")
	}
	return c.change(ctx, http.MethodPost, map[string]any{"sku": sku, "quantity": quantity}, owner, "lines")
}

// Set makes a line's quantity the given one; line is the line's id or the SKU. 0 removes it. Where the cart has no such
// line, the SKU's product is put into it; what is no product either has the error code not_found.
func (c *Carts) Set(ctx context.Context, owner, line string, quantity int) (shop.Cart, error) {
	if quantity < 0 {
		return shop.Cart{}, shop.Errorf(shop.CodeBadRequest, "A quantity can't be negative. Send 0 to remove the line.")
	}
	return c.change(ctx, http.MethodPut, map[string]any{"quantity": quantity}, owner, "lines", line)
}

// Take notes in the caller's transaction that a visitor's cart belongs to a customer from now on. The shop is told
// before the customer's cart is next read or changed.
func (c *Carts) Take(queue func(sql string, args ...any), visitor, customer string) {
	queue(takeCart, visitor, customer)
}

// change makes a call whose answer is a cart.
func (c *Carts) change(ctx context.Context, method string, in any, owner string, path ...string) (shop.Cart, error) {
	if err := c.settle(ctx, owner); err != nil {
		return shop.Cart{}, err
	}
	var cart shop.Cart
	if err := c.api.call(ctx, method, append([]string{"carts", owner}, path...), in, &cart); err != nil {
		return shop.Cart{}, fmt.Errorf("cart: %w", err)
	}
	if err := checkCart(&cart); err != nil {
		return shop.Cart{}, fmt.Errorf("cart: %w", err)
	}
	return cart, nil
}

// settle tells the shop of the visitors' carts that the owner has taken. Telling it twice changes nothing.
func (c *Carts) settle(ctx context.Context, owner string) error {
	visitors, err := taken(ctx, c.pool, owner)
	if err != nil {
		return fmt.Errorf("read which carts are to be merged: %w", err)
	}
	for _, visitor := range visitors {
		err := c.api.call(ctx, http.MethodPut, []string{"carts", owner, "taken", visitor}, struct{}{}, nil)
		if code, _ := shop.CodeOf(err); err != nil && code != shop.CodeNotFound { // a visitor who chose nothing has no cart
			return fmt.Errorf("merge carts: %w", err)
		}
		if err := settled(ctx, c.pool, visitor, owner); err != nil {
			return fmt.Errorf("note that a cart is merged: %w", err)
		}
	}
	return nil
}

// checkCart refuses what can't be a cart, and makes its texts fit to be shown.
func checkCart(cart *shop.Cart) error {
	if len(cart.Lines) > mostLines || cart.Total.Minor < 0 || len(cart.Lines) > 0 && len(cart.Total.Currency) != 3 {
		return unavailable(errors.New("the cart has too many lines, or its total is no amount"))
	}
	if cart.Lines == nil {
		cart.Lines = []shop.CartLine{}
	}
	for i := range cart.Lines {
		l := &cart.Lines[i]
		if l.SKU == "" || l.Quantity < 1 || l.Price.Minor < 0 || len(l.Price.Currency) != 3 {
			return unavailable(errors.New("a cart's line has no SKU, no quantity or no price"))
		}
		if l.ID == "" {
			l.ID = l.SKU
		}
		l.Title = plain(l.Title, longestText)
	}
	return nil
}
