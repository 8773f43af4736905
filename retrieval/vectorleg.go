package retrieval

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"
)

// narrowness is what walking the index to one more product costs, in products that are compared one by one.
const narrowness = 3

// searchWidth is how many nearest products the index keeps while it walks, at least: at 19,406 products 200 found
// 0.979 to 0.984 of the 50 nearest, depending on how the index happened to be built, and 400 finds 0.99.
const searchWidth = 400

// vectorLeg finds the k products nearest to the query. Without limits or with wide ones it asks the HNSW index,
// which goes on scanning until k rows pass. With narrow ones, or where the index gave up early, every product
// within the limits is compared, so that a filter never starves the result.
func (s *Store) vectorLeg(ctx context.Context, tx pgx.Tx, n need, k int) ([]hit, error) {
	if n.vector == nil {
		return nil, nil
	}
	where, args, err := s.where(ctx, tx, n.filter, []any{pgvector.NewHalfVector(n.vector), k})
	if err != nil {
		return nil, fmt.Errorf("vector leg: %w", err)
	}
	narrow := false
	if where != noLimits {
		expected, total, err := s.expected(ctx, tx, n)
		if err != nil {
			return nil, fmt.Errorf("vector leg: %w", err)
		}
		// To find k products of which every total/expected-th passes takes k*total/expected steps of the index.
		narrow = expected*expected <= narrowness*float64(k)*total
	}
	const from = ` FROM product_vectors v JOIN products p USING (text_hash) WHERE `
	if !narrow {
		// Plans are made for these limits: a generic one may sort where the index should be scanned.
		_, err := tx.Exec(ctx, `SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', $1, true),
			set_config('plan_cache_mode', 'force_custom_plan', true)`, fmt.Sprint(min(max(searchWidth, 2*k), 1000)))
		if err != nil {
			return nil, fmt.Errorf("vector leg: %w", err)
		}
		hits, err := collectHits(tx.Query(ctx, `SELECT id, 1 - distance FROM (SELECT p.id, v.embedding <=> $1 AS distance`+from+where+
			` ORDER BY v.embedding <=> $1 LIMIT $2) near ORDER BY distance, id`, args...))
		if err != nil {
			return nil, fmt.Errorf("vector leg: %w", err)
		}
		if len(hits) == k {
			return hits, nil
		}
	}
	// The sum keeps the planner from the vector index.
	hits, err := collectHits(tx.Query(ctx, `SELECT p.id, 1 - (v.embedding <=> $1)`+from+where+` ORDER BY (v.embedding <=> $1) + 0, p.id LIMIT $2`, args...))
	if err != nil {
		return nil, fmt.Errorf("exact vector leg: %w", err)
	}
	return hits, nil
}

// expected is the planner's estimate of how many products the limits leave, and how many there are in all.
func (s *Store) expected(ctx context.Context, tx pgx.Tx, n need) (expected, total float64, err error) {
	where, args, err := s.where(ctx, tx, n.filter, nil)
	if err != nil {
		return 0, 0, err
	}
	var plan []byte
	if err := tx.QueryRow(ctx, `EXPLAIN (FORMAT JSON) SELECT FROM products p WHERE `+where, args...).Scan(&plan); err != nil {
		return 0, 0, fmt.Errorf("estimate the limits: %w", err)
	}
	var plans []struct {
		Plan struct {
			Rows float64 `json:"Plan Rows"`
		}
	}
	if err := json.Unmarshal(plan, &plans); err != nil || len(plans) == 0 {
		return 0, 0, fmt.Errorf("estimate the limits: %w", err)
	}
	if err := tx.QueryRow(ctx, `SELECT products FROM catalogue_state`).Scan(&total); err != nil {
		return 0, 0, fmt.Errorf("estimate the limits: %w", err)
	}
	return plans[0].Plan.Rows, total, nil
}
