package retrieval

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pgvector/pgvector-go"
)

// writer is a pool, a connection or a transaction that statements can be sent to.
type writer interface {
	querier
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// embedMissing makes and stores the vectors of those documents whose text has none yet, and says how many.
func (s *Store) embedMissing(ctx context.Context, w writer, docs []document) (int, error) {
	texts := map[hash]string{}
	hashes := make([][]byte, 0, len(docs))
	for _, d := range docs {
		if _, ok := texts[d.TextHash]; !ok {
			texts[d.TextHash] = d.text
			hashes = append(hashes, d.TextHash[:])
		}
	}
	rows, err := w.Query(ctx, `SELECT h FROM unnest($1::bytea[]) h WHERE NOT EXISTS (SELECT FROM product_vectors v WHERE v.text_hash = h)`, hashes)
	if err != nil {
		return 0, fmt.Errorf("look for known embeddings: %w", err)
	}
	missing, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return 0, fmt.Errorf("look for known embeddings: %w", err)
	}
	if len(missing) == 0 {
		return 0, nil
	}
	wanted := make([]string, len(missing))
	for i, h := range missing {
		wanted[i] = texts[hash(h)]
	}
	vectors, err := s.embed.Embed(s.o.Background(ctx), wanted)
	if err != nil {
		return 0, fmt.Errorf("embed %d products: %w", len(wanted), err)
	}
	if len(vectors) != len(wanted) {
		return 0, fmt.Errorf("embed %d products: got %d vectors", len(wanted), len(vectors))
	}
	written := make([]string, len(vectors))
	for i, v := range vectors {
		written[i] = pgvector.NewHalfVector(v).String()
	}
	_, err = w.Exec(ctx, `INSERT INTO product_vectors SELECT h, v::halfvec FROM unnest($1::bytea[], $2::text[]) t(h, v)
		ON CONFLICT DO NOTHING`, missing, written)
	if err != nil {
		return 0, fmt.Errorf("keep %d embeddings: %w", len(written), err)
	}
	return len(missing), nil
}

// pruneVectors removes the vectors that no product has. The caller holds the catalogue's lock.
func pruneVectors(ctx context.Context, w writer) error {
	_, err := w.Exec(ctx, `DELETE FROM product_vectors v WHERE NOT EXISTS (SELECT FROM products p WHERE p.text_hash = v.text_hash)`)
	if err != nil {
		return fmt.Errorf("remove vectors without a product: %w", err)
	}
	return nil
}

const vectorIndex = `product_vectors_embedding`

// smallCatalogue is how many vectors are searched quickly without an index: about 15 ms.
const smallCatalogue = 20_000

// suspendVectorIndex drops the vector index where an import brings more vectors than there are and search is
// quick without it: building it once afterwards takes a fifth of the time of growing it. buildVectorIndex brings it back.
func (s *Store) suspendVectorIndex(ctx context.Context, w writer, coming int) error {
	var present int
	rows, err := w.Query(ctx, `SELECT count(*) FROM (SELECT FROM product_vectors LIMIT $1) v`, smallCatalogue+1)
	if err == nil {
		present, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[int])
	}
	if err != nil {
		return fmt.Errorf("count vectors: %w", err)
	}
	if present > smallCatalogue || coming < present || coming < 1000 {
		return nil
	}
	if _, err := w.Exec(ctx, `DROP INDEX IF EXISTS `+vectorIndex); err != nil {
		return fmt.Errorf("suspend the vector index: %w", err)
	}
	return nil
}

// buildVectorIndex makes the vector index where it is missing, also after an import that was killed. Searches go
// on meanwhile, without it.
func buildVectorIndex(ctx context.Context, w writer) error {
	rows, err := w.Query(ctx, `SELECT to_regclass($1) IS NOT NULL, (SELECT count(*) FROM product_vectors)`, vectorIndex)
	if err != nil {
		return fmt.Errorf("look for the vector index: %w", err)
	}
	var present bool
	var vectors int
	if _, err = pgx.ForEachRow(rows, []any{&present, &vectors}, func() error { return nil }); err != nil {
		return fmt.Errorf("look for the vector index: %w", err)
	}
	if present {
		return nil
	}
	// The graph takes about 1.6 KB a vector; what does not fit is built slowly on disk.
	memory := min(max(64, vectors/600), 1024)
	if _, err := w.Exec(ctx, `SELECT set_config('maintenance_work_mem', $1, false), set_config('max_parallel_maintenance_workers', '2', false)`,
		fmt.Sprintf("%dMB", memory)); err != nil {
		return fmt.Errorf("build the vector index: %w", err)
	}
	const create = `CREATE INDEX IF NOT EXISTS ` + vectorIndex + ` ON product_vectors USING hnsw (embedding halfvec_cosine_ops)`
	if _, err := w.Exec(ctx, create); err != nil {
		// Parallel workers share memory that a container may not have; one alone needs none.
		if _, alone := w.Exec(ctx, `SET max_parallel_maintenance_workers = 0`); alone != nil {
			return fmt.Errorf("build the vector index: %w", err)
		}
		if _, err := w.Exec(ctx, create); err != nil {
			return fmt.Errorf("build the vector index: %w", err)
		}
	}
	for _, statement := range []string{`RESET maintenance_work_mem`, `RESET max_parallel_maintenance_workers`} {
		if _, err := w.Exec(ctx, statement); err != nil {
			return fmt.Errorf("build the vector index: %w", err)
		}
	}
	return nil
}

// Prepare makes good what a killed import left: it builds the vector index where it is missing. Search works
// meanwhile, but compares every product.
func (s *Store) Prepare(ctx context.Context) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("prepare the catalogue: %w", err)
	}
	defer conn.Release()
	var alone bool
	if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, int64(importLock)).Scan(&alone); err != nil || !alone {
		return err // an import that runs builds it at its end
	}
	err = buildVectorIndex(ctx, conn)
	if _, unlocked := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, int64(importLock)); unlocked != nil {
		_ = conn.Conn().Close(context.WithoutCancel(ctx)) // the lock goes with the connection
	}
	if err != nil {
		return fmt.Errorf("prepare the catalogue: %w", err)
	}
	return nil
}
