package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"floorwalker/onnx"
	"floorwalker/retrieval"
)

const (
	// readAheadBatch is how many products are read ahead at a time, readAheadRest how many times as long the ranker then
	// does nothing of the kind: a fifth of the processor, while customers' work goes first.
	readAheadBatch = 8
	readAheadRest  = 4
	// mostReadAhead is more than the ranker keeps.
	mostReadAhead = 6000
	// readAheadLook is how often a changed catalogue, or another ranker, is looked for.
	readAheadLook = 10 * time.Second
)

// readAhead has the ranker that serves read products before anybody asks for them, as many as it keeps, until ctx ends: the
// latest changed first. A change to the catalogue costs reading what has changed alone.
func (l *liveRankers) readAhead(ctx context.Context, catalogue *retrieval.Store) error {
	var version int64
	var cross *onnx.CrossEncoder
	tick := time.NewTicker(readAheadLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		serves := l.reader.Load()
		now, err := catalogue.Version(ctx)
		if serves == nil || err != nil || serves == cross && now == version {
			continue
		}
		if err := readAllAhead(ctx, serves, catalogue); err != nil {
			if ctx.Err() == nil && !errors.Is(err, onnx.ErrClosed) {
				l.log.Warn("products not read ahead", "error", err)
			}
			continue
		}
		cross, version = serves, now
	}
}

func readAllAhead(ctx context.Context, cross *onnx.CrossEncoder, catalogue *retrieval.Store) error {
	ctx = onnx.Background(ctx)
	skus, err := catalogue.Latest(ctx, mostReadAhead)
	if err != nil {
		return err
	}
	for some := range slices.Chunk(skus, readAheadBatch) {
		products, err := catalogue.Products(ctx, some)
		if err != nil {
			return err
		}
		texts := make([]string, len(products))
		for i, p := range products {
			texts[i] = p.PairText()
		}
		began := time.Now()
		if more, err := cross.ReadAhead(ctx, texts); err != nil || !more {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(readAheadRest * time.Since(began)):
		}
	}
	return nil
}
