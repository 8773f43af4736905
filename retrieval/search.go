package retrieval

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/pgvector/pgvector-go"
)

// How the legs are merged: by reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009), with a smaller
// constant than the paper's 60. Which products become candidates goes by a fusion in which both legs have the
// same voice, because each finds what the other misses; their order by one in which meaning counts more,
// because meaning puts it first.
const (
	rrfConstant   = 10
	rrfTextChoose = 1.0
	rrfTextOrder  = 0.4
)

const (
	defaultLimit = 24
	// depth is how many products each leg returns at least.
	depth = 150
	// maxQueryWords bounds the words that are searched for; nobody's need has more.
	maxQueryWords = 64
	// sortedDepth is how many when an order other than relevance will pick among them.
	sortedDepth = 400
)

// need is a query in the forms that the legs work on.
type need struct {
	filter shop.Filter
	// terms are the lexemes of the English words and the Chinese character pairs; groups says for each which
	// word of the query it stands for: synonyms share theirs.
	terms  []string
	groups []int32
	// vector is nil where there are no words to embed.
	vector []float32
}

// Search finds candidates by words and by meaning under the query's hard limits, best first. Where the limits
// leave at least Limit products, at least Limit are returned. With an order other than relevance the candidates
// are those that fit about as well as the best one, in that order. A query without words lists by its order.
func (s *Store) Search(ctx context.Context, q shop.Query) ([]shop.Candidate, error) {
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	n, err := s.need(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	deep := max(depth, q.Limit)
	if q.Sort != shop.SortRelevance {
		deep = max(sortedDepth, q.Limit)
	}
	var found []shop.Candidate
	err = pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if len(n.terms) == 0 && n.vector == nil {
			found, err = s.browse(ctx, tx, q)
			return err
		}
		text, err := s.textLeg(ctx, tx, n, deep)
		if err != nil {
			return err
		}
		near, err := s.vectorLeg(ctx, tx, n, deep)
		if err != nil {
			return err
		}
		limit := q.Limit
		if q.Sort != shop.SortRelevance {
			limit = deep
		}
		found, err = s.fuse(ctx, tx, text, near, n.vector, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	if q.Sort != shop.SortRelevance {
		found = sorted(found, q.Sort)
	}
	return found[:min(len(found), q.Limit)], nil
}

// Score gives the named products the scores that a search for the query would: for evaluation, and to compare
// products that are known already. Order and limits of the query play no part; Fused counts ranks among the
// products asked for.
func (s *Store) Score(ctx context.Context, q shop.Query, skus []string) ([]shop.Candidate, error) {
	n, err := s.need(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("score %d products: %w", len(skus), err)
	}
	n.filter = shop.Filter{}
	var found []shop.Candidate
	err = pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		text, err := s.textScores(ctx, tx, n, skus)
		if err != nil {
			return fmt.Errorf("text leg: %w", err)
		}
		var nearest []hit
		if n.vector != nil {
			nearest, err = collectHits(tx.Query(ctx, `SELECT p.id, 1 - (v.embedding <=> $1) FROM products p JOIN product_vectors v USING (text_hash)
				WHERE p.sku = ANY($2) ORDER BY 2 DESC, p.sku`, pgvector.NewHalfVector(n.vector), skus))
			if err != nil {
				return fmt.Errorf("vector leg: %w", err)
			}
		}
		found, err = s.fuse(ctx, tx, text, nearest, n.vector, len(skus))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("score %d products: %w", len(skus), err)
	}
	return found, nil
}

// Legs gives what each leg finds by itself, best first, at most Limit each: for evaluation.
func (s *Store) Legs(ctx context.Context, q shop.Query) (text, vector []shop.Candidate, err error) {
	n, err := s.need(ctx, q)
	if err != nil {
		return nil, nil, fmt.Errorf("search by legs: %w", err)
	}
	err = pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		words, err := s.textLeg(ctx, tx, n, max(depth, q.Limit))
		if err != nil {
			return err
		}
		if text, err = s.fuse(ctx, tx, words, nil, n.vector, q.Limit); err != nil || n.vector == nil {
			return err
		}
		near, err := s.vectorLeg(ctx, tx, n, max(depth, q.Limit))
		if err != nil {
			return err
		}
		vector, err = s.fuse(ctx, tx, nil, near, n.vector, q.Limit)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("search by legs: %w", err)
	}
	return text, vector, nil
}

// Nearest finds the k products whose embedding is nearest to a vector, under hard limits, nearest first.
func (s *Store) Nearest(ctx context.Context, vector []float32, f shop.Filter, k int) ([]shop.Candidate, error) {
	var found []shop.Candidate
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		near, err := s.vectorLeg(ctx, tx, need{filter: f, vector: vector}, k)
		if err != nil {
			return err
		}
		found, err = s.fuse(ctx, tx, nil, near, vector, k)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find the nearest products: %w", err)
	}
	return found, nil
}

// Alike says how near products are to others in meaning: for each SKU of both lists the cosine of their texts, from -1 to 1. A
// product that is not there, or is not embedded yet, is left out.
func (s *Store) Alike(ctx context.Context, skus, others []string) (map[string]map[string]float64, error) {
	rows, err := s.pool.Query(ctx, `SELECT p.sku, o.sku, 1 - (v.embedding <=> w.embedding)
		FROM products p JOIN product_vectors v ON v.text_hash = p.text_hash, products o JOIN product_vectors w ON w.text_hash = o.text_hash
		WHERE p.sku = ANY($1) AND o.sku = ANY($2)`, skus, others)
	if err != nil {
		return nil, fmt.Errorf("compare %d products with %d: %w", len(skus), len(others), err)
	}
	alike := map[string]map[string]float64{}
	var sku, other string
	var cosine float64
	_, err = pgx.ForEachRow(rows, []any{&sku, &other, &cosine}, func() error {
		if alike[sku] == nil {
			alike[sku] = map[string]float64{}
		}
		alike[sku][other] = cosine
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("compare %d products with %d: %w", len(skus), len(others), err)
	}
	return alike, nil
}

// need translates, stems and embeds the query. Where the model fails, words alone must do.
func (s *Store) need(ctx context.Context, q shop.Query) (need, error) {
	n := need{filter: q.Filter}
	english := q.Text
	var chinese []string
	if q.Lang == shop.Chinese || lexicon.DetectLang(q.Text) == shop.Chinese {
		english = lexicon.ToEnglish(q.Text)
		chinese = chineseTerms(q.Text, false)
	}
	if err := s.addTerms(ctx, &n, words(english), chinese); err != nil {
		return n, err
	}
	if strings.TrimSpace(english) == "" {
		return n, nil
	}
	end := shop.Step(ctx, "embed")
	vectors, err := s.embed.Embed(ctx, []string{english})
	end()
	switch {
	case ctx.Err() != nil:
		return n, ctx.Err()
	case err != nil:
		s.o.Logger.WarnContext(ctx, "query not embedded, searching by words alone", "error", err)
	case len(vectors) == 1:
		n.vector = vectors[0]
	}
	return n, nil
}

// addTerms fills in the terms of the text leg.
func (s *Store) addTerms(ctx context.Context, n *need, english, chinese []string) error {
	english = english[:min(len(english), maxQueryWords)]
	wanted := slices.Clone(english)
	for _, w := range english {
		wanted = append(wanted, lexicon.Synonyms(w)...)
	}
	lexemes, err := s.stemmer.lexemes(ctx, s.pool, wanted)
	if err != nil {
		return err
	}
	group, seen := int32(0), map[string]bool{"": true}
	add := func(term string) {
		if !seen[term] {
			seen[term] = true
			n.terms, n.groups = append(n.terms, term), append(n.groups, group)
		}
	}
	for _, w := range english {
		group++
		add(lexemes[w])
		for _, other := range lexicon.Synonyms(w) {
			add(lexemes[other])
		}
	}
	for _, pair := range chinese[:min(len(chinese), maxQueryWords)] {
		group++
		add(pair)
	}
	return nil
}

// hit is a product that one leg found.
type hit struct {
	id    int64
	score float64
}

func collectHits(rows pgx.Rows, err error) ([]hit, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (h hit, err error) { return h, row.Scan(&h.id, &h.score) })
}

// fuse merges the legs and reads the products, each with the scores it has in both.
func (s *Store) fuse(ctx context.Context, tx pgx.Tx, text, near []hit, vector []float32, limit int) ([]shop.Candidate, error) {
	type merged struct{ text, choose, fused float64 }
	all := map[int64]merged{}
	for rank, h := range text {
		share := 1 / float64(rrfConstant+rank+1)
		all[h.id] = merged{h.score, rrfTextChoose * share, rrfTextOrder * share}
	}
	for rank, h := range near {
		m, share := all[h.id], 1/float64(rrfConstant+rank+1)
		m.choose += share
		m.fused += share
		all[h.id] = m
	}
	ids := make([]int64, 0, len(all))
	for id := range all {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b int64) int { return cmp.Or(cmp.Compare(all[b].choose, all[a].choose), cmp.Compare(a, b)) })
	ids = ids[:min(len(ids), limit)]
	var asked any
	if vector != nil {
		asked = pgvector.NewHalfVector(vector)
	}
	rows, err := tx.Query(ctx, `SELECT `+productColumns+`, id, coalesce(1 - (embedding <=> $2::halfvec), 0)
		FROM products LEFT JOIN product_vectors USING (text_hash) WHERE id = ANY($1)`, ids, asked)
	if err != nil {
		return nil, fmt.Errorf("read candidates: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c shop.Candidate, err error) {
		var id int64
		if c.Product, err = scanProduct(row, &id, &c.VectorScore); err != nil {
			return c, err
		}
		c.TextScore, c.Fused = all[id].text, all[id].fused
		c.Score = c.Fused
		return c, nil
	})
	if err != nil {
		return nil, fmt.Errorf("read candidates: %w", err)
	}
	slices.SortFunc(found, func(a, b shop.Candidate) int {
		return cmp.Or(cmp.Compare(b.Fused, a.Fused), cmp.Compare(a.Product.SKU, b.Product.SKU))
	})
	return found, nil
}

// What still counts as fitting when another order picks among the candidates: a product whose cosine is within
// near of the best one's; or within far, where its BM25 score also reaches textOfBest of the best one's.
const (
	near       = 0.09
	far        = 0.20
	textOfBest = 0.8
)

// sorted keeps the candidates that fit about as well as the best and puts them in the asked order.
func sorted(found []shop.Candidate, by shop.Sort) []shop.Candidate {
	cosine, text := math.Inf(-1), 0.0
	for _, c := range found {
		cosine, text = max(cosine, c.VectorScore), max(text, c.TextScore)
	}
	found = slices.DeleteFunc(found, func(c shop.Candidate) bool {
		named := c.TextScore > 0 && c.TextScore >= textOfBest*text
		return c.VectorScore < cosine-near && !(named && c.VectorScore >= cosine-far)
	})
	slices.SortStableFunc(found, func(a, b shop.Candidate) int {
		switch by {
		case shop.SortPriceAsc:
			return cmp.Compare(a.Product.Price.Minor, b.Product.Price.Minor)
		case shop.SortPriceDesc:
			return cmp.Compare(b.Product.Price.Minor, a.Product.Price.Minor)
		case shop.SortRating:
			return cmp.Compare(b.Product.Rating, a.Product.Rating)
		case shop.SortNewest:
			return b.Product.ReleasedAt.Compare(a.Product.ReleasedAt)
		}
		return 0
	})
	return found
}

// browse lists products without words to search for, by the asked order, else well rated ones first.
func (s *Store) browse(ctx context.Context, tx pgx.Tx, q shop.Query) ([]shop.Candidate, error) {
	order := map[shop.Sort]string{
		shop.SortPriceAsc: "price_minor", shop.SortPriceDesc: "price_minor DESC", shop.SortNewest: "released_at DESC NULLS LAST",
	}[q.Sort]
	if order == "" {
		order = "rating DESC, stock > 0 DESC"
	}
	where, args, err := s.where(ctx, tx, q.Filter, []any{q.Limit})
	if err != nil {
		return nil, fmt.Errorf("browse: %w", err)
	}
	rows, err := tx.Query(ctx, `SELECT `+productColumns+` FROM products p WHERE `+where+` ORDER BY `+order+`, sku LIMIT $1`, args...)
	if err != nil {
		return nil, fmt.Errorf("browse: %w", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (shop.Candidate, error) {
		p, err := scanProduct(row)
		return shop.Candidate{Product: p}, err
	})
	if err != nil {
		return nil, fmt.Errorf("browse: %w", err)
	}
	return found, nil
}
