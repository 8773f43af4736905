package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"floorwalker/behaviour"
	"floorwalker/experiments"
)

// experimentCmd compares ways to recommend.
type experimentCmd struct {
	Start  experimentStartCmd  `cmd:"" help:"Begin an experiment; one runs at a time."`
	Stop   experimentStopCmd   `cmd:"" help:"End it."`
	List   experimentListCmd   `cmd:"" help:"Write all experiments as JSON."`
	Report experimentReportCmd `cmd:"" help:"Say what came of an experiment so far. Looking at it, however often, spoils nothing."`
}

type experimentStartCmd struct {
	ID   string   `arg:"" help:"The experiment's name: lower-case letters, digits and -."`
	Kind string   `enum:"ab,interleaving,bandit" default:"ab" help:"ab: each customer one arm; interleaving: one list out of two; bandit: the better arm more and more often."`
	Arms []string `default:"taste,popularity" help:"What is compared, the control first: taste, popularity."`
	services
}

type experimentStopCmd struct {
	ID string `arg:"" help:"The experiment's name."`
	services
}

type experimentListCmd struct {
	services
}

type experimentReportCmd struct {
	ID      string `arg:"" help:"The experiment's name."`
	JSON    bool   `name:"json" help:"Write JSON instead of a table."`
	Picture string `type:"path" help:"Draw the results into this file too, as SVG."`
	services
}

// withBook opens the database that a server uses, or would use, and the experiments in it.
func withBook(ctx context.Context, s services, std streams, work func(b *experiments.Book) error) error {
	return withEvents(ctx, s, std, func(db *database, events *behaviour.Log) error {
		return work(newBook(db.pool, events, warnings(std.err)))
	})
}

// Run begins the experiment.
func (c *experimentStartCmd) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.services, std, func(b *experiments.Book) error {
		return b.Start(ctx, experiments.Experiment{ID: c.ID, Kind: experiments.Kind(c.Kind), Arms: c.Arms})
	})
}

// Run ends the experiment.
func (c *experimentStopCmd) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.services, std, func(b *experiments.Book) error { return b.Stop(ctx, c.ID) })
}

// Run writes the experiments.
func (c *experimentListCmd) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.services, std, func(b *experiments.Book) error {
		all, err := b.List(ctx)
		if err != nil {
			return err
		}
		return printJSON(std.out, all)
	})
}

// Run says what came of the experiment.
func (c *experimentReportCmd) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.services, std, func(b *experiments.Book) error {
		r, err := b.Results(ctx, c.ID)
		if err != nil {
			return err
		}
		if c.Picture != "" {
			file, err := os.Create(c.Picture)
			if err != nil {
				return fmt.Errorf("write the picture: %w", err)
			}
			if err := errors.Join(r.Picture(file), file.Close()); err != nil {
				return err
			}
		}
		if c.JSON {
			return printJSON(std.out, r)
		}
		return r.Table(std.out)
	})
}
