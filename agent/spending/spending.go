// Package spending keeps how many tokens of the language model each customer and each network has used in the last
// hour, over all replicas, so that nobody takes the model from the others. Who has none left is answered by the
// local parser and by templates.
package spending

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"time"

	"floorwalker/agent/llm"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Options tune a Ledger. Zero is the default that stands beside it, a negative number no limit.
type Options struct {
	// Customer is what one customer, or one visitor's session, may use in an hour. Default 60,000.
	Customer int
	// Network is what all sessions from one address may use in an hour. Default 600,000.
	Network int
	// Logger gets what operators need. Default: discard.
	Logger *slog.Logger
}

// Ledger is a llm.Budget in PostgreSQL. It is safe for concurrent use.
type Ledger struct {
	pool *pgxpool.Pool
	o    Options
}

var _ llm.Budget = (*Ledger)(nil)

// NewLedger makes a ledger over a migrated database.
func NewLedger(pool *pgxpool.Pool, o Options) *Ledger {
	if o.Customer == 0 {
		o.Customer = 60_000
	}
	if o.Network == 0 {
		o.Network = 600_000
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Ledger{pool, o}
}

// Left is false where the customer or the network has used up its hour's tokens.
func (l *Ledger) Left(ctx context.Context, p llm.Payer) (bool, error) {
	used, err := l.used(ctx, l.accounts(p))
	if err != nil {
		return false, fmt.Errorf("look what tokens are left: %w", err)
	}
	for _, a := range l.accounts(p) {
		if used[a.key] >= a.limit {
			l.o.Logger.Info("no tokens of the language model are left for the hour", "of", a.kind, "used", used[a.key])
			return false, nil
		}
	}
	return true, nil
}

// Spend notes what was used.
func (l *Ledger) Spend(ctx context.Context, p llm.Payer, tokens int) error {
	if err := l.add(ctx, l.accounts(p), tokens); err != nil {
		return fmt.Errorf("note %d tokens: %w", tokens, err)
	}
	return nil
}

// Run forgets what is older than an hour, again and again until ctx ends.
func (l *Ledger) Run(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := l.sweep(ctx); err != nil && ctx.Err() == nil {
			l.o.Logger.Warn("old notes of tokens not deleted", "error", err)
		}
	}
}

// account is what one limit counts by. Its key is a hash: neither names nor addresses are stored.
type account struct {
	kind  string
	key   [sha256.Size]byte
	limit int
}

func (l *Ledger) accounts(p llm.Payer) (all []account) {
	if p.Customer != "" && l.o.Customer >= 0 {
		all = append(all, account{"customer", customerKey(p.Customer), l.o.Customer})
	}
	if p.Network != "" && l.o.Network >= 0 {
		all = append(all, account{"network", sha256.Sum256([]byte("network " + p.Network)), l.o.Network})
	}
	return all
}

func customerKey(name string) [sha256.Size]byte { return sha256.Sum256([]byte("customer " + name)) }
