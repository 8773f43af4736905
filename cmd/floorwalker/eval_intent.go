package main

import (
	"context"
	"errors"
	"path/filepath"

	"floorwalker/evaluation"
)

// evalIntentCmd measures the model that says how likely a visit ends in a purchase.
type evalIntentCmd struct {
	Sessions string `required:"" type:"existingfile" help:"Visits as CSV, gzipped: UCI's Online Shoppers."`
	services
}

// Run judges the shipped model by the visits that it has not seen, and prints the report.
func (c *evalIntentCmd) Run(ctx context.Context, std streams) (err error) {
	visits, err := evaluation.ReadVisits(c.Sessions)
	if err != nil {
		return err
	}
	rt, trees, err := openTrees(c.services, filepath.Join(c.Models, "purchase-intent"), evaluation.IntentColumns)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, trees.Close(), rt.Close()) }()
	said, err := trees.Score(ctx, visits.Rows)
	if err != nil {
		return err
	}
	return printJSON(std.out, evaluation.Intent(visits, said))
}
