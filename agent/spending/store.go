package spending

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// The table model_tokens has a row for each account and five minutes.

func keys(accounts []account) (all [][]byte) {
	for _, a := range accounts {
		all = append(all, a.key[:])
	}
	return all
}

func (l *Ledger) used(ctx context.Context, accounts []account) (map[[sha256.Size]byte]int, error) {
	used := map[[sha256.Size]byte]int{}
	if len(accounts) == 0 {
		return used, nil
	}
	rows, err := l.pool.Query(ctx, `
		SELECT account, sum(tokens) FROM model_tokens
		WHERE account = ANY ($1) AND slot > now() - interval '1 hour' GROUP BY account`, keys(accounts))
	if err != nil {
		return nil, err
	}
	var key []byte
	var tokens int
	_, err = pgx.ForEachRow(rows, []any{&key, &tokens}, func() error {
		used[[sha256.Size]byte(key)] = tokens
		return nil
	})
	return used, err
}

// add takes the accounts in the order of their keys, so that two turns never wait for each other.
func (l *Ledger) add(ctx context.Context, accounts []account, tokens int) error {
	_, err := l.pool.Exec(ctx, `
		INSERT INTO model_tokens AS t (account, slot, tokens)
		SELECT a, date_bin('5 minutes', now(), 'epoch'), $2 FROM unnest($1::bytea[]) AS a ORDER BY a
		ON CONFLICT (account, slot) DO UPDATE SET tokens = t.tokens + excluded.tokens`, keys(accounts), tokens)
	return err
}

func (l *Ledger) sweep(ctx context.Context) error {
	_, err := l.pool.Exec(ctx, `DELETE FROM model_tokens WHERE slot < now() - interval '2 hours'`)
	return err
}

// Erase forgets what the customers, or visitors' sessions, used, in the caller's transaction.
func Erase(ctx context.Context, tx pgx.Tx, names []string) error {
	var all [][]byte
	for _, name := range names {
		key := customerKey(name)
		all = append(all, key[:])
	}
	if _, err := tx.Exec(ctx, `DELETE FROM model_tokens WHERE account = ANY ($1)`, all); err != nil {
		return fmt.Errorf("erase what customers used of the model: %w", err)
	}
	return nil
}
