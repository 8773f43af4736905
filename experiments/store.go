package experiments

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

func (b *Book) insert(ctx context.Context, e Experiment) error {
	_, err := b.pool.Exec(ctx, `INSERT INTO experiments (id, kind, arms, started_at) VALUES ($1, $2, $3, $4)`, e.ID, e.Kind, e.Arms, e.Started)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" { // unique_violation
		return shop.Errorf(shop.CodeConflict, "An experiment runs already, or there was one of this name. Stop it, or choose another name.")
	}
	if err != nil {
		return fmt.Errorf("start an experiment: %w", err)
	}
	return nil
}

func (b *Book) end(ctx context.Context, id string, at time.Time) (found bool, err error) {
	tag, err := b.pool.Exec(ctx, `UPDATE experiments SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL`, id, at)
	return tag.RowsAffected() > 0, err
}

const selectExperiments = `SELECT id, kind, arms, started_at, ended_at FROM experiments `

func (b *Book) all(ctx context.Context) ([]Experiment, error) {
	rows, err := b.pool.Query(ctx, selectExperiments+`ORDER BY started_at DESC, id`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Experiment])
}

func (b *Book) current(ctx context.Context) (*Experiment, error) {
	rows, err := b.pool.Query(ctx, selectExperiments+`WHERE ended_at IS NULL`)
	if err != nil {
		return nil, err
	}
	e, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Experiment])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return &e, err
}

func (b *Book) one(ctx context.Context, id string) (Experiment, error) {
	rows, err := b.pool.Query(ctx, selectExperiments+`WHERE id = $1`, id)
	if err != nil {
		return Experiment{}, err
	}
	e, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Experiment])
	if errors.Is(err, pgx.ErrNoRows) {
		return e, shop.Errorf(shop.CodeNotFound, "There is no experiment %s. floorwalker experiment list names all.", id)
	}
	return e, err
}

// expose notes the first exposure of a unit, and says which arm that was.
func (b *Book) expose(ctx context.Context, experiment, unit, arm string, propensity float64, at time.Time) (got string, err error) {
	err = b.pool.QueryRow(ctx, `WITH noted AS (
			INSERT INTO experiment_exposures (experiment, unit, arm, propensity, exposed_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING RETURNING arm
		) SELECT arm FROM noted UNION ALL SELECT arm FROM experiment_exposures WHERE experiment = $1 AND unit = $2 LIMIT 1`,
		experiment, unit, arm, propensity, at).Scan(&got)
	if errors.Is(err, pgx.ErrNoRows) { // another replica noted it in this moment
		err = b.pool.QueryRow(ctx, `SELECT arm FROM experiment_exposures WHERE experiment = $1 AND unit = $2`, experiment, unit).Scan(&got)
	}
	return got, err
}

// drafted notes who drafted what; what a unit was shown before stays its first drafter's.
func (b *Book) drafted(ctx context.Context, experiment, unit string, skus, arms []string) error {
	_, err := b.pool.Exec(ctx, `INSERT INTO experiment_drafts (experiment, unit, sku, arm) SELECT $1, $2, * FROM unnest($3::text[], $4::text[]) ON CONFLICT DO NOTHING`,
		experiment, unit, skus, arms)
	return err
}

func (b *Book) exposures(ctx context.Context, experiment string, until time.Time) ([]Observation, error) {
	rows, err := b.pool.Query(ctx, `SELECT unit, arm, propensity, exposed_at, 0::float8 FROM experiment_exposures
		WHERE experiment = $1 AND exposed_at <= $2 ORDER BY exposed_at, unit`, experiment, until)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Observation])
}

// drafts are, by unit and product, which arm drafted it.
func (b *Book) drafts(ctx context.Context, experiment string) (map[string]map[string]string, error) {
	rows, err := b.pool.Query(ctx, `SELECT unit, sku, arm FROM experiment_drafts WHERE experiment = $1`, experiment)
	if err != nil {
		return nil, err
	}
	all := map[string]map[string]string{}
	var unit, sku, arm string
	_, err = pgx.ForEachRow(rows, []any{&unit, &sku, &arm}, func() error {
		if all[unit] == nil {
			all[unit] = map[string]string{}
		}
		all[unit][sku] = arm
		return nil
	})
	return all, err
}

// Forget deletes who was exposed to what, and who drafted what, in experiments that ended before the time: at most limit
// exposures, and says how many things those were.
func Forget(ctx context.Context, pool *pgxpool.Pool, before time.Time, limit int) (gone int64, err error) {
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		gone = 0
		for _, sql := range []string{
			`DELETE FROM experiment_drafts WHERE (experiment, unit, sku) IN (SELECT d.experiment, d.unit, d.sku FROM experiment_drafts d
				JOIN experiments e ON e.id = d.experiment WHERE e.ended_at < $1 LIMIT $2)`,
			`DELETE FROM experiment_exposures WHERE (experiment, unit) IN (SELECT x.experiment, x.unit FROM experiment_exposures x
				JOIN experiments e ON e.id = x.experiment WHERE e.ended_at < $1 LIMIT $2)`,
		} {
			tag, err := tx.Exec(ctx, sql, before, limit)
			if err != nil {
				return fmt.Errorf("delete what old experiments noted: %w", err)
			}
			gone += tag.RowsAffected()
		}
		return nil
	})
	return gone, err
}

// Export is what a client, and the sessions, were exposed to.
func Export(ctx context.Context, tx pgx.Tx, client string, sessions []string) (map[string][]json.RawMessage, error) {
	all := map[string][]json.RawMessage{}
	for name, sql := range map[string]string{
		"experiments":       `SELECT row_to_json(t) FROM experiment_exposures t WHERE $1 <> '' AND unit = $1 OR unit = ANY ($2) ORDER BY exposed_at`,
		"experiment_drafts": `SELECT row_to_json(t) FROM experiment_drafts t WHERE $1 <> '' AND unit = $1 OR unit = ANY ($2) ORDER BY experiment, sku`,
	} {
		rows, err := tx.Query(ctx, sql, client, sessions)
		if err == nil {
			all[name], err = pgx.CollectRows(rows, pgx.RowTo[json.RawMessage])
		}
		if err != nil {
			return nil, fmt.Errorf("export %s: %w", name, err)
		}
	}
	return all, nil
}

// Erase deletes what a client, or a session, was exposed to, in the caller's transaction.
func Erase(ctx context.Context, tx pgx.Tx, who string) error {
	for _, sql := range []string{`DELETE FROM experiment_drafts WHERE unit = $1`, `DELETE FROM experiment_exposures WHERE unit = $1`} {
		if _, err := tx.Exec(ctx, sql, who); err != nil {
			return fmt.Errorf("erase what a client was exposed to: %w", err)
		}
	}
	return nil
}
