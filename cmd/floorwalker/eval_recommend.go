package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"floorwalker/evaluation"
)

// evalRecommendCmd measures recommendations on real purchases, split by time.
type evalRecommendCmd struct {
	Transactions string `required:"" type:"existingfile" help:"Invoices as CSV, gzipped: InvoiceNo, StockCode, Quantity, InvoiceDate, CustomerID."`
	Cut          string `help:"The day before which is learnt; each customer's first basket from then on is to be foretold." default:"2011-11-01"`
	Peers        string `type:"existingfile" help:"Lists of other models, one JSON object a line: model, customer, items. bench/recommend writes them."`
	WriteSplit   string `type:"existingdir" help:"Write what other models may learn from into this folder, and measure nothing."`
}

// Run measures and prints the report.
func (c *evalRecommendCmd) Run(_ context.Context, std streams) error {
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
	return printJSON(std.out, evaluation.Recommend(test, peers))
}
