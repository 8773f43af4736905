package orders

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Customers are those who have an account. It is safe for concurrent use.
type Customers struct{ pool *pgxpool.Pool }

// NewCustomers makes customers over a migrated database.
func NewCustomers(pool *pgxpool.Pool) *Customers { return &Customers{pool} }

// Customer is what is known of a customer; nobody of this id is an error of code not_found.
func (c *Customers) Customer(ctx context.Context, id string) (shop.Customer, error) {
	found, err := c.one(ctx, id)
	if err != nil {
		return shop.Customer{}, fmt.Errorf("read a customer: %w", err)
	}
	return found, nil
}

// Import reads one JSON customer a line and stores them all, or none where one is bad: the error then has code
// bad_request and names the line. Who is there already is replaced. It returns how many were read.
func (c *Customers) Import(ctx context.Context, r io.Reader) (int, error) {
	n, err := importLines(ctx, c.pool, r, func(b *pgx.Batch, line []byte) string {
		var one shop.Customer
		if err := json.Unmarshal(line, &one); err != nil {
			return err.Error()
		}
		switch {
		case strings.TrimSpace(one.ID) == "":
			return "it has no id"
		case strings.ContainsRune(one.ID+one.Name+one.Email+string(one.Lang), 0):
			return "it holds a character that can't be stored"
		}
		queueCustomer(b, one)
		return ""
	})
	if err != nil {
		return 0, fmt.Errorf("import customers: %w", err)
	}
	return n, nil
}
