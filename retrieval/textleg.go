package retrieval

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"
)

// BM25 parameters (Robertson and Zaragoza, 2009) as they suit short texts: saturation comes early, and a long
// listing is hardly worse than a short one.
const (
	bm25K1 = 0.9
	bm25B  = 0.4
)

// weighted are the terms of a query with what each counts.
type weighted struct {
	terms []string
	// words says for each term which word of the query it stands for; synonyms share theirs.
	words []int32
	// weights are the inverse document frequencies, over all products whatever the filter.
	weights []float64
	// mean is the mean length of products.
	mean float64
}

// args are the parameters of textHits, from $1 on.
func (w weighted) args() []any { return []any{w.terms, w.words, w.weights, bm25K1, bm25B, w.mean} }

// weigh looks up how rare the terms are; what no product has is left out. Words that are rare enough to be read
// in full find products; with more postings than the limit, the most common words only add to the score of what
// the others found.
func (s *Store) weigh(ctx context.Context, q querier, n need) (finders, followers weighted, err error) {
	if len(n.terms) == 0 {
		return finders, followers, nil
	}
	rows, err := q.Query(ctx, `SELECT a.term, a.word, d.n, s.products, greatest(s.length / greatest(s.products, 1), 1)
		FROM unnest($1::text[], $2::int[]) a(term, word), catalogue_state s,
			LATERAL (SELECT count(*) n FROM product_terms t WHERE t.term = a.term) d WHERE d.n > 0`, n.terms, n.groups)
	if err != nil {
		return finders, followers, err
	}
	type posting struct {
		term        string
		word        int32
		having, all float64
		mean        float64
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p posting, err error) {
		return p, row.Scan(&p.term, &p.word, &p.having, &p.all, &p.mean)
	})
	if err != nil {
		return finders, followers, err
	}
	of := map[int32]float64{}
	for _, p := range found {
		of[p.word] += p.having
	}
	slices.SortFunc(found, func(a, b posting) int {
		return cmp.Or(cmp.Compare(of[a.word], of[b.word]), cmp.Compare(a.word, b.word), cmp.Compare(a.term, b.term))
	})
	read, last := 0.0, int32(-1)
	into := &finders
	for _, p := range found {
		if p.word != last {
			if read += of[p.word]; last >= 0 && read > float64(s.o.MaxPostings) {
				into = &followers
			}
			last = p.word
		}
		into.terms, into.words, into.mean = append(into.terms, p.term), append(into.words, p.word), p.mean
		into.weights = append(into.weights, math.Log(1+(p.all-p.having+0.5)/(p.having+0.5)))
	}
	return finders, followers, nil
}

// textScore is one term's BM25 score in a product: a are the terms with their weights, t the postings, $4 to $6
// k1, b and the mean length.
const textScore = `a.weight * t.count * ($4::float8 + 1) / (t.count + $4::float8 * (1 - $5::float8 + $5::float8 * t.length / $6::float8))`

// scores is the beginning of a BM25 query over the finders. Of the synonyms of one word the best counts.
func (w weighted) scores() string {
	const from = ` FROM unnest($1::text[], $2::int[], $3::float8[]) a(term, word, weight) JOIN product_terms t USING (term)`
	for i := 1; i < len(w.words); i++ {
		if w.words[i] == w.words[i-1] {
			return `WITH hits AS (SELECT t.product_id, max(` + textScore + `) score` + from + ` GROUP BY t.product_id, a.word),
				scored AS (SELECT product_id, sum(score) score FROM hits GROUP BY product_id) `
		}
	}
	return `WITH scored AS (SELECT t.product_id, sum(` + textScore + `) score` + from + ` GROUP BY t.product_id) `
}

// textFound is how many products the finders hand to the followers, for each that is wanted.
const textFound = 20

// textLeg scores by BM25.
func (s *Store) textLeg(ctx context.Context, tx pgx.Tx, n need, k int) ([]hit, error) {
	finders, followers, err := s.weigh(ctx, tx, n)
	if err != nil {
		return nil, fmt.Errorf("text leg: %w", err)
	}
	if len(finders.terms) == 0 {
		return nil, nil
	}
	wanted := k
	if len(followers.terms) > 0 {
		wanted = k * textFound
	}
	where, args, err := s.where(ctx, tx, n.filter, append(finders.args(), wanted))
	if err != nil {
		return nil, fmt.Errorf("text leg: %w", err)
	}
	query := finders.scores() + `SELECT product_id, score FROM scored`
	if where != noLimits {
		query += ` JOIN products p ON p.id = product_id WHERE ` + where
	}
	hits, err := collectHits(tx.Query(ctx, query+` ORDER BY score DESC, product_id LIMIT $7`, args...))
	if err == nil && len(followers.terms) > 0 {
		hits, err = follow(ctx, tx, followers, hits, k)
	}
	if err != nil {
		return nil, fmt.Errorf("text leg: %w", err)
	}
	return hits, nil
}

// follow adds the scores of the common words to the products that the others found.
func follow(ctx context.Context, tx pgx.Tx, followers weighted, found []hit, k int) ([]hit, error) {
	ids, scores := make([]int64, len(found)), make([]float64, len(found))
	for i, h := range found {
		ids[i], scores[i] = h.id, h.score
	}
	return collectHits(tx.Query(ctx, `SELECT f.id, f.score + coalesce(sum(more.score), 0) total
		FROM unnest($7::bigint[], $8::float8[]) f(id, score) LEFT JOIN LATERAL (
			SELECT max(`+textScore+`) score FROM unnest($1::text[], $2::int[], $3::float8[]) a(term, word, weight)
			JOIN product_terms t ON t.term = a.term AND t.product_id = f.id GROUP BY a.word) more ON true
		GROUP BY f.id, f.score ORDER BY total DESC, f.id LIMIT $9`, append(followers.args(), ids, scores, k)...))
}

// textScores are the BM25 scores of the named products, best first.
func (s *Store) textScores(ctx context.Context, tx pgx.Tx, n need, skus []string) ([]hit, error) {
	finders, followers, err := s.weigh(ctx, tx, n)
	if err != nil || len(finders.terms) == 0 {
		return nil, err
	}
	hits, err := collectHits(tx.Query(ctx, finders.scores()+`SELECT product_id, score FROM scored JOIN products p ON p.id = product_id
		WHERE p.sku = ANY($7) ORDER BY score DESC, p.sku`, append(finders.args(), skus)...))
	if err == nil && len(followers.terms) > 0 {
		hits, err = follow(ctx, tx, followers, hits, len(hits))
	}
	return hits, err
}
