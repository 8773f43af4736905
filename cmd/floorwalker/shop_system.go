package main

import (
	"context"
	"io"
	"log/slog"
	"os"

	"floorwalker/orders"
	"floorwalker/orders/shopapi"
	"floorwalker/retrieval"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgxpool"
)

// shopSystem says who keeps carts, orders and customers.
type shopSystem struct {
	ShopAPI      string `name:"shop-api" help:"Address of the shop's own API, which then keeps carts, orders and customers (docs/shop-api.md). Tables of our own when empty." env:"FLOORWALKER_SHOP_API"`
	ShopAPIToken string `name:"shop-api-token" help:"Bearer token that the shop's API asks for." env:"FLOORWALKER_SHOP_API_TOKEN"`
}

// belongings are what keeps carts, orders and customers.
type belongings struct {
	carts interface {
		Get(ctx context.Context, owner string) (shop.Cart, error)
		Add(ctx context.Context, owner, sku string, quantity int) (shop.Cart, error)
		Set(ctx context.Context, owner, line string, quantity int) (shop.Cart, error)
		Take(queue func(sql string, args ...any), visitor, customer string)
	}
	orders interface {
		Find(ctx context.Context, id string) (shop.Order, error)
		Of(ctx context.Context, customer string) ([]shop.Order, error)
		RequestReturn(ctx context.Context, r shop.ReturnRequest) (shop.Order, error)
	}
	customers interface {
		Customer(ctx context.Context, id string) (shop.Customer, error)
	}
	// api is nil where they are tables of our own.
	api *shopapi.Client
}

func (b belongings) close() {
	if b.api != nil {
		b.api.Close()
	}
}

func (c shopSystem) open(pool *pgxpool.Pool, catalogue *retrieval.Store, rates shop.Rates, log *slog.Logger) (belongings, error) {
	if c.ShopAPI == "" {
		return belongings{carts: orders.NewCarts(pool, catalogue, orders.CartOptions{Rates: rates}), orders: orders.NewOrders(pool), customers: orders.NewCustomers(pool)}, nil
	}
	api, err := shopapi.New(c.ShopAPI, c.ShopAPIToken, shopapi.Options{Logger: log})
	if err != nil {
		return belongings{}, err
	}
	return belongings{carts: shopapi.NewCarts(api, pool), orders: api, customers: api, api: api}, nil
}

// importOrdersCmd takes orders in, importPeopleCmd those who have an account.
type importOrdersCmd struct {
	File string `arg:"" help:"Orders as docs/shop-api.md describes them, a JSON object a line; - is standard input."`
	services
}

type importPeopleCmd struct {
	File string `arg:"" help:"Customers as docs/shop-api.md describes them, a JSON object a line; - is standard input."`
	services
}

// Run imports all orders of the file, or none.
func (c *importOrdersCmd) Run(ctx context.Context, std streams) error {
	return importRows(ctx, c.File, c.services, std, func(pool *pgxpool.Pool, in io.Reader) (int, error) {
		return orders.NewOrders(pool).Import(ctx, in)
	})
}

// Run imports all customers of the file, or none.
func (c *importPeopleCmd) Run(ctx context.Context, std streams) error {
	return importRows(ctx, c.File, c.services, std, func(pool *pgxpool.Pool, in io.Reader) (int, error) {
		return orders.NewCustomers(pool).Import(ctx, in)
	})
}

// importRows prints how many rows were read as one JSON object.
func importRows(ctx context.Context, path string, s services, std streams, take func(pool *pgxpool.Pool, in io.Reader) (int, error)) (err error) {
	in := std.in
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	return withDatabase(ctx, s, std, func(db *database) error {
		n, err := take(db.pool, in)
		if err != nil {
			return err
		}
		return printJSON(std.out, map[string]int{"rows": n})
	})
}
