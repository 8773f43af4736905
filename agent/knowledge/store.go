package knowledge

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pgvector/pgvector-go"
)

// Embedder turns texts of its language into vectors of length one.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// Store is the shop's knowledge. It is safe for concurrent use.
type Store struct {
	pool  *pgxpool.Pool
	embed map[shop.Lang]Embedder
}

// NewStore makes a store over a migrated database. The English model gives 384 numbers, the Chinese one 512.
func NewStore(pool *pgxpool.Pool, english, chinese Embedder) *Store {
	return &Store{pool: pool, embed: map[shop.Lang]Embedder{shop.English: english, shop.Chinese: chinese}}
}

// Load stores the articles; one that is there already is replaced if it changed. An article needs a slug and,
// in one language at least, a title and a body; else the error has code bad_request and nothing is stored.
func (s *Store) Load(ctx context.Context, articles []shop.Article) error {
	for i, a := range articles {
		if problem := check(a); problem != "" {
			return fmt.Errorf("load articles: %w", shop.Errorf(shop.CodeBadRequest, "Article %d (%q) %s. Nothing was stored.", i+1, a.Slug, problem))
		}
	}
	changed, err := s.changed(ctx, articles)
	if err != nil {
		return fmt.Errorf("load %d articles: %w", len(articles), err)
	}
	passages := make([][]passage, len(changed))
	for i, a := range changed {
		if passages[i], err = s.read(ctx, a); err != nil {
			return fmt.Errorf("load article %s: %w", a.Slug, err)
		}
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		for i, a := range changed {
			if err := put(ctx, tx, a, s.hash(a), passages[i]); err != nil {
				return fmt.Errorf("article %s: %w", a.Slug, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("load %d articles: %w", len(changed), err)
	}
	return nil
}

func check(a shop.Article) string {
	if strings.TrimSpace(a.Slug) == "" {
		return "has no slug"
	}
	for lang, body := range a.Bodies {
		if strings.TrimSpace(body) != "" && strings.TrimSpace(a.Titles[lang]) == "" {
			return fmt.Sprintf("has a body but no title in %q", lang)
		}
	}
	for _, lang := range []shop.Lang{shop.English, shop.Chinese} {
		if strings.TrimSpace(a.Bodies[string(lang)]) != "" {
			return ""
		}
	}
	return "has no text in English or Chinese"
}

// changed are the articles that are not stored as they are.
func (s *Store) changed(ctx context.Context, articles []shop.Article) ([]shop.Article, error) {
	rows, err := s.pool.Query(ctx, `SELECT slug, content_hash FROM articles`)
	if err != nil {
		return nil, err
	}
	known := map[string]string{}
	var slug string
	var hash []byte
	if _, err := pgx.ForEachRow(rows, []any{&slug, &hash}, func() error {
		known[slug] = string(hash)
		return nil
	}); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(articles), func(a shop.Article) bool { return known[a.Slug] == string(s.hash(a)) }), nil
}

// layout changes when passages are cut or embedded in another way, so that they are made anew.
const layout = "1"

func (s *Store) hash(a shop.Article) []byte {
	h := sha256.New()
	raw, _ := json.Marshal(a) // strings alone can always be written
	h.Write(raw)
	fmt.Fprint(h, layout)
	for _, lang := range []shop.Lang{shop.English, shop.Chinese} {
		if named, ok := s.embed[lang].(interface{ Name() string }); ok {
			fmt.Fprint(h, named.Name())
		}
		if versioned, ok := s.embed[lang].(interface{ Version() string }); ok {
			fmt.Fprint(h, versioned.Version())
		}
	}
	return h.Sum(nil)
}

// passage is a piece of an article before it is stored.
type passage struct {
	lang        shop.Lang
	title, text string
	vector      []float32
}

// read cuts an article into passages and embeds them.
func (s *Store) read(ctx context.Context, a shop.Article) ([]passage, error) {
	var all []passage
	for _, lang := range []shop.Lang{shop.English, shop.Chinese} {
		title := strings.TrimSpace(a.Titles[string(lang)])
		var texts []string
		first := len(all)
		for _, text := range cut(a.Bodies[string(lang)], lang) {
			all = append(all, passage{lang: lang, title: title, text: text})
			texts = append(texts, title+". "+text)
		}
		if len(texts) == 0 {
			continue
		}
		vectors, err := s.embed[lang].Embed(ctx, texts)
		if err != nil {
			return nil, err
		}
		if len(vectors) != len(texts) {
			return nil, fmt.Errorf("%d vectors for %d passages", len(vectors), len(texts))
		}
		for i, v := range vectors {
			all[first+i].vector = v
		}
	}
	return all, nil
}

func put(ctx context.Context, tx pgx.Tx, a shop.Article, hash []byte, passages []passage) error {
	batch := &pgx.Batch{}
	batch.Queue(`INSERT INTO articles (slug, topic, titles, bodies, content_hash) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (slug) DO UPDATE SET topic = excluded.topic, titles = excluded.titles, bodies = excluded.bodies,
			content_hash = excluded.content_hash, updated_at = now()`, a.Slug, a.Topic, a.Titles, a.Bodies, hash)
	batch.Queue(`DELETE FROM passages WHERE slug = $1`, a.Slug)
	for i, p := range passages {
		vector := pgvector.NewHalfVector(p.vector)
		if p.lang == shop.Chinese {
			batch.Queue(`INSERT INTO passages (slug, lang, ordinal, title, text, terms, chinese) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
				a.Slug, p.lang, i, p.title, p.text, pairs(p.title+"。"+p.text), vector)
			continue
		}
		batch.Queue(`INSERT INTO passages (slug, lang, ordinal, title, text, terms, english)
			VALUES ($1, $2, $3, $4, $5, tsvector_to_array(to_tsvector('english', $4 || '. ' || $5)), $6)`,
			a.Slug, p.lang, i, p.title, p.text, vector)
	}
	return tx.SendBatch(ctx, batch).Close()
}

// Threshold is the score under which a passage should not be taken for an answer, by trial on questions in both
// languages with and without one.
const Threshold = 0.47

// How the two judgements are blended into a score from 0 to 1: the share of the question's words that the
// passage has, rare words counting more, and the cosine.
const (
	weightMeaning = 0.9
	weightWords   = 0.1
	// depth is how many passages each leg proposes.
	depth = 20
)

// Find returns the passages that fit a question best, best first, one an article, with a Score from 0 to 1.
// A Chinese question falls back on English passages where there are no Chinese ones.
func (s *Store) Find(ctx context.Context, question string, lang shop.Lang, limit int) ([]shop.Passage, error) {
	question = strings.TrimSpace(question)
	if question == "" || limit < 1 {
		return nil, nil
	}
	if lang != shop.Chinese {
		lang = shop.English
	}
	found, err := s.find(ctx, question, lang)
	if err == nil && len(found) == 0 && lang == shop.Chinese {
		if english := lexicon.ToEnglish(question); english != "" {
			found, err = s.find(ctx, english, shop.English)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("find knowledge: %w", err)
	}
	best := found[:0]
	for _, p := range found {
		if !slices.ContainsFunc(best, func(b shop.Passage) bool { return b.Slug == p.Slug }) {
			best = append(best, p)
		}
	}
	return best[:min(len(best), limit)], nil
}

func (s *Store) find(ctx context.Context, question string, lang shop.Lang) ([]shop.Passage, error) {
	vectors, err := s.embed[lang].Embed(ctx, []string{question})
	if err != nil {
		return nil, err
	}
	column, terms := "english", []string{question}
	wanted := `tsvector_to_array(to_tsvector('english', ($2::text[])[1]))`
	if lang == shop.Chinese {
		column, terms, wanted = "chinese", pairs(question), `$2`
	}
	// Names of columns are ours; everything that is the customer's is a parameter.
	rows, err := s.pool.Query(ctx, `
		WITH asked AS MATERIALIZED (SELECT DISTINCT term FROM unnest(`+wanted+`::text[]) term),
		size AS MATERIALIZED (SELECT count(*)::float8 n FROM passages WHERE lang = $3),
		weighted AS MATERIALIZED (SELECT term, ln(1 + size.n / (1 + (SELECT count(*) FROM passages p WHERE p.lang = $3 AND p.terms @> ARRAY[term]))) weight
			FROM asked, size),
		whole AS (SELECT coalesce(nullif(sum(weight), 0), 1) weight FROM weighted),
		near AS (SELECT slug, lang, ordinal FROM passages WHERE `+column+` IS NOT NULL AND lang = $3 ORDER BY `+column+` <=> $1 LIMIT $4),
		worded AS (SELECT slug, lang, ordinal FROM passages p, weighted w WHERE p.lang = $3 AND p.terms @> ARRAY[w.term]
			GROUP BY 1, 2, 3 ORDER BY sum(w.weight) DESC LIMIT $4)
		SELECT p.slug, a.topic, p.title, p.text, 1 - (p.`+column+` <=> $1),
			(SELECT coalesce(sum(w.weight), 0) FROM weighted w WHERE p.terms @> ARRAY[w.term]) / whole.weight
		FROM (SELECT * FROM near UNION SELECT * FROM worded) c JOIN passages p USING (slug, lang, ordinal) JOIN articles a USING (slug), whole`,
		pgvector.NewHalfVector(vectors[0]), terms, lang, depth)
	if err != nil {
		return nil, err
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p shop.Passage, err error) {
		var cosine, words float64
		err = row.Scan(&p.Slug, &p.Topic, &p.Title, &p.Text, &cosine, &words)
		p.Score = blend(cosine, words, lang)
		return p, err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b shop.Passage) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Slug, b.Slug), cmp.Compare(a.Text, b.Text))
	})
	return found, nil
}

// Cosines of questions and passages lie in a band that differs by model; low and high bring them to 0 and 1.
func blend(cosine, words float64, lang shop.Lang) float64 {
	low, high := 0.0, 0.8
	if lang == shop.Chinese {
		low, high = 0.34, 0.9
	}
	if math.IsNaN(cosine) {
		return 0
	}
	return weightMeaning*min(1, max(0, (cosine-low)/(high-low))) + weightWords*min(1, max(0, words))
}
