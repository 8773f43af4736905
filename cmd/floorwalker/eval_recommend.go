package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"floorwalker/behaviour"
	"floorwalker/evaluation"
)

// evalRecommendCmd measures recommendations on real purchases, split by time.
type evalRecommendCmd struct {
	Transactions  string `required:"" type:"existingfile" help:"Invoices as CSV, gzipped: InvoiceNo, StockCode, Quantity, InvoiceDate, CustomerID."`
	Cut           string `help:"The day before which is learnt; each customer's first basket from then on is to be foretold." default:"2011-11-01"`
	Peers         string `type:"existingfile" help:"Lists of other models, one JSON object a line: model, customer, items. bench/recommend writes them."`
	WriteFeatures string `type:"existingdir" help:"Write candidates with their features for the three months before the day into this folder, for training/next_basket.py, and measure nothing."`
	WriteSplit    string `type:"existingdir" help:"Write what other models may learn from into this folder, and measure nothing."`
	Learned       string `type:"existingdir" help:"Judge the order of this model too, as training/next_basket.py makes it."`
	services
}

// Run measures and prints the report.
func (c *evalRecommendCmd) Run(ctx context.Context, std streams) (err error) {
	cut, err := time.Parse(time.DateOnly, c.Cut)
	if err != nil {
		return fmt.Errorf("--cut is a day, as in 2011-11-01: %w", err)
	}
	deeds, err := evaluation.ReadTransactions(c.Transactions)
	if err != nil {
		return err
	}
	test := evaluation.Split(deeds, cut, cut.AddDate(1, 0, 0))
	if c.WriteSplit != "" {
		validation := evaluation.Split(deeds, cut.AddDate(0, -1, 0), cut)
		if err := evaluation.WriteSplit(validation, c.WriteSplit, "validation"); err != nil {
			return fmt.Errorf("write the validation month: %w", err)
		}
		if err := evaluation.WriteSplit(test, c.WriteSplit, "test"); err != nil {
			return fmt.Errorf("write the test: %w", err)
		}
		return nil
	}
	if c.WriteFeatures != "" {
		for months, name := range map[int]string{3: "learn-1.csv", 2: "learn-2.csv", 1: "validation.csv"} {
			from := cut.AddDate(0, -months, 0)
			file, err := os.Create(filepath.Join(c.WriteFeatures, name))
			if err != nil {
				return fmt.Errorf("write features: %w", err)
			}
			err = evaluation.WriteFeatures(file, evaluation.Split(deeds, from, from.AddDate(0, 1, 0)))
			if err = errors.Join(err, file.Close()); err != nil {
				return fmt.Errorf("write features: %w", err)
			}
		}
		return nil
	}
	var peers []evaluation.List
	if c.Peers != "" {
		file, err := os.Open(c.Peers)
		if err != nil {
			return fmt.Errorf("open other models' lists: %w", err)
		}
		defer file.Close()
		if peers, err = evaluation.ReadLists(file); err != nil {
			return err
		}
	}
	var learned behaviour.Learned
	if c.Learned != "" {
		rt, trees, err := openTrees(c.services, c.Learned, behaviour.FeatureNames)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, trees.Close(), rt.Close()) }()
		learned = trees
	}
	report, err := evaluation.Recommend(ctx, test, peers, learned)
	if err != nil {
		return err
	}
	return printJSON(std.out, report)
}
