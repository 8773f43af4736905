package main

import (
	"context"
	"errors"
	"time"

	"floorwalker/behaviour"
)

// eventKeeping is for how long what customers did is kept.
type eventKeeping struct {
	KeepEvents time.Duration `help:"For how long what customers did is kept; whole months are dropped." default:"26280h" env:"FLOORWALKER_KEEP_EVENTS"`
}

// importEventsCmd takes in what customers did elsewhere.
type importEventsCmd struct {
	File string `arg:"" type:"existingfile" help:"Events of User Behavior Insights, a JSON object a line; plain, gzipped or zipped."`
	eventKeeping
	services
}

// Run imports the file and prints the report as one JSON object.
func (c *importEventsCmd) Run(ctx context.Context, std streams) error {
	log := warnings(std.err)
	return withDatabase(ctx, c.services, std, func(db *database) error {
		report, err := behaviour.NewLog(db.pool, behaviour.Options{Keep: c.KeepEvents, Logger: log}).Import(ctx, c.File)
		return errors.Join(err, printJSON(std.out, report))
	})
}
