package sponsored

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const campaignColumns = `id, skus, words, categories, langs, bid_minor, budget_minor, spent_minor, currency, starts_at, ends_at, daily_cap, paused`

func scanCampaign(row pgx.CollectableRow) (Campaign, error) {
	var c Campaign
	err := row.Scan(&c.ID, &c.SKUs, &c.Words, &c.Categories, &c.Langs, &c.Bid.Minor, &c.Budget.Minor, &c.Spent.Minor, &c.Bid.Currency,
		&c.Starts, &c.Ends, &c.Cap, &c.Paused)
	c.Budget.Currency, c.Spent.Currency = c.Bid.Currency, c.Bid.Currency
	c.Starts, c.Ends = c.Starts.UTC(), c.Ends.UTC()
	return c, err
}

// currencyLock keeps two from adding the first campaigns in two currencies.
const currencyLock = 8_231_704_563

func (a *Ads) insert(ctx context.Context, c Campaign) error {
	err := pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(currencyLock)); err != nil {
			return err
		}
		var others string
		err := tx.QueryRow(ctx, `SELECT currency FROM sponsored_campaigns LIMIT 1`).Scan(&others)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if others != "" && others != c.Bid.Currency {
			return shop.Errorf(shop.CodeBadRequest, "All campaigns are in one currency, and that is %s.", others)
		}
		_, err = tx.Exec(ctx, `INSERT INTO sponsored_campaigns (id, skus, words, categories, langs, bid_minor, budget_minor, currency, starts_at, ends_at, daily_cap, paused)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, c.ID, c.SKUs, orNone(c.Words), orNone(c.Categories), orNone(c.Langs),
			c.Bid.Minor, c.Budget.Minor, c.Bid.Currency, c.Starts, c.Ends, c.Cap, c.Paused)
		return err
	})
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" { // unique_violation
		return shop.Errorf(shop.CodeConflict, "There is a campaign %s already.", c.ID)
	}
	return err
}

func orNone(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func (a *Ads) campaigns(ctx context.Context) ([]Campaign, error) {
	rows, err := a.pool.Query(ctx, `SELECT `+campaignColumns+` FROM sponsored_campaigns ORDER BY id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanCampaign)
}

func (a *Ads) setPaused(ctx context.Context, id string, paused bool) (found bool, err error) {
	tag, err := a.pool.Exec(ctx, `UPDATE sponsored_campaigns SET paused = $2 WHERE id = $1`, id, paused)
	return tag.RowsAffected() > 0, err
}

// running are the campaigns for any of the products that can pay for a click now and that the client was not shown often
// enough in the last day.
func (a *Ads) running(ctx context.Context, skus []string, client string, now time.Time) ([]Campaign, error) {
	rows, err := a.pool.Query(ctx, `SELECT `+campaignColumns+` FROM sponsored_campaigns c
		WHERE skus && $1 AND NOT paused AND starts_at <= $3 AND ends_at > $3 AND spent_minor + bid_minor <= budget_minor
			AND (SELECT count(*) FROM sponsored_placements p WHERE p.client = $2 AND p.campaign = c.id AND p.shown_at > $3 - interval '1 day') < daily_cap`,
		skus, client, now)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanCampaign)
}

// note keeps what is shown where, for the charge and the cap. A list that is shown again is noted once.
func (a *Ads) note(ctx context.Context, s shop.Shelf, placed []won, now time.Time) error {
	b := &pgx.Batch{}
	for _, w := range placed {
		b.Queue(`INSERT INTO sponsored_placements (ranking_id, sku, campaign, session, client, position, price_minor, share, shown_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
			s.RankingID, s.Candidates[w.at].Product.SKU, w.campaign.ID, s.Session, s.Client, w.slot+1, w.price, w.share, now)
	}
	return a.pool.SendBatch(ctx, b).Close()
}

// charge takes a click's price from the budget, where that holds it: in one statement over the campaign's locked row, so
// that no two clicks spend the same money, whichever replica they come to.
func (a *Ads) charge(ctx context.Context, session, ranking, sku string, now time.Time) error {
	return pgx.BeginFunc(ctx, a.pool, func(tx pgx.Tx) error {
		var campaign string
		var price int64
		err := tx.QueryRow(ctx, `UPDATE sponsored_placements SET clicked_at = $4
			WHERE ranking_id = $1 AND sku = $2 AND session = $3 AND clicked_at IS NULL RETURNING campaign, price_minor`, ranking, sku, session, now).Scan(&campaign, &price)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE sponsored_campaigns SET spent_minor = spent_minor + $2 WHERE id = $1 AND spent_minor + $2 <= budget_minor`, campaign, price)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE sponsored_placements SET charged = true WHERE ranking_id = $1 AND sku = $2`, ranking, sku)
		return err
	})
}

func (a *Ads) report(ctx context.Context, id string) (r Report, err error) {
	rows, err := a.pool.Query(ctx, `SELECT `+campaignColumns+` FROM sponsored_campaigns WHERE id = $1`, id)
	if err != nil {
		return r, err
	}
	r.Campaign, err = pgx.CollectExactlyOneRow(rows, scanCampaign)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, errNoCampaign
	}
	if err != nil {
		return r, err
	}
	// Who was erased still counts as one: the row stays for the account.
	err = a.pool.QueryRow(ctx, `SELECT count(*), count(clicked_at), count(clicked_at) FILTER (WHERE NOT charged),
			coalesce(avg(price_minor) FILTER (WHERE charged), 0)::double precision,
			count(DISTINCT nullif(client, '')) + count(*) FILTER (WHERE client = '') < $2
		FROM sponsored_placements WHERE campaign = $1`, id, KAnonymous).Scan(&r.Shown, &r.Clicks, &r.Unpaid, &r.MeanPrice, &r.Few)
	if err != nil {
		return r, err
	}
	if r.Few {
		r.Shown, r.Clicks, r.Unpaid, r.MeanPrice = 0, 0, 0, 0
		return r, nil
	}
	rows, err = a.pool.Query(ctx, `WITH days AS (
			SELECT to_char(shown_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, client, clicked_at, charged, price_minor FROM sponsored_placements WHERE campaign = $1
		), named AS (SELECT day FROM days GROUP BY day HAVING count(DISTINCT client) >= $2)
		SELECT CASE WHEN day IN (SELECT day FROM named) THEN day ELSE 'other' END, count(*), count(clicked_at), coalesce(sum(price_minor) FILTER (WHERE charged), 0)::bigint
		FROM days GROUP BY 1 HAVING count(DISTINCT client) >= $2 ORDER BY 1`, id, KAnonymous)
	if err != nil {
		return r, err
	}
	r.Days, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Day])
	return r, err
}

// touches are the clicks on cards of the products, and whose campaigns' they were.
func (a *Ads) touches(ctx context.Context, skus []string) (touches []shop.Touch, campaigns []string, err error) {
	rows, err := a.pool.Query(ctx, `SELECT campaign, session, ranking_id, sku, shown_at, clicked_at FROM sponsored_placements
		WHERE sku = ANY($1) AND clicked_at IS NOT NULL AND session <> '' ORDER BY clicked_at, ranking_id, sku`, skus)
	if err != nil {
		return nil, nil, err
	}
	var campaign string
	var t shop.Touch
	_, err = pgx.ForEachRow(rows, []any{&campaign, &t.Session, &t.RankingID, &t.SKU, &t.Shown, &t.Clicked}, func() error {
		touches, campaigns = append(touches, t), append(campaigns, campaign)
		return nil
	})
	return touches, campaigns, err
}

// Forget deletes the placements that are older than the time, at most limit of them, and says how many those were. What was
// spent stands in the campaign.
func Forget(ctx context.Context, pool *pgxpool.Pool, before time.Time, limit int) (int64, error) {
	tag, err := pool.Exec(ctx, `DELETE FROM sponsored_placements WHERE (ranking_id, sku) IN (
		SELECT ranking_id, sku FROM sponsored_placements WHERE shown_at < $1 ORDER BY shown_at LIMIT $2)`, before, limit)
	if err != nil {
		return 0, fmt.Errorf("delete old placements: %w", err)
	}
	return tag.RowsAffected(), nil
}

// Export is what was placed before a client and in the sessions.
func Export(ctx context.Context, tx pgx.Tx, client string, sessions []string) (map[string][]json.RawMessage, error) {
	rows, err := tx.Query(ctx, `SELECT row_to_json(t) FROM sponsored_placements t WHERE $1 <> '' AND client = $1 OR session = ANY ($2) ORDER BY shown_at`, client, sessions)
	var all []json.RawMessage
	if err == nil {
		all, err = pgx.CollectRows(rows, pgx.RowTo[json.RawMessage])
	}
	if err != nil {
		return nil, fmt.Errorf("export sponsored placements: %w", err)
	}
	return map[string][]json.RawMessage{"sponsored": all}, nil
}

// Erase takes a client, or a session, out of what was placed, in the caller's transaction; what was shown, clicked and
// paid stays for the campaign's account.
func Erase(ctx context.Context, tx pgx.Tx, who string) error {
	_, err := tx.Exec(ctx, `UPDATE sponsored_placements SET client = '', session = '', ranking_id = gen_random_uuid()::text WHERE client = $1 OR session = $1`, who)
	if err != nil {
		return fmt.Errorf("erase whom products were placed before: %w", err)
	}
	return nil
}
