package main

import (
	"context"
	"fmt"
	"time"

	"floorwalker/evaluation"
)

// evalForecastCmd measures forecasts on real sales, from one origin after the other.
type evalForecastCmd struct {
	Transactions string  `required:"" type:"existingfile" help:"Invoices as CSV, gzipped: InvoiceNo, StockCode, Quantity, InvoiceDate, UnitPrice, CustomerID."`
	First        string  `default:"2011-09-05" help:"The first origin, a Monday: what was before it is known."`
	Last         string  `default:"2011-11-07" help:"The last origin; there is one a week."`
	Weeks        int     `default:"4" help:"How many weeks ahead is foretold."`
	Fewest       int     `default:"13" help:"How many weeks a product must be known to be judged."`
	LeadDays     int     `default:"14" help:"The lead time that reorder points are judged by."`
	ServiceLevel float64 `default:"0.95" help:"How likely the stock is to last for the lead time."`
}

// Run measures and prints the report.
func (c *evalForecastCmd) Run(_ context.Context, std streams) error {
	first, err := time.Parse(time.DateOnly, c.First)
	if err != nil || first.Weekday() != time.Monday {
		return fmt.Errorf("--first is a Monday, as in 2011-09-05")
	}
	last, err := time.Parse(time.DateOnly, c.Last)
	if err != nil {
		return fmt.Errorf("--last is a day, as in 2011-11-07: %w", err)
	}
	if c.Weeks < 1 || c.LeadDays < 2 || c.LeadDays > 7*c.Weeks || !(c.ServiceLevel > 0.5 && c.ServiceLevel < 1) {
		return fmt.Errorf("--weeks is 1 or more, --lead-days from 2 to as long as the weeks, --service-level above 0.5 and below 1")
	}
	sales, err := evaluation.ReadSales(c.Transactions)
	if err != nil {
		return err
	}
	report, err := evaluation.Forecasts(sales, evaluation.ForecastRun{First: first, Last: last, Weeks: c.Weeks, Fewest: c.Fewest, Lead: c.LeadDays, Service: c.ServiceLevel},
		func(format string, args ...any) { fmt.Fprintf(std.err, format+"\n", args...) })
	if err != nil {
		return err
	}
	fmt.Fprint(std.err, report)
	return printJSON(std.out, report)
}
