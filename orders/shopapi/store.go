package shopapi

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// takeCart notes a merge that is to be made.
const takeCart = `INSERT INTO carts_to_merge (visitor, customer) VALUES ($1, $2) ON CONFLICT (visitor) DO UPDATE SET customer = excluded.customer`

// taken are the visitors whose carts the customer has taken and the shop may not know of yet, oldest first.
func taken(ctx context.Context, pool *pgxpool.Pool, customer string) ([]string, error) {
	rows, err := pool.Query(ctx, `SELECT visitor FROM carts_to_merge WHERE customer = $1 ORDER BY taken_at, visitor`, customer)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func settled(ctx context.Context, pool *pgxpool.Pool, visitor, customer string) error {
	_, err := pool.Exec(ctx, `DELETE FROM carts_to_merge WHERE visitor = $1 AND customer = $2`, visitor, customer)
	return err
}
