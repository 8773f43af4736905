package shopapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"floorwalker/shop"
)

// Bounds of what is taken of the API.
const (
	mostOrders  = 50
	mostLines   = 200
	longestText = 300 // of a title or another word, in code points
)

// Find reads one order by its number; without such an order the error has code not_found. Who may see what of it is the
// caller's to decide.
func (c *Client) Find(ctx context.Context, orderID string) (shop.Order, error) {
	if plain(orderID, longestText) == "" {
		return shop.Order{}, shop.Errorf(shop.CodeNotFound, "There is no order of this number. Check it and try again.")
	}
	var o shop.Order
	if err := c.call(ctx, http.MethodGet, []string{"orders", plain(orderID, longestText)}, nil, &o); err != nil {
		return shop.Order{}, fmt.Errorf("find order: %w", err)
	}
	if err := check(&o); err != nil {
		return shop.Order{}, fmt.Errorf("find order: %w", err)
	}
	return o, nil
}

// Of are the customer's latest orders, newest first, at most 50.
func (c *Client) Of(ctx context.Context, customer string) ([]shop.Order, error) {
	if customer == "" {
		return nil, nil
	}
	var found struct {
		Orders []shop.Order `json:"orders"`
	}
	err := c.call(ctx, http.MethodGet, []string{"customers", customer, "orders"}, nil, &found)
	if code, _ := shop.CodeOf(err); err != nil && code == shop.CodeNotFound {
		return nil, nil // who never bought anything may be unknown
	}
	if err != nil {
		return nil, fmt.Errorf("read a customer's orders: %w", err)
	}
	all := found.Orders[:min(len(found.Orders), mostOrders)]
	for i := range all {
		if err := check(&all[i]); err != nil {
			return nil, fmt.Errorf("read a customer's orders: %w", err)
		}
		if all[i].Customer != customer {
			return nil, fmt.Errorf("read a customer's orders: %w", unavailable(errors.New("an order of somebody else came along")))
		}
	}
	return all, nil
}

// RequestReturn tells the shop that a customer sends lines of a delivered order back. An order that can't go back is an
// error of code conflict. The same request made again is one.
func (c *Client) RequestReturn(ctx context.Context, r shop.ReturnRequest) (shop.Order, error) {
	var o shop.Order
	if err := c.call(ctx, http.MethodPut, []string{"orders", r.Order, "returns", r.ID}, r, &o); err != nil {
		return shop.Order{}, fmt.Errorf("request a return: %w", err)
	}
	if err := check(&o); err != nil {
		return shop.Order{}, fmt.Errorf("request a return: %w", err)
	}
	return o, nil
}

// Customer is what the shop knows of a customer; nobody of this id is an error of code not_found.
func (c *Client) Customer(ctx context.Context, id string) (shop.Customer, error) {
	var found shop.Customer
	if err := c.call(ctx, http.MethodGet, []string{"customers", id}, nil, &found); err != nil {
		return shop.Customer{}, fmt.Errorf("read a customer: %w", err)
	}
	if found.ID != id {
		return shop.Customer{}, fmt.Errorf("read a customer: %w", unavailable(errors.New("it is another customer")))
	}
	found.Name, found.Email = plain(found.Name, longestText), plain(found.Email, longestText)
	return found, nil
}

// check refuses an order that can't be one, and makes its texts fit to be shown.
func check(o *shop.Order) error {
	switch {
	case o.ID == "", o.Status == "":
		return unavailable(errors.New("an order has no id or no status"))
	case len(o.Lines) > mostLines:
		return unavailable(fmt.Errorf("an order has %d lines", len(o.Lines)))
	case o.Total.Minor < 0, len(o.Total.Currency) != 3:
		return unavailable(errors.New("an order's total is no amount"))
	}
	for _, text := range []*string{&o.ID, &o.Status, &o.PlacedAt, &o.ETA, &o.Carrier, &o.Tracking} {
		*text = plain(*text, longestText)
	}
	for i := range o.Lines {
		l := &o.Lines[i]
		if l.Quantity < 1 || l.Price.Minor < 0 || len(l.Price.Currency) != 3 {
			return unavailable(errors.New("an order's line has no quantity or no price"))
		}
		l.Title = plain(l.Title, longestText)
	}
	return nil
}
