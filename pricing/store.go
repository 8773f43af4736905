package pricing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// nightLock is held by the replica that looks at the prices.
const nightLock = 8_231_704_572

func (b *Book) madeAt(ctx context.Context) (at time.Time, err error) {
	err = b.pool.QueryRow(ctx, `SELECT coalesce(max(made_at), 'epoch') FROM price_findings`).Scan(&at)
	return at, err
}

// replace puts findings and open proposals in place of those that were there.
func (b *Book) replace(ctx context.Context, findings []Finding, now time.Time) error {
	var found, proposed [][]any
	for _, f := range findings {
		raw, err := json.Marshal(f)
		if err != nil {
			return err
		}
		found = append(found, []any{f.SKU, now, string(f.Verdict), raw})
		if f.Verdict == Proposed {
			proposed = append(proposed, []any{f.SKU, now, f.Gain.Minor, raw, string(Open)})
		}
	}
	return pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM price_findings`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM price_proposals WHERE state = 'open'`); err != nil {
			return err
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"price_findings"}, []string{"sku", "made_at", "verdict", "finding"}, pgx.CopyFromRows(found)); err != nil {
			return err
		}
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"price_proposals"}, []string{"sku", "made_at", "gain_minor", "finding", "state"}, pgx.CopyFromRows(proposed))
		return err
	})
}

// decided is when a proposal for each product was decided on last.
func (b *Book) decided(ctx context.Context, skus []string) (map[string]time.Time, error) {
	rows, err := b.pool.Query(ctx, `SELECT sku, max(decided_at) FROM price_proposals WHERE sku = ANY ($1) AND decided_at IS NOT NULL GROUP BY sku`, skus)
	if err != nil {
		return nil, err
	}
	all := map[string]time.Time{}
	var sku string
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&sku, &at}, func() error {
		all[sku] = at.UTC()
		return nil
	})
	return all, err
}

const proposalColumns = `id, state, made_at, finding, coalesce(decided_at, 'epoch'), decided_by`

func scanProposal(row pgx.CollectableRow) (p Proposal, err error) {
	var raw []byte
	if err := row.Scan(&p.ID, &p.State, &p.MadeAt, &raw, &p.DecidedAt, &p.DecidedBy); err != nil {
		return p, err
	}
	if err := json.Unmarshal(raw, &p.Finding); err != nil {
		return p, err
	}
	p.MadeAt, p.Words = p.MadeAt.UTC(), p.String()
	if p.State == Open {
		p.DecidedAt = time.Time{}
	}
	p.DecidedAt = p.DecidedAt.UTC()
	return p, nil
}

func (b *Book) list(ctx context.Context, q Query) ([]Proposal, error) {
	rows, err := b.pool.Query(ctx, `SELECT `+proposalColumns+` FROM price_proposals WHERE $1 = '' OR state = $1
		ORDER BY state = 'open' DESC, decided_at DESC, gain_minor DESC, id LIMIT $2 OFFSET $3`, string(q.State), q.Limit, q.Offset)
	if err != nil {
		return nil, err
	}
	all, err := pgx.CollectRows(rows, scanProposal)
	if all == nil {
		all = []Proposal{}
	}
	return all, err
}

func (b *Book) proposal(ctx context.Context, id int64) (Proposal, error) {
	rows, err := b.pool.Query(ctx, `SELECT `+proposalColumns+` FROM price_proposals WHERE id = $1`, id)
	if err != nil {
		return Proposal{}, err
	}
	p, err := pgx.CollectExactlyOneRow(rows, scanProposal)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, shop.Errorf(shop.CodeNotFound, "There is no such proposal any more: prices were looked at anew. Look at those of now.")
	}
	if err == nil && p.State != Open {
		err = errDecided
	}
	return p, err
}

var errDecided = shop.Errorf(shop.CodeConflict, "This proposal was decided on already.")

// decide notes a decision, once, with who made it.
func (b *Book) decide(ctx context.Context, tx pgx.Tx, p Proposal, to State, by Who) error {
	tag, err := tx.Exec(ctx, `UPDATE price_proposals SET state = $2, decided_at = $3, decided_by = $4 WHERE id = $1 AND state = 'open'`, p.ID, string(to), b.o.Now(), by.Name)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return errDecided
	}
	detail := fmt.Sprintf("%s: %s instead of %s", p.SKU, p.Proposed, p.Price)
	return b.o.Audit(ctx, tx, by.Name, "price_"+string(to), detail, by.Address)
}

func (b *Book) finding(ctx context.Context, sku string) (f Finding, err error) {
	var raw []byte
	err = b.pool.QueryRow(ctx, `SELECT finding FROM price_findings WHERE sku = $1`, sku).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return f, shop.Errorf(shop.CodeNotFound, "This product's price was not looked at: it was not bought, or is not in the catalogue.")
	}
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(raw, &f)
}

func (b *Book) verdicts(ctx context.Context) (Made, error) {
	rows, err := b.pool.Query(ctx, `SELECT verdict, count(*)::int FROM price_findings GROUP BY 1`)
	if err != nil {
		return nil, err
	}
	made := Made{}
	var verdict string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&verdict, &n}, func() error {
		made[Verdict(verdict)] = n
		return nil
	})
	return made, err
}

// Forget deletes decided proposals of before the time, at most limit, and says how many those were.
func Forget(ctx context.Context, pool *pgxpool.Pool, before time.Time, limit int) (int64, error) {
	tag, err := pool.Exec(ctx, `DELETE FROM price_proposals WHERE id IN (SELECT id FROM price_proposals WHERE decided_at < $1 ORDER BY id LIMIT $2)`, before, limit)
	if err != nil {
		return 0, fmt.Errorf("delete old proposals of prices: %w", err)
	}
	return tag.RowsAffected(), nil
}
