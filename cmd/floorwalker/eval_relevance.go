package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"floorwalker/evaluation"
	"floorwalker/lexicon"
	"floorwalker/onnx"
	"floorwalker/ranking"
	"floorwalker/retrieval"
	"floorwalker/shop"
)

// evalRelevanceCmd measures search and ranking against graded relevance.
type evalRelevanceCmd struct {
	Catalogue  string `required:"" type:"existingfile" help:"The catalogue that the ratings speak of, gzipped or not."`
	Ratings    string `required:"" type:"existingfile" help:"CSV with query,docid,rating."`
	Format     string `help:"jsonl, csv, icecat or retail; by the file's name when empty." enum:",jsonl,csv,icecat,retail" default:""`
	Present    bool   `help:"Measure the catalogue that is in the database already instead of importing one."`
	Verbose    bool   `short:"v" help:"Show each query's judged nDCG@10 of the ranker."`
	FirstStage bool   `name:"first-stage" help:"Measure the ranker without its cross-encoder."`
	Scores     string `help:"Write the ranker's scores of the rated products to this file, for training/evaluate.py." type:"path"`
	rankingPolicy
	services
}

// Run imports the catalogue into a scratch database, measures, and prints the report.
func (c *evalRelevanceCmd) Run(ctx context.Context, std streams) (err error) {
	ratings, err := readRatings(c.Ratings)
	if err != nil {
		return err
	}
	m, err := openModels(c.services)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	if m.crossErr != nil {
		return m.crossErr
	}
	open := scratchDatabase
	if c.Present {
		open = openDatabase
	}
	db, err := open(ctx, c.services, warnings(std.err))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(context.WithoutCancel(ctx))) }()
	store := retrieval.NewStore(db.pool, m.english, retrieval.Options{Logger: warnings(std.err), Background: onnx.Background})
	if !c.Present {
		if err := c.fill(ctx, std, store); err != nil {
			return err
		}
	}
	// No deadline: what is measured is the ranker, not its fallback; the time is reported beside it.
	measured := *m
	if c.FirstStage {
		measured.cross = nil
	}
	policy, err := c.read(nil)
	if err != nil {
		return err
	}
	o := policy.Options()
	o.Deadline, o.Reading = time.Hour, time.Hour
	ranker := newRanker(&measured, o)
	began := time.Now()
	scores := newJudgedScores()
	judged := func(query string, order []shop.Candidate, ndcg float64) {
		if c.Verbose {
			fmt.Fprintf(std.err, "%.3f  %s\n", ndcg, query)
		}
		scores.add(query, order, ratings[query])
	}
	report, err := evaluation.Relevance(ctx, store, ranker, ratings, lexicon.DetectLang, judged)
	if err != nil {
		return err
	}
	if err := scores.write(c.Scores); err != nil {
		return err
	}
	fmt.Fprintf(std.err, "measured %d queries in %v\n", report.Queries, time.Since(began).Round(time.Second))
	return printJSON(std.out, report)
}

func readRatings(path string) (evaluation.Ratings, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open ratings: %w", err)
	}
	defer file.Close()
	return evaluation.ReadRatings(file)
}

// fill imports the catalogue. Rows that a search does not need to be whole for are taken too.
func (c *evalRelevanceCmd) fill(ctx context.Context, std streams, store *retrieval.Store) error {
	file, err := os.Open(c.Catalogue)
	if err != nil {
		return fmt.Errorf("open the catalogue: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("open the catalogue: %w", err)
	}
	format := retrieval.Format(c.Format)
	if format == "" {
		format = retrieval.FormatOf(c.Catalogue)
	}
	bar := newProgressBar(std.err, info.Size())
	stock := 1
	began := time.Now()
	report, err := store.Import(ctx, file, format, retrieval.ImportOptions{MaxErrors: -1, Currency: "USD", Stock: &stock, Progress: bar.show})
	bar.end()
	if err != nil {
		return err
	}
	took := time.Since(began)
	fmt.Fprintf(std.err, "imported %d products in %v (%.0f/s), %d bad rows\n", report.Inserted, took.Round(time.Second), float64(report.Rows)/took.Seconds(), report.Bad)
	return nil
}

// judgedScores are the ranker's scores of the rated products as training/evaluate.py reads them: for each query, in
// order of SKU, score and grade, and beside them the relevance alone and the features that it is made of, null where one
// is not known.
type judgedScores struct {
	Scores    map[string][][2]float64 `json:"scores"`
	Relevance map[string][]float64    `json:"relevance"`
	Names     []string                `json:"names"`
	Features  map[string][][]*float64 `json:"features"`
}

func newJudgedScores() judgedScores {
	return judgedScores{Scores: map[string][][2]float64{}, Relevance: map[string][]float64{}, Names: ranking.FeatureNames, Features: map[string][][]*float64{}}
}

func (j judgedScores) add(query string, order []shop.Candidate, grades map[string]float64) {
	bySKU := slices.SortedFunc(slices.Values(order), func(a, b shop.Candidate) int { return cmp.Compare(a.Product.SKU, b.Product.SKU) })
	for _, c := range bySKU {
		j.Scores[query] = append(j.Scores[query], [2]float64{c.Score, grades[c.Product.SKU]})
		j.Relevance[query] = append(j.Relevance[query], c.Relevance)
		row := make([]*float64, len(c.Features))
		for i, v := range c.Features {
			if !math.IsNaN(v) {
				row[i] = &v
			}
		}
		j.Features[query] = append(j.Features[query], row)
	}
}

// write keeps the scores; no path, no file.
func (j judgedScores) write(path string) error {
	if path == "" {
		return nil
	}
	data, err := json.Marshal(j)
	if err != nil {
		return fmt.Errorf("write scores: %w", err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("write scores: %w", err)
	}
	return nil
}

// newRanker is the ranker as it serves: with the cross-encoder where there is one.
func newRanker(m *models, o ranking.Options) *ranking.Ranker {
	o.Chinese, o.Once = m.chinese, onnx.Once
	if m.cross == nil {
		return ranking.New(m.english, nil, o)
	}
	return ranking.New(m.english, m.cross, o)
}
