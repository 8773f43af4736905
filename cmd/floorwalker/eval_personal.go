package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"floorwalker/behaviour"
	"floorwalker/evaluation"
)

// evalPersonalCmd measures what personal recommendations add to a turn in a shop that remembers much.
type evalPersonalCmd struct {
	Customers int    `default:"100000" help:"Customers who did something."`
	Events    int    `default:"5000000" help:"What they did in a year: about half a gigabyte of disk a million."`
	Products  int    `default:"20000" help:"Products that they did it with."`
	Writing   int    `default:"1000" help:"Events a second that come in during the busy half."`
	Askers    int    `default:"1" help:"Turns that ask at once."`
	Asked     int    `default:"2000" help:"Recommendations that are timed, in each half."`
	Seed      uint64 `default:"1" help:"Of the events and of who asks."`
	services
}

// Run fills a scratch database, which goes at the end, and prints the report.
func (c *evalPersonalCmd) Run(ctx context.Context, std streams) (err error) {
	log := warnings(std.err)
	db, err := scratchDatabase(ctx, c.services, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(context.WithoutCancel(ctx))) }()
	rt, trees, err := openTrees(c.services, filepath.Join(c.Models, "next-basket"), behaviour.FeatureNames)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, trees.Close(), rt.Close()) }()
	report, err := evaluation.PersonalCost{Customers: c.Customers, Events: c.Events, Products: c.Products, Writing: c.Writing, Askers: c.Askers, Asked: c.Asked, Seed: c.Seed}.Measure(
		ctx, behaviour.NewLog(db.pool, behaviour.Options{Learned: trees, Logger: log}), db.pool.Ping, func(format string, args ...any) { fmt.Fprintf(std.err, format+"\n", args...) })
	if err != nil {
		return err
	}
	return printJSON(std.out, report)
}
