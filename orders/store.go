package orders

import (
	"context"
	"errors"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// row is a stored cart line.
type row struct {
	ID, SKU  string
	Quantity int
}

func (c *Carts) lines(ctx context.Context, owner string) ([]row, error) {
	rows, err := c.pool.Query(ctx, `SELECT id::text, sku, quantity FROM cart_lines WHERE owner = $1 ORDER BY added_at, sku`, owner)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[row])
}

// add raises a line's quantity to at most most. The count of lines is taken under a lock on the owner, so that
// two devices together don't exceed it.
func (c *Carts) add(ctx context.Context, owner, sku string, quantity, most int) error {
	return pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
		if err := lockOwner(ctx, tx, owner); err != nil {
			return err
		}
		var others int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM cart_lines WHERE owner = $1 AND sku <> $2`, owner, sku).Scan(&others); err != nil {
			return err
		}
		if others >= c.o.MaxLines {
			return shop.Errorf(shop.CodeConflict, "The cart is full. Remove something before you add more.")
		}
		_, err := tx.Exec(ctx, `INSERT INTO cart_lines (id, owner, sku, quantity) VALUES ($1, $2, $3, $4)
			ON CONFLICT (owner, sku) DO UPDATE SET quantity = least(cart_lines.quantity + excluded.quantity, $5)`,
			newID(), owner, sku, quantity, most)
		return err
	})
}

const lockCart = `SELECT pg_advisory_xact_lock(hashtextextended('cart of ' || $1, 0))`

func lockOwner(ctx context.Context, tx pgx.Tx, owner string) error {
	_, err := tx.Exec(ctx, lockCart, owner)
	return err
}

// sku finds the line that an id or a SKU names.
func (c *Carts) sku(ctx context.Context, owner, line string) (sku string, err error) {
	err = c.pool.QueryRow(ctx, `SELECT sku FROM cart_lines WHERE owner = $1 AND (id::text = $2 OR sku = $2)
		ORDER BY id::text = $2 DESC LIMIT 1`, owner, line).Scan(&sku)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", shop.Errorf(shop.CodeNotFound, "This is not in the cart any more.")
	}
	return sku, err
}

func (c *Carts) set(ctx context.Context, owner, sku string, quantity int) error {
	_, err := c.pool.Exec(ctx, `UPDATE cart_lines SET quantity = $3 WHERE owner = $1 AND sku = $2`, owner, sku, quantity)
	return err
}

func (c *Carts) remove(ctx context.Context, owner, sku string) error {
	_, err := c.pool.Exec(ctx, `DELETE FROM cart_lines WHERE owner = $1 AND sku = $2`, owner, sku)
	return err
}

func (c *Carts) clear(ctx context.Context, owner string) error {
	_, err := c.pool.Exec(ctx, `DELETE FROM cart_lines WHERE owner = $1`, owner)
	return err
}

// lockOrder reads an order for a change.
func lockOrder(ctx context.Context, tx pgx.Tx, orderID string) (shop.Order, error) {
	rows, err := tx.Query(ctx, `SELECT `+orderColumns+` FROM orders WHERE key = $1 FOR UPDATE`, orderKey(orderID))
	if err != nil {
		return shop.Order{}, err
	}
	order, err := pgx.CollectExactlyOneRow(rows, scanOrder)
	if errors.Is(err, pgx.ErrNoRows) {
		return shop.Order{}, errNoOrder
	}
	return order, err
}

// requested reports whether a request for the order was taken already.
func requested(ctx context.Context, tx pgx.Tx, request, key string) (known bool, err error) {
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM return_requests WHERE id = $1 AND order_key = $2)`, request, key).Scan(&known)
	return known, err
}

func insertReturn(ctx context.Context, tx pgx.Tx, r shop.ReturnRequest) error {
	if _, err := tx.Exec(ctx, `INSERT INTO return_requests (id, order_key, customer, skus) VALUES ($1, $2, $3, $4)`,
		r.ID, orderKey(r.Order), r.Customer, r.SKUs); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE orders SET status = $2, updated_at = now() WHERE key = $1`, orderKey(r.Order), shop.StatusReturnRequested)
	return err
}

func (c *Customers) one(ctx context.Context, id string) (found shop.Customer, err error) {
	err = c.pool.QueryRow(ctx, `SELECT id, name, email, lang FROM customers WHERE id = $1`, id).Scan(&found.ID, &found.Name, &found.Email, &found.Lang)
	if errors.Is(err, pgx.ErrNoRows) {
		return found, shop.Errorf(shop.CodeNotFound, "There is no such customer.")
	}
	return found, err
}

func queueCustomer(b *pgx.Batch, c shop.Customer) {
	b.Queue(`INSERT INTO customers (id, name, email, lang) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email, lang = excluded.lang, updated_at = now()`,
		c.ID, c.Name, c.Email, string(c.Lang))
}

// sold are the lines of orders of the days, by product and day. Days are as the shop wrote them, and read by the caller.
func (o *Orders) sold(ctx context.Context, from, to string) ([]soldRow, error) {
	rows, err := o.pool.Query(ctx, `SELECT line->>'sku', left(placed_at, 10), line->'price'->>'currency', sum((line->>'quantity')::bigint)::float8, count(*)::float8,
			sum((line->>'quantity')::bigint * (line->'price'->>'minor')::bigint)::bigint
		FROM orders, jsonb_array_elements(lines) line
		WHERE left(placed_at, 10) >= $1 AND left(placed_at, 10) < $2 AND status !~* '^\s*cancell?ed' AND line->>'sku' <> ''
		GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`, from, to)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[soldRow])
}
