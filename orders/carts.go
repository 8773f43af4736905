package orders

import (
	"context"
	"fmt"

	"floorwalker/shop"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Products reads the catalogue.
type Products interface {
	// Products returns the products in the asked order and leaves out what does not exist.
	Products(ctx context.Context, skus []string) ([]shop.Product, error)
}

// CartOptions limit carts. The zero value of each field stands for its default.
type CartOptions struct {
	// MaxQuantity is the most pieces of one product. Default 99.
	MaxQuantity int
	// MaxLines is the most products in one cart. Default 100.
	MaxLines int
	// Rates convert the prices of a cart that holds several currencies into the first line's for the total.
	Rates shop.Rates
}

// Carts are all customers' carts. It is safe for concurrent use, also by several processes.
type Carts struct {
	pool     *pgxpool.Pool
	products Products
	o        CartOptions
}

// NewCarts makes carts over a migrated database.
func NewCarts(pool *pgxpool.Pool, products Products, o CartOptions) *Carts {
	if o.MaxQuantity <= 0 {
		o.MaxQuantity = 99
	}
	if o.MaxLines <= 0 {
		o.MaxLines = 100
	}
	return &Carts{pool: pool, products: products, o: o}
}

// Get is the owner's cart, oldest line first. Products that are not sold any more are left out.
func (c *Carts) Get(ctx context.Context, owner string) (shop.Cart, error) {
	rows, err := c.lines(ctx, owner)
	if err != nil {
		return shop.Cart{}, fmt.Errorf("read cart: %w", err)
	}
	skus := make([]string, len(rows))
	for i, r := range rows {
		skus[i] = r.SKU
	}
	products, err := c.known(ctx, skus)
	if err != nil {
		return shop.Cart{}, fmt.Errorf("read cart: %w", err)
	}
	cart := shop.Cart{Lines: []shop.CartLine{}}
	for _, r := range rows {
		if p, ok := products[r.SKU]; ok {
			cart.Lines = append(cart.Lines, shop.CartLine{ID: r.ID, SKU: r.SKU, Title: p.Title, Quantity: r.Quantity, Price: p.Price})
		}
	}
	if err := c.total(&cart); err != nil {
		return shop.Cart{}, fmt.Errorf("read cart: %w", err)
	}
	return cart, nil
}

// Add puts quantity more pieces of a product into the cart and returns it. No more go in than are in stock
// and allowed: compare the line's quantity. An unknown product is an error of code not_found, one that is
// sold out an error of code conflict.
func (c *Carts) Add(ctx context.Context, owner, sku string, quantity int) (shop.Cart, error) {
	if quantity < 1 {
		return shop.Cart{}, shop.Errorf(shop.CodeBadRequest, "Say how many pieces to add: at least one.")
	}
	most, err := c.most(ctx, sku)
	if err != nil {
		return shop.Cart{}, fmt.Errorf("add %s to cart: %w", sku, err)
	}
	if err := c.add(ctx, owner, sku, min(quantity, most), most); err != nil {
		return shop.Cart{}, fmt.Errorf("add %s to cart: %w", sku, err)
	}
	return c.Get(ctx, owner)
}

// Set makes a line's quantity the given one; line is the line's id or the SKU. 0 removes it. No more than are
// in stock and allowed are set. Where the cart has no such line, the SKU's product is put into it; what is no
// product either has the error code not_found.
func (c *Carts) Set(ctx context.Context, owner, line string, quantity int) (shop.Cart, error) {
	if quantity < 0 {
		return shop.Cart{}, shop.Errorf(shop.CodeBadRequest, "A quantity can't be negative. Send 0 to remove the line.")
	}
	if quantity == 0 {
		return c.Remove(ctx, owner, line)
	}
	sku, err := c.sku(ctx, owner, line)
	if code, _ := shop.CodeOf(err); err != nil && code == shop.CodeNotFound {
		return c.Add(ctx, owner, line, quantity)
	}
	if err != nil {
		return shop.Cart{}, fmt.Errorf("change cart line: %w", err)
	}
	most, err := c.most(ctx, sku)
	if err != nil {
		return shop.Cart{}, fmt.Errorf("change cart line of %s: %w", sku, err)
	}
	if err := c.set(ctx, owner, sku, min(quantity, most)); err != nil {
		return shop.Cart{}, fmt.Errorf("change cart line of %s: %w", sku, err)
	}
	return c.Get(ctx, owner)
}

// Remove takes a line, by its id or SKU, out of the cart. Without such a line the error has code not_found.
func (c *Carts) Remove(ctx context.Context, owner, line string) (shop.Cart, error) {
	sku, err := c.sku(ctx, owner, line)
	if err != nil {
		return shop.Cart{}, fmt.Errorf("remove cart line: %w", err)
	}
	if err := c.remove(ctx, owner, sku); err != nil {
		return shop.Cart{}, fmt.Errorf("remove %s from cart: %w", sku, err)
	}
	return c.Get(ctx, owner)
}

// Clear empties the cart.
func (c *Carts) Clear(ctx context.Context, owner string) (shop.Cart, error) {
	if err := c.clear(ctx, owner); err != nil {
		return shop.Cart{}, fmt.Errorf("empty cart: %w", err)
	}
	return c.Get(ctx, owner)
}

// Take moves a visitor's cart into a customer's, as when somebody logs in: of a product that is in both, the
// larger quantity stays. Its statements go into the caller's transaction by queue.
func (c *Carts) Take(queue func(sql string, args ...any), visitor, customer string) {
	queue(lockCart, min(visitor, customer))
	queue(lockCart, max(visitor, customer))
	queue(`INSERT INTO cart_lines AS mine (id, owner, sku, quantity, added_at)
		SELECT gen_random_uuid(), $2, sku, quantity, added_at FROM cart_lines WHERE owner = $1
		ON CONFLICT (owner, sku) DO UPDATE SET quantity = greatest(mine.quantity, excluded.quantity)`, visitor, customer)
	queue(`DELETE FROM cart_lines WHERE owner = $1`, visitor)
}

// most is how many pieces of a product a cart may hold now.
func (c *Carts) most(ctx context.Context, sku string) (int, error) {
	products, err := c.known(ctx, []string{sku})
	if err != nil {
		return 0, err
	}
	p, ok := products[sku]
	if !ok {
		return 0, shop.Errorf(shop.CodeNotFound, "This product is not sold any more. Search for another one.")
	}
	if p.Stock < 1 {
		return 0, shop.Errorf(shop.CodeConflict, "This product is sold out. Search for another one.")
	}
	return min(p.Stock, c.o.MaxQuantity), nil
}

func (c *Carts) known(ctx context.Context, skus []string) (map[string]shop.Product, error) {
	if len(skus) == 0 {
		return nil, nil
	}
	products, err := c.products.Products(ctx, skus)
	if err != nil {
		return nil, err
	}
	bySKU := make(map[string]shop.Product, len(products))
	for _, p := range products {
		bySKU[p.SKU] = p
	}
	return bySKU, nil
}

// total sums up in the currency of the first line.
func (c *Carts) total(cart *shop.Cart) error {
	if len(cart.Lines) == 0 {
		return nil
	}
	cart.Total.Currency = cart.Lines[0].Price.Currency
	for _, line := range cart.Lines {
		price, ok := c.o.Rates.Convert(line.Price.Times(line.Quantity), cart.Total.Currency)
		if !ok {
			return fmt.Errorf("convert %s into %s: %w", line.Price.Currency, cart.Total.Currency, shop.ErrCurrency)
		}
		cart.Total.Minor += price.Minor
	}
	return nil
}

func newID() string { return uuid.NewString() }
