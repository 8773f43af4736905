package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"floorwalker/retrieval"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// exportCmd writes the catalogue out, or everything.
type exportCmd struct {
	Everything string `help:"Write all that the database holds into this folder, which is made: a file of JSON Lines for each table. Hashes and secrets by which somebody gets in are left out; backup keeps them." placeholder:"FOLDER"`
	services
}

// Run writes the catalogue to stdout, in the format that import reads.
func (c *exportCmd) Run(ctx context.Context, std streams) error {
	return withDatabase(ctx, c.services, std, func(db *database) error {
		if c.Everything != "" {
			tables, rows, err := exportEverything(ctx, db.pool, c.Everything)
			if err != nil {
				return err
			}
			fmt.Fprintf(std.err, "%d rows of %d tables. They hold conversations and customers: keep them as safe as the shop itself.\n", rows, tables)
			return nil
		}
		out := bufio.NewWriter(std.out)
		n, err := retrieval.NewStore(db.pool, nil, retrieval.Options{Logger: warnings(std.err)}).Export(ctx, out)
		if err = errors.Join(err, out.Flush()); err != nil {
			return err
		}
		fmt.Fprintf(std.err, "%d products\n", n)
		return nil
	})
}

// doorKeys are the columns by which somebody gets in, as hashes or not.
var doorKeys = []string{"secret_hash", "ticket_hash", "token_hash", "nonce_hash", "password_hash", "totp_secret", "totp_step"}

// exportEverything writes every table as it is at one moment. The folder must not be there.
func exportEverything(ctx context.Context, pool *pgxpool.Pool, folder string) (tables int, written int64, err error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return 0, 0, fmt.Errorf("make the folder: %w", err)
	}
	err = pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
			AND NOT relispartition AND relname <> 'goose_db_version' ORDER BY 1`)
		if err != nil {
			return err
		}
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, name := range names {
			n, err := exportTable(ctx, tx, name, filepath.Join(folder, name+".jsonl"))
			if err != nil {
				return fmt.Errorf("table %s: %w", name, err)
			}
			tables, written = tables+1, written+n
		}
		return nil
	})
	if err != nil {
		return 0, 0, fmt.Errorf("export everything: %w", err)
	}
	return tables, written, nil
}

// exportTable writes a table's rows, one JSON object a line.
func exportTable(ctx context.Context, tx pgx.Tx, name, file string) (n int64, err error) {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the operator names the folder
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	out := bufio.NewWriter(f)
	rows, err := tx.Query(ctx, `SELECT (to_jsonb(t) - $1::text[])::text FROM public.`+pgx.Identifier{name}.Sanitize()+` t`, doorKeys)
	if err != nil {
		return 0, err
	}
	var line string
	tag, err := pgx.ForEachRow(rows, []any{&line}, func() error {
		_, err := io.WriteString(out, line+"\n")
		return err
	})
	if err != nil {
		return 0, err
	}
	return tag.RowsAffected(), out.Flush()
}
