package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
)

// births opens a server on an empty database and kills it at a migration, in each phase of its commit; then it must open.
// A short run does it once, a very short one never.
func (t *trial) births(ctx context.Context) error {
	const short, whole = 20, 100 // rounds
	for p := range phases {
		if t.c.Rounds < short {
			break
		}
		if err := t.birth(ctx, p); err != nil {
			return fmt.Errorf("a server on an empty database, killed %s a migration's commit: %w", p, err)
		}
		if t.c.Rounds < whole {
			break
		}
	}
	return nil
}

func (t *trial) birth(ctx context.Context, p phase) error {
	t.done++
	name := fmt.Sprint("birth_", p)
	if _, err := t.pool.Exec(ctx, `CREATE DATABASE `+pgx.Identifier{name}.Sanitize()); err != nil {
		return err
	}
	address, err := url.Parse(t.postgres.URL())
	if err != nil {
		return err
	}
	address.Path = "/" + name
	r, err := t.newReplica(name, address.String(), t.cache())
	if err != nil {
		return err
	}
	defer r.wire.close()
	defer r.kill()
	at := place{"*goose_db_version", p}
	struck := r.wire.arm(at, r.kill)
	r.wire.skip(t.random.IntN(migrationsPassed))
	if err := r.start(); err != nil {
		return err
	}
	const patience = 2 * time.Minute
	select {
	case <-struck:
		t.struck[at]++
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(patience):
		return fmt.Errorf("no migration passed in %s", patience)
	}
	if err := r.start(); err != nil {
		return err
	}
	if err := t.await(ctx, r, 3*time.Minute); err != nil {
		return err
	}
	if err := t.sameTables(ctx, address.String()); err != nil {
		return err
	}
	say("round %d: %s %s a migration, and open again", t.done, r.name, p)
	return nil
}

// migrationsPassed is up to how many migrations pass before the one that is struck.
const migrationsPassed = 8

// sameTables compares the new database's tables and columns with those that everybody talks on.
func (t *trial) sameTables(ctx context.Context, address string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	const schema = `SELECT md5(string_agg(table_name || '.' || column_name || ' ' || data_type, ',' ORDER BY table_name, column_name)), count(*)
		FROM information_schema.columns WHERE table_schema = 'public' AND table_name !~ '_[0-9]{4}_[0-9]{2}$'`
	var old, born string
	var columns, there int
	if err := t.pool.QueryRow(ctx, schema).Scan(&old, &columns); err != nil {
		return err
	}
	if err := conn.QueryRow(ctx, schema).Scan(&born, &there); err != nil {
		return err
	}
	if born != old {
		return fmt.Errorf("its tables have %d columns and others than the %d that were migrated undisturbed", there, columns)
	}
	return nil
}
