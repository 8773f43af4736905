package web_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
)

// poolOf is a pool with which tests look at what is stored.
type poolOf struct{ *pgxpool.Pool }

func poolFor(t testing.TB, address string) *poolOf {
	t.Helper()
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 10
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return &poolOf{pool}
}

// get reads one row.
func (p *poolOf) get(t testing.TB, sql string, args []any, into ...any) {
	t.Helper()
	if err := p.QueryRow(t.Context(), sql, args...).Scan(into...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
