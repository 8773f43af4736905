package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"

	"floorwalker/retrieval"
)

// exportCmd writes the catalogue out.
type exportCmd struct {
	services
}

// Run writes the catalogue to stdout, in the format that import reads.
func (c *exportCmd) Run(ctx context.Context, std streams) (err error) {
	db, err := openDatabase(ctx, c.services, warnings(std.err))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(context.WithoutCancel(ctx))) }()
	out := bufio.NewWriter(std.out)
	n, err := retrieval.NewStore(db.pool, nil, retrieval.Options{Logger: warnings(std.err)}).Export(ctx, out)
	if err = errors.Join(err, out.Flush()); err != nil {
		return err
	}
	fmt.Fprintf(std.err, "%d products\n", n)
	return nil
}
