package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"floorwalker/dialog"
	"floorwalker/embedded"

	"github.com/nats-io/nats.go"
)

// startServices fetches and starts what no address was given for, migrates, and connects.
func startServices(ctx context.Context, s services, std streams, log *slog.Logger) (_ *base, err error) {
	b := &base{}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.stop())
		}
	}()
	needed := embedded.Needed()
	if s.DatabaseURL != "" && s.ORT != "" {
		needed = nil
	}
	if err := embedded.Fetch(ctx, s.cacheDir(), needed, std.err); err != nil {
		return nil, err
	}
	db, err := openDatabase(ctx, s, log)
	if err != nil {
		return nil, err
	}
	b.pool = db.pool
	b.stops = append(b.stops, func() error { return db.close(context.Background()) })
	options := append(dialog.NATSOptions(), nats.Name("floorwalker"), nats.RetryOnFailedConnect(true))
	if s.NATSURL == "" {
		server, err := embedded.StartNATS(embedded.NATSOptions{DataDir: s.dataDir(), Logger: log})
		if err != nil {
			return nil, err
		}
		b.stops = append(b.stops, func() error { server.Stop(); return nil })
		b.nats, err = server.Connect(options...)
		if err != nil {
			return nil, err
		}
	} else if b.nats, err = nats.Connect(s.NATSURL, options...); err != nil {
		return nil, fmt.Errorf("connect to NATS at NATS_URL: %w", err)
	}
	b.stops = append(b.stops, func() error { b.nats.Close(); return nil })
	return b, nil
}

// workers are the goroutines that serve beside the HTTP server.
type workers struct {
	ctx  context.Context
	log  *slog.Logger
	wg   sync.WaitGroup
	mu   sync.Mutex
	errs []error
}

func newWorkers(ctx context.Context, log *slog.Logger) *workers { return &workers{ctx: ctx, log: log} }

// run starts one; an error of its own is logged at once and returned by wait.
func (w *workers) run(name string, work func(context.Context) error) {
	w.wg.Go(func() {
		if err := work(w.ctx); err != nil && w.ctx.Err() == nil {
			w.log.Error("a worker ended", "worker", name, "error", err)
			w.mu.Lock()
			w.errs = append(w.errs, fmt.Errorf("%s: %w", name, err))
			w.mu.Unlock()
		}
	})
}

func (w *workers) wait() error {
	w.wg.Wait()
	return errors.Join(w.errs...)
}
