package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"floorwalker/evaluation"
	"floorwalker/lexicon"
	"floorwalker/ranking"
	"floorwalker/retrieval"
)

// evalRelevanceCmd measures search and ranking against graded relevance.
type evalRelevanceCmd struct {
	Catalogue string `required:"" type:"existingfile" help:"The catalogue that the ratings speak of, gzipped or not."`
	Ratings   string `required:"" type:"existingfile" help:"CSV with query,docid,rating."`
	Format    string `help:"jsonl, csv, icecat or retail; by the file's name when empty." enum:",jsonl,csv,icecat,retail" default:""`
	Present   bool   `help:"Measure the catalogue that is in the database already instead of importing one."`
	Verbose   bool   `short:"v" help:"Show each query's judged nDCG@10 of the ranker."`
	services
}

// Run imports the catalogue into a scratch database, measures, and prints the report.
func (c *evalRelevanceCmd) Run(ctx context.Context, std streams) (err error) {
	ratings, err := c.readRatings()
	if err != nil {
		return err
	}
	m, err := openModels(c.services)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	open := scratchDatabase
	if c.Present {
		open = openDatabase
	}
	db, err := open(ctx, c.services, warnings(std.err))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(context.WithoutCancel(ctx))) }()
	store := retrieval.NewStore(db.pool, m.english, retrieval.Options{Logger: warnings(std.err)})
	if !c.Present {
		if err := c.fill(ctx, std, store); err != nil {
			return err
		}
	}
	// No deadline: what is measured is the ranker, not its fallback; the time is reported beside it.
	ranker := newRanker(m, ranking.Options{Deadline: time.Hour, Reading: time.Hour})
	began := time.Now()
	progress := func(query string, ndcg float64) {
		if c.Verbose {
			fmt.Fprintf(std.err, "%.3f  %s\n", ndcg, query)
		}
	}
	report, err := evaluation.Relevance(ctx, store, ranker, ratings, lexicon.DetectLang, progress)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.err, "measured %d queries in %v\n", report.Queries, time.Since(began).Round(time.Second))
	return printJSON(std.out, report)
}

func (c *evalRelevanceCmd) readRatings() (evaluation.Ratings, error) {
	file, err := os.Open(c.Ratings)
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

// newRanker is the ranker as it serves: with the cross-encoder where there is one.
func newRanker(m *models, o ranking.Options) *ranking.Ranker {
	o.Chinese = m.chinese
	if m.cross == nil {
		return ranking.New(m.english, nil, o)
	}
	return ranking.New(m.english, m.cross, o)
}
