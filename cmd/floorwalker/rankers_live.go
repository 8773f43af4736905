package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"floorwalker/onnx"
	"floorwalker/ranking"
)

// liveRankers hold the ranker that serves and its shadow, and follow the state on disk.
type liveRankers struct {
	rankers
	models *models
	o      onnx.CrossEncoderOptions
	log    *slog.Logger
	swap   *ranking.Switch
	// state is what was last followed, whether or not it could be loaded.
	state           rankerState
	serving, shadow *onnx.CrossEncoder
}

const (
	// lookEvery is how often the state is read, told how often the shadow's comparison is logged.
	lookEvery = 3 * time.Second
	tellEvery = time.Minute
	// retireAfter is how long a model that was replaced still runs, for the turns that are in it.
	retireAfter = 10 * time.Second
)

// openLiveRankers begins with the version that the state names; where that can't be loaded, with the shipped one.
func openLiveRankers(s services, m *models, log *slog.Logger) (*liveRankers, error) {
	l := &liveRankers{rankers: newRankers(s), models: m, o: onnx.CrossEncoderOptions{Threads: s.Threads}, log: log,
		state: rankerState{Serving: shippedVersion}}
	if m.crossErr != nil {
		log.Error("the ranker that is shipped can't be used; products are ranked by the embedding model", "error", m.crossErr)
	}
	l.swap = ranking.NewSwitch(l.ranker(m.cross), onnx.Background)
	state, err := l.rankers.state()
	if err != nil {
		return nil, err
	}
	l.follow(state)
	return l, nil
}

// ranker is a ranker with the model; nil is the bi-encoder alone.
func (l *liveRankers) ranker(cross *onnx.CrossEncoder) *ranking.Ranker {
	with := *l.models
	with.cross = cross
	return newRanker(&with, ranking.Options{})
}

// run follows the state until ctx ends.
func (l *liveRankers) run(ctx context.Context) error {
	look, tell := time.NewTicker(lookEvery), time.NewTicker(tellEvery)
	defer look.Stop()
	defer tell.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
			state, err := l.rankers.state()
			if err != nil {
				l.log.Warn("which ranker should serve can't be read; the one that serves goes on", "error", err)
				continue
			}
			l.follow(state)
		case <-tell.C:
			if c := l.swap.Compared(); c.Rankings+c.Degraded > 0 {
				l.log.Info("ranker in the shadow", "version", l.state.Shadow, "rankings", c.Rankings, "same_first", c.SameFirst,
					"overlap", c.Overlap, "degraded", c.Degraded)
			}
		}
	}
}

// follow loads what the state names and does not run yet, beside what runs. What can't be loaded changes nothing.
func (l *liveRankers) follow(state rankerState) {
	if state.Serving != l.state.Serving {
		if cross, err := l.load(state.Serving); err != nil {
			l.log.Error("the ranker can't be loaded; the one before goes on serving", "version", state.Serving, "error", err)
		} else {
			l.swap.Serve(l.ranker(cross))
			l.retire(l.serving)
			l.serving = cross
			l.log.Info("another ranker serves", "version", state.Serving)
		}
	}
	if state.Shadow != l.state.Shadow {
		l.swap.Shadow(nil)
		l.retire(l.shadow)
		l.shadow = nil
		if state.Shadow != "" {
			cross, err := l.load(state.Shadow)
			if err != nil {
				l.log.Error("the ranker for the shadow can't be loaded", "version", state.Shadow, "error", err)
			} else {
				l.shadow = cross
				l.swap.Shadow(l.ranker(cross))
			}
		}
	}
	l.state = state
}

// load loads a version; the shipped one may be absent.
func (l *liveRankers) load(version string) (*onnx.CrossEncoder, error) {
	if version == shippedVersion && l.models.cross == nil {
		return nil, nil
	}
	dir, err := l.folder(version)
	if err != nil {
		return nil, err
	}
	return onnx.LoadCrossEncoder(l.models.runtime, dir, l.o)
}

// retire closes a model once the turns that it is in have ended.
func (l *liveRankers) retire(cross *onnx.CrossEncoder) {
	if cross == nil {
		return
	}
	time.AfterFunc(retireAfter, func() {
		if err := cross.Close(); err != nil {
			l.log.Warn("close a ranker that was replaced", "error", err)
		}
	})
}

// close frees what serves.
func (l *liveRankers) close() error {
	var errs []error
	for _, cross := range []*onnx.CrossEncoder{l.serving, l.shadow} {
		if cross != nil {
			errs = append(errs, cross.Close())
		}
	}
	return errors.Join(errs...)
}
