package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"floorwalker/lexicon"
	"floorwalker/ranking"
	"floorwalker/retrieval"
	"floorwalker/shop"
)

type modelExplainCmd struct {
	Query string `arg:"" optional:"" help:"What was asked."`
	SKU   string `arg:"" optional:"" help:"The product."`
	Pairs string `type:"existingfile" help:"Explain the pairs of this CSV (query,text) instead, a JSON object a line: which words moved the cross-encoder's score."`
	rankingPolicy
	services
}

// Run explains with the version that serves.
func (c *modelExplainCmd) Run(ctx context.Context, std streams) (err error) {
	if (c.Pairs == "") == (c.Query == "" || c.SKU == "") {
		return errors.New("give a query and a SKU, or --pairs")
	}
	m, err := openModels(c.services)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	live, err := openLiveRankers(c.services, c.rankingPolicy, m, nil, warnings(std.err))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, live.close()) }()
	if c.Pairs != "" {
		return explainPairs(ctx, live.serving.ranker, c.Pairs, std.out)
	}
	return withDatabase(ctx, c.services, std, func(db *database) error {
		store := retrieval.NewStore(db.pool, m.english, retrieval.Options{Logger: warnings(std.err)})
		explained, err := explainer{store, live.swap}.Explain(ctx, c.Query, c.SKU)
		if err != nil {
			return err
		}
		fmt.Fprintf(std.err, "place %d, score %.4f, relevance %.4f (not shown under %.2f), by %s\n", explained.Position, explained.Score, explained.Relevance, explained.Floor, explained.Model)
		for _, r := range explained.Reasons {
			fmt.Fprintf(std.err, "%+.4f  %-12s %s\n", r.Weight, r.Code, r.Detail)
		}
		if w := explained.Cross; w != nil {
			fmt.Fprintf(std.err, "the cross-encoder gives %.4f: %.4f for no words, and by word\n", w.Score, w.Base)
			for _, a := range w.Words {
				where := "product"
				if a.InQuery {
					where = "query"
				}
				fmt.Fprintf(std.err, "%+.4f  %-7s  %s\n", a.Effect, where, a.Word)
			}
		}
		return printJSON(std.out, explained)
	})
}

// explainer explains rankings as customers get them.
type explainer struct {
	catalogue *retrieval.Store
	ranker    *ranking.Switch
}

// explainedCandidates is how many candidates a product is explained among.
const explainedCandidates = 48

// Explain searches, ranks, and says what put the product where it is. A product that the search doesn't find is added to
// the candidates.
func (e explainer) Explain(ctx context.Context, query, sku string) (ranking.Explanation, error) {
	q := shop.Query{Text: query, Lang: lexicon.DetectLang(query), Limit: explainedCandidates}
	found, err := e.catalogue.Search(ctx, q)
	if err != nil {
		return ranking.Explanation{}, err
	}
	if !slices.ContainsFunc(found, func(c shop.Candidate) bool { return c.Product.SKU == sku }) {
		asked, err := e.catalogue.Score(ctx, q, []string{sku})
		if err != nil {
			return ranking.Explanation{}, err
		}
		if len(asked) == 0 { // neither leg has anything on it, as with a query without words
			products, err := e.catalogue.Products(ctx, []string{sku})
			if err != nil {
				return ranking.Explanation{}, err
			}
			if len(products) == 0 {
				return ranking.Explanation{}, shop.Errorf(shop.CodeNotFound, "There is no product with this SKU. Check the SKU.")
			}
			asked = []shop.Candidate{{Product: products[0]}}
		}
		found = append(found, asked[0])
	}
	return e.ranker.Explain(ctx, q, found, sku)
}

// explainPairs explains each pair of the file.
func explainPairs(ctx context.Context, r *ranking.Ranker, path string, out io.Writer) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open pairs: %w", err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return fmt.Errorf("read pairs: %w", err)
	}
	if len(rows) == 0 || !slices.Equal(rows[0], []string{"query", "text"}) {
		return errors.New("read pairs: the first line is query,text")
	}
	lines := json.NewEncoder(out)
	lines.SetEscapeHTML(false)
	for _, row := range rows[1:] {
		words, err := r.ExplainWords(ctx, row[0], row[1])
		if err != nil {
			return err
		}
		if err := lines.Encode(words); err != nil {
			return fmt.Errorf("write the explanation: %w", err)
		}
	}
	return nil
}
