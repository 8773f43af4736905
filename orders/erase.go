package orders

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Export is what carts hold that are a customer's or a session's, and the customer's orders.
func Export(ctx context.Context, tx pgx.Tx, customer string, sessions []string) (map[string][]json.RawMessage, error) {
	all := map[string][]json.RawMessage{}
	for table, sql := range map[string]string{
		"carts":           `SELECT row_to_json(t) FROM cart_lines t WHERE owner = ANY ($2) OR $1 <> '' AND owner = $1 ORDER BY owner, sku`,
		"orders":          `SELECT row_to_json(t) FROM orders t WHERE $1 <> '' AND customer = $1 AND $2::text[] IS NOT NULL ORDER BY key`,
		"accounts":        `SELECT row_to_json(t) FROM customers t WHERE $1 <> '' AND id = $1 AND $2::text[] IS NOT NULL`,
		"return_requests": `SELECT row_to_json(t) FROM return_requests t WHERE $1 <> '' AND customer = $1 AND $2::text[] IS NOT NULL ORDER BY requested_at`,
	} {
		rows, err := tx.Query(ctx, sql, customer, sessions)
		if err == nil {
			all[table], err = pgx.CollectRows(rows, pgx.RowTo[json.RawMessage])
		}
		if err != nil {
			return nil, fmt.Errorf("export %s: %w", table, err)
		}
	}
	return all, nil
}

// Erase deletes those carts and orders, and the account. What the shop's own system tells again comes back.
func Erase(ctx context.Context, tx pgx.Tx, customer string, sessions []string) error {
	for table, sql := range map[string]string{
		"carts":          `DELETE FROM cart_lines WHERE owner = ANY ($2) OR $1 <> '' AND owner = $1`,
		"carts to merge": `DELETE FROM carts_to_merge WHERE visitor = ANY ($2) OR $1 <> '' AND customer = $1`,
		"orders":         `DELETE FROM orders WHERE $1 <> '' AND customer = $1 AND $2::text[] IS NOT NULL`, // return requests go with them
		"the account":    `DELETE FROM customers WHERE $1 <> '' AND id = $1 AND $2::text[] IS NOT NULL`,
	} {
		if _, err := tx.Exec(ctx, sql, customer, sessions); err != nil {
			return fmt.Errorf("erase %s: %w", table, err)
		}
	}
	return nil
}
