package pgtest_test

import (
	"testing"

	"floorwalker/embedded/pgtest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

func database(t *testing.T, pool *pgxpool.Pool) (name string, migrations int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), "SELECT current_database(), count(*) FROM goose_db_version").Scan(&name, &migrations); err != nil {
		t.Fatal(err)
	}
	return name, migrations
}

func TestEachTestHasAMigratedDatabaseOfItsOwnThatGoesAfterwards(t *testing.T) {
	outer := pgtest.New(t)
	kept, migrations := database(t, outer)
	if migrations < 2 { // goose counts its own table as the first
		t.Errorf("%d migrations are applied, want all", migrations)
	}
	var inner string
	t.Run("another test", func(t *testing.T) {
		pool := pgtest.New(t)
		inner, _ = database(t, pool)
		if _, err := pool.Exec(t.Context(), "CREATE TABLE mine ()"); err != nil {
			t.Fatal(err)
		}
	})
	if inner == kept {
		t.Errorf("both tests had %s", kept)
	}
	rows, err := outer.Query(t.Context(), "SELECT datname FROM pg_database WHERE datname IN ($1, $2)", kept, inner)
	if err != nil {
		t.Fatal(err)
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 || left[0] != kept {
		t.Errorf("databases left: %v, want %s alone", left, kept)
	}
}

func TestDatabasesAreMadeInParallel(t *testing.T) {
	for _, name := range []string{"one", "two", "three", "four"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := pgtest.New(t).Exec(t.Context(), "CREATE TABLE mine ()"); err != nil {
				t.Error(err)
			}
		})
	}
}
