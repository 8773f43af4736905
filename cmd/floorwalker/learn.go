package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"floorwalker/behaviour"
	"floorwalker/evaluation"
	"floorwalker/lexicon"
	"floorwalker/ranking"
	"floorwalker/retrieval"
)

// learnCmd learns from what customers did with what they were shown.
type learnCmd struct {
	Ratings string        `required:"" type:"existingfile" help:"The fixed test set, a CSV of query,docid,rating with grades 0 to 3: what is learnt is refused where it orders these worse." env:"FLOORWALKER_TEST_RATINGS"`
	Since   time.Duration `help:"How far back is learnt from." default:"2160h"`
	Every   time.Duration `help:"Go on, and learn again each time this has passed; 0 learns once." default:"0"`
	Promote bool          `help:"Let what was learnt serve; otherwise it is put into the shadow." default:"true" negatable:""`
	rankingPolicy
	services
}

// learnReport says what was learnt and what became of it.
type learnReport struct {
	// Version is the name under which it is kept; empty where it was refused.
	Version string `json:"version,omitempty"`
	// Over is the version whose weights were learnt on, which went on serving where Refused says why.
	Over     string `json:"over"`
	Promoted bool   `json:"promoted"`
	Refused  string `json:"refused,omitempty"`
	// Lists and Taken are how many lists, and products taken up, were learnt from.
	Lists int `json:"lists"`
	Taken int `json:"taken"`
	// Seen is how likely each place is looked at.
	Seen    []float64          `json:"seen,omitempty"`
	Weights map[string]float64 `json:"weights,omitempty"`
	// HeldOut is how surprising it was what was taken up of the latest lists, which were not learnt from: perplexity, lower is
	// better. TestSet is judged nDCG@10 of the ratings. Both are before and after.
	HeldOut [2]float64 `json:"held_out_perplexity"`
	TestSet [2]float64 `json:"test_set_ndcg@10"`
}

// Run learns once, or until it is told to stop. Each time prints one JSON object.
func (c *learnCmd) Run(ctx context.Context, std streams) (err error) {
	ratings, err := readRatings(c.Ratings)
	if err != nil {
		return err
	}
	m, err := openModels(c.services)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	log := slog.New(slog.NewTextHandler(std.err, nil))
	return withEvents(ctx, c.services, std, func(db *database, events *behaviour.Log) error {
		l := learner{learnCmd: c, models: m, events: events, ratings: ratings, log: log,
			catalogue: retrieval.NewStore(db.pool, m.english, retrieval.Options{Logger: warnings(std.err)})}
		for {
			report, err := l.learn(ctx, time.Now())
			if err != nil && c.Every == 0 {
				return err
			}
			if err != nil {
				log.Error("nothing learnt", "error", err)
			} else if err := printJSON(std.out, report); err != nil {
				return err
			}
			if c.Every == 0 {
				return nil
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(c.Every):
			}
		}
	})
}

// learner learns blends.
type learner struct {
	*learnCmd
	models    *models
	catalogue *retrieval.Store
	events    *behaviour.Log
	ratings   evaluation.Ratings
	log       *slog.Logger
}

// heldOutShare is the share of the lists, the latest, that what was learnt must order no worse.
const heldOutShare = 0.2

// learn learns from the lists up to now over the version that serves, and promotes what is no worse.
func (l learner) learn(ctx context.Context, now time.Time) (learnReport, error) {
	live, err := openLiveRankers(l.services, l.rankingPolicy, l.models, nil, l.log)
	if err != nil {
		return learnReport{}, err
	}
	defer func() { l.closed(live.close()) }()
	report := learnReport{Over: live.serving.version}
	_, before, err := live.read(report.Over)
	if err != nil {
		return report, err
	}
	policy, err := l.read(before)
	if err != nil {
		return report, err
	}
	lists, err := l.events.Impressions(ctx, now.Add(-l.Since), now, mostLists)
	if err != nil {
		return report, err
	}
	// What a customer may like was not ordered by the ranker, nor for a query.
	lists = slices.DeleteFunc(lists, func(x behaviour.Impressions) bool { return x.Query == "" })
	lessons := lessonsOf(lists)
	cut := len(lessons) - int(heldOutShare*float64(len(lessons)))
	learnt, err := ranking.Learn(lessons[:cut], policy.Weights)
	if errors.Is(err, ranking.ErrNothingLearnt) {
		report.Refused = err.Error()
		return report, nil
	}
	if err != nil {
		return report, err
	}
	report.Lists, report.Taken, report.Seen, report.Weights = learnt.Lists, learnt.Taken, learnt.Seen, learnt.Weights.Learnable()
	report.HeldOut[0], report.HeldOut[1] = learnt.Perplexity(lessons[cut:])
	if report.TestSet, err = l.judged(ctx, live, policy, learnt.Weights); err != nil {
		return report, err
	}
	switch {
	case report.TestSet[1] < report.TestSet[0]:
		report.Refused = "it orders the fixed test set worse"
		return report, nil
	case report.HeldOut[1] >= report.HeldOut[0]:
		report.Refused = "it foretells no better what was taken up of the latest lists"
		return report, nil
	}
	return l.keep(live, report, now)
}

// judged measures the model that serves with both weights on the fixed test set.
func (l learner) judged(ctx context.Context, live *liveRankers, policy ranking.Policy, learnt ranking.Weights) (both [2]float64, err error) {
	with := *l.models
	with.cross = live.serving.cross
	for i, weights := range []ranking.Weights{policy.Weights, learnt} {
		o := policy.Options()
		o.Weights, o.Deadline, o.Reading = weights, time.Hour, time.Hour
		if both[i], err = evaluation.Judged(ctx, l.catalogue, newRanker(&with, o), l.ratings, lexicon.DetectLang); err != nil {
			return both, fmt.Errorf("measure on the fixed test set: %w", err)
		}
	}
	return both, nil
}

// keep makes it a version, and has it serve or run in the shadow.
func (l learner) keep(live *liveRankers, report learnReport, now time.Time) (learnReport, error) {
	model, err := live.modelOf(report.Over)
	if err != nil {
		return report, err
	}
	report.Version, report.Promoted = "learnt-"+now.UTC().Format("20060102-150405"), l.Promote
	if err := live.addBlend(blend{Model: model, Weights: report.Weights, Learnt: &report}, report.Version); err != nil {
		return report, err
	}
	follow := live.promote
	if !l.Promote {
		follow = live.rankers.shadow
	}
	_, err = follow(report.Version)
	return report, err
}

func (l learner) closed(err error) {
	if err != nil {
		l.log.Warn("close the ranker that serves", "error", err)
	}
}

func lessonsOf(lists []behaviour.Impressions) []ranking.Lesson {
	lessons := make([]ranking.Lesson, len(lists))
	for i, list := range lists {
		for _, item := range list.Items {
			lessons[i].Features, lessons[i].Taken = append(lessons[i].Features, item.Features), append(lessons[i].Taken, item.Gain > 0)
		}
	}
	return lessons
}
