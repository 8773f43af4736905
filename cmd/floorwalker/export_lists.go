package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"time"

	"floorwalker/behaviour"
)

// exportListsCmd writes out what training learns from.
type exportListsCmd struct {
	Days int `help:"Of how many days back." default:"365"`
	services
}

// Run writes the lists to stdout, a JSON object a line.
func (c *exportListsCmd) Run(ctx context.Context, std streams) error {
	return withEvents(ctx, c.services, std, func(_ *database, events *behaviour.Log) error {
		out := bufio.NewWriter(std.out)
		since := time.Now().AddDate(0, 0, -c.Days)
		n, err := events.ExportLists(ctx, since, out)
		if err = errors.Join(err, out.Flush()); err != nil {
			return err
		}
		fmt.Fprintf(std.err, "%d lists\n", n)
		return nil
	})
}
