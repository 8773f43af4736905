package main

import (
	"context"
	"fmt"
	"time"

	"floorwalker/evaluation"
)

// evalPricesCmd measures elasticities and proposals on a simulated market whose truth is known, and on real price changes.
type evalPricesCmd struct {
	Transactions string `type:"existingfile" help:"Invoices as CSV, gzipped: InvoiceNo, StockCode, Quantity, InvoiceDate, UnitPrice, CustomerID; the simulated market alone where empty."`
	Cut          string `default:"2011-09-05" help:"The day before which is learnt."`
	Weeks        int    `default:"12" help:"How many weeks after it are foretold."`
	Products     int    `default:"400" help:"Products of the simulated market."`
	Categories   int    `default:"12" help:"Its categories."`
	Seed         uint64 `default:"1" help:"Of the simulated market."`
}

// Run measures and prints the report.
func (c *evalPricesCmd) Run(_ context.Context, std streams) error {
	if c.Products < 1 || c.Categories < 1 || c.Weeks < 1 {
		return fmt.Errorf("--products, --categories and --weeks are 1 or more")
	}
	cut, err := time.Parse(time.DateOnly, c.Cut)
	if err != nil {
		return fmt.Errorf("--cut is a day, as in 2011-09-05: %w", err)
	}
	const weeks = 78
	report := evaluation.PriceReport{Truth: evaluation.PriceTruth{Products: c.Products, Categories: c.Categories, Weeks: weeks, Seed: c.Seed}.Prices()}
	if c.Transactions != "" {
		sales, err := evaluation.ReadSales(c.Transactions)
		if err != nil {
			return err
		}
		real, err := evaluation.RealPrices(sales, cut, c.Weeks)
		if err != nil {
			return err
		}
		report.Real = &real
	}
	return printJSON(std.out, report)
}
