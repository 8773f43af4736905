package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"floorwalker/behaviour"
	"floorwalker/onnx"
	"floorwalker/ranking"
)

// rankingPolicy is the shop's own say in the order of products.
type rankingPolicy struct {
	Ranking string `help:"File with the weights, floor and diversity by which products are ordered; followed within seconds when it changes. docs/ranking.md says what it holds." env:"FLOORWALKER_RANKING"`
	Takeup  string `help:"Folder with trees that foretell from the ranker's features what customers take up (training/takeup.py); read at the start." env:"FLOORWALKER_TAKEUP"`
}

// read is the policy with what a version has learnt over it.
func (p rankingPolicy) read(learnt map[string]float64) (ranking.Policy, error) {
	policy := ranking.DefaultPolicy()
	if p.Ranking != "" {
		file, err := os.Open(p.Ranking)
		if err != nil {
			return policy, fmt.Errorf("read the ranking policy: %w", err)
		}
		defer file.Close()
		if policy, err = ranking.ReadPolicy(file, policy); err != nil {
			return policy, fmt.Errorf("read the ranking policy %s: %w", p.Ranking, err)
		}
	}
	if learnt == nil {
		return policy, nil
	}
	over, err := json.Marshal(map[string]any{"weights": learnt})
	if err != nil {
		return policy, fmt.Errorf("read learnt weights: %w", err)
	}
	return ranking.ReadPolicy(bytes.NewReader(over), policy)
}

// text is the file as it stands, to see that it has changed.
func (p rankingPolicy) text() string {
	if p.Ranking == "" {
		return ""
	}
	text, _ := os.ReadFile(p.Ranking) //nolint:errcheck // read tells why it can't be read
	return string(text)
}

// runningRanker is a version that is loaded.
type runningRanker struct {
	version, dir string
	// cross is nil where there is no model.
	cross  *onnx.CrossEncoder
	ranker *ranking.Ranker
}

// liveRankers hold the ranker that serves and its shadow, and follow the state on disk.
type liveRankers struct {
	rankers
	policy rankingPolicy
	models *models
	events *behaviour.Log
	log    *slog.Logger
	swap   *ranking.Switch
	// takeup is nil where no folder is named.
	takeup *onnx.Trees
	// state and text are what was last followed, whether or not it could be loaded.
	state           rankerState
	text            string
	serving, shadow *runningRanker
	// reader is the model that serves, for who reads ahead.
	reader atomic.Pointer[onnx.CrossEncoder]
}

const (
	// lookEvery is how often the state is read, told how often the shadow's comparison is logged.
	lookEvery = 3 * time.Second
	tellEvery = time.Minute
	// retireAfter is how long a model that was replaced still runs, for the turns that are in it.
	retireAfter = 10 * time.Second
)

// openLiveRankers begins with the version that the state names; where that can't be loaded, with the shipped one. A policy
// that can't be followed is an error. What a shadow makes is kept in events, where given.
func openLiveRankers(s services, policy rankingPolicy, m *models, events *behaviour.Log, log *slog.Logger) (*liveRankers, error) {
	l := &liveRankers{rankers: newRankers(s), policy: policy, models: m, events: events, log: log,
		state: rankerState{Serving: shippedVersion}, text: policy.text()}
	if m.crossErr != nil {
		log.Error("the ranker that is shipped can't be used; products are ranked by the embedding model", "error", m.crossErr)
	}
	var err error
	if policy.Takeup != "" {
		if l.takeup, err = onnx.LoadTrees(m.runtime, policy.Takeup, ranking.TakeupFeatures); err != nil {
			return nil, fmt.Errorf("load what foretells what customers take up (--takeup): %w", err)
		}
	}
	if l.serving, err = l.open(shippedVersion); err != nil {
		return nil, errors.Join(err, l.close())
	}
	l.reader.Store(l.serving.cross)
	l.swap = ranking.NewSwitch(l.serving.ranker, onnx.Background, l.keepComparison)
	state, err := l.rankers.state()
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	l.follow(state, l.text)
	return l, nil
}

// open loads a version, or takes its model from one that runs.
func (l *liveRankers) open(version string) (*runningRanker, error) {
	r := &runningRanker{version: version}
	var learnt map[string]float64
	var err error
	if r.dir, learnt, err = l.read(version); err != nil {
		return nil, err
	}
	policy, err := l.policy.read(learnt)
	if err != nil {
		return nil, err
	}
	if r.cross, err = l.model(r.dir); err != nil {
		return nil, err
	}
	with := *l.models
	with.cross = r.cross
	o := policy.Options()
	if learnt != nil {
		o.Blend = version
	}
	if l.takeup != nil {
		o.Takeup = l.takeup
	}
	r.ranker = newRanker(&with, o)
	return r, nil
}

// model is the model of the folder. The shipped one may be absent.
func (l *liveRankers) model(dir string) (*onnx.CrossEncoder, error) {
	if dir == l.shipped {
		return l.models.cross, nil
	}
	for _, running := range []*runningRanker{l.serving, l.shadow} {
		if running != nil && running.dir == dir {
			return running.cross, nil
		}
	}
	return onnx.LoadCrossEncoder(l.models.runtime, dir, onnx.CrossEncoderOptions{})
}

// keepComparison keeps what the shadow made of a list.
func (l *liveRankers) keepComparison(ctx context.Context, c ranking.Compared) {
	if l.events == nil {
		return
	}
	millis := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	err := l.events.NoteShadow(ctx, behaviour.Shadow{RankingID: c.Served.ID, Served: c.Served.Model, Shadow: c.Shadow.Model, Degraded: c.Shadow.Degraded,
		ServedSKUs: ranking.First(c.Served), ShadowSKUs: ranking.First(c.Shadow), ServedMillis: millis(c.ServedTook), ShadowMillis: millis(c.ShadowTook)})
	if err != nil {
		l.log.Warn("what the shadow made is not kept", "error", err)
	}
}

// run follows the state and the policy until ctx ends.
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
			l.follow(state, l.policy.text())
		case <-tell.C:
			if c := l.swap.Compared(); c.Rankings+c.Degraded > 0 {
				l.log.Info("ranker in the shadow", "version", l.state.Shadow, "rankings", c.Rankings, "same_first", c.SameFirst,
					"overlap", c.Overlap, "degraded", c.Degraded)
			}
		}
	}
}

// follow loads what the state names and does not run yet, beside what runs, and all anew by another policy. What can't be
// loaded changes nothing.
func (l *liveRankers) follow(state rankerState, text string) {
	if state.Serving != l.state.Serving || text != l.text {
		if r, err := l.open(state.Serving); err != nil {
			l.log.Error("the ranker can't be loaded; the one before goes on serving", "version", state.Serving, "error", err)
		} else {
			before := l.serving
			l.swap.Serve(r.ranker)
			l.serving = r
			l.reader.Store(r.cross)
			l.retire(before)
			l.log.Info("another ranker serves", "version", state.Serving)
		}
	}
	if state.Shadow != l.state.Shadow || text != l.text && state.Shadow != "" {
		before := l.shadow
		l.swap.Shadow(nil)
		var r *runningRanker
		if state.Shadow != "" {
			var err error
			if r, err = l.open(state.Shadow); err != nil {
				l.log.Error("the ranker for the shadow can't be loaded", "version", state.Shadow, "error", err)
			} else {
				l.swap.Shadow(r.ranker)
			}
		}
		l.shadow = r
		l.retire(before)
	}
	l.state, l.text = state, text
}

// retire closes a version's model once the turns that it is in have ended, unless another one uses it.
func (l *liveRankers) retire(r *runningRanker) {
	if r == nil || !l.alone(r) {
		return
	}
	time.AfterFunc(retireAfter, func() {
		if err := r.cross.Close(); err != nil {
			l.log.Warn("close a ranker that was replaced", "error", err)
		}
	})
}

// alone reports whether a version has a model that nobody else uses.
func (l *liveRankers) alone(r *runningRanker) bool {
	for _, other := range []*runningRanker{l.serving, l.shadow} {
		if other != nil && other != r && other.cross == r.cross {
			return false
		}
	}
	return r.cross != nil && r.cross != l.models.cross
}

// close frees what serves.
func (l *liveRankers) close() error {
	var errs []error
	for _, r := range []**runningRanker{&l.serving, &l.shadow} {
		if *r != nil && l.alone(*r) {
			errs = append(errs, (*r).cross.Close())
		}
		*r = nil
	}
	if l.takeup != nil {
		errs = append(errs, l.takeup.Close())
	}
	return errors.Join(errs...)
}
