package experiments

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"sync"
	"time"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Kind is how arms are compared.
type Kind string

// The kinds of experiments.
const (
	// AB gives each unit one arm, all equally often.
	AB Kind = "ab"
	// Interleaving gives everybody one list out of two rankings: it tells which is preferred from far fewer units.
	Interleaving Kind = "interleaving"
	// Bandit gives each unit one arm, the better ones more and more often.
	Bandit Kind = "bandit"
)

// Experiment is what is compared.
type Experiment struct {
	ID   string `json:"id"`
	Kind Kind   `json:"kind"`
	// Arms are the ways that are compared; the first is the control.
	Arms    []string   `json:"arms"`
	Started time.Time  `json:"started"`
	Ended   *time.Time `json:"ended,omitempty"`
}

var experimentID = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

func (e Experiment) check(known []string) error {
	arms := slices.Clone(e.Arms)
	slices.Sort(arms)
	switch {
	case !experimentID.MatchString(e.ID):
		return shop.Errorf(shop.CodeBadRequest, "An experiment's id holds 1 to 64 lower-case letters, digits and -.")
	case e.Kind != AB && e.Kind != Interleaving && e.Kind != Bandit:
		return shop.Errorf(shop.CodeBadRequest, "The kind is ab, interleaving or bandit.")
	case len(arms) < 2 || len(slices.Compact(arms)) < len(e.Arms):
		return shop.Errorf(shop.CodeBadRequest, "Compare at least two different arms.")
	case e.Kind == Interleaving && len(e.Arms) != 2:
		return shop.Errorf(shop.CodeBadRequest, "Interleaving compares two arms.")
	}
	for _, arm := range e.Arms {
		if !slices.Contains(known, arm) {
			return shop.Errorf(shop.CodeBadRequest, "There is no arm %q. There are %q.", arm, known)
		}
	}
	return nil
}

// Taken is that a unit clicked a product, put it into the cart or bought it.
type Taken struct {
	Unit, SKU string
	At        time.Time
}

// Options tune a Book.
type Options struct {
	// Arms are the ways to recommend that there are.
	Arms []string
	// Taken says what units took since a time. Needed for bandits and results.
	Taken func(ctx context.Context, units []string, since time.Time) ([]Taken, error)
	// Now is the clock. Default time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// Book keeps experiments, who was exposed to what, and what came of it. It is safe for concurrent use, also by several
// processes.
type Book struct {
	pool *pgxpool.Pool
	o    Options

	mu sync.Mutex
	// running is the experiment that runs, as it was read at readAt; shares are a bandit's.
	running *Experiment
	shares  []float64
	readAt  time.Time
}

// New makes a book over a migrated database.
func New(pool *pgxpool.Pool, o Options) *Book {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Book{pool: pool, o: o}
}

// Start begins an experiment. While another runs, or where the id was used, it is an error of code conflict.
func (b *Book) Start(ctx context.Context, e Experiment) error {
	if err := e.check(b.o.Arms); err != nil {
		return err
	}
	e.Started = b.o.Now()
	return b.insert(ctx, e)
}

// Stop ends the experiment: nobody is exposed to it any more.
func (b *Book) Stop(ctx context.Context, id string) error {
	found, err := b.end(ctx, id, b.o.Now())
	if err == nil && !found {
		return shop.Errorf(shop.CodeNotFound, "There is no experiment %s that runs.", id)
	}
	return err
}

// List is all experiments, the latest first.
func (b *Book) List(ctx context.Context) ([]Experiment, error) {
	all, err := b.all(ctx)
	if err != nil {
		return nil, fmt.Errorf("list experiments: %w", err)
	}
	return all, nil
}

const (
	// lookEvery is after how long it is looked again which experiment runs, and how a bandit's arms do.
	lookEvery = 15 * time.Second
	// leastShare is what all arms of a bandit get together, evenly, however they do.
	leastShare = 0.1
	// fadesIn is after how long what a bandit saw counts half, so that it follows a change.
	fadesIn = 7 * 24 * time.Hour
)

// Running is the experiment that runs now, as it was at most 15 s ago, with the shares of its arms; nil where none does.
func (b *Book) Running(ctx context.Context) (*Experiment, []float64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := b.o.Now(); b.readAt.IsZero() || now.Sub(b.readAt) > lookEvery {
		e, err := b.current(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("look which experiment runs: %w", err)
		}
		b.running, b.shares, b.readAt = e, nil, now
		if e != nil {
			if b.shares, err = b.sharesOf(ctx, *e); err != nil {
				return nil, nil, err
			}
		}
	}
	return b.running, b.shares, nil
}

func (b *Book) sharesOf(ctx context.Context, e Experiment) ([]float64, error) {
	shares := make([]float64, len(e.Arms))
	for i := range shares {
		shares[i] = 1 / float64(len(shares))
	}
	if e.Kind != Bandit {
		return shares, nil
	}
	seen, err := b.Observations(ctx, e)
	if err != nil {
		return nil, err
	}
	arms := make([]Belief, len(e.Arms))
	for i, arm := range e.Arms {
		arms[i] = Belief{1, 1}
		for _, o := range seen {
			if o.Arm == arm {
				counts := math.Exp2(-b.o.Now().Sub(o.At).Hours() / fadesIn.Hours())
				arms[i].A, arms[i].B = arms[i].A+counts*o.Reward, arms[i].B+counts*(1-o.Reward)
			}
		}
	}
	return Chances(arms, leastShare), nil
}

// Expose gives the unit its arm of the running experiment and notes that it was exposed, once: the arm stays the unit's.
func (b *Book) Expose(ctx context.Context, e Experiment, shares []float64, unit string) (arm string, err error) {
	i := assign(e.ID, unit, shares)
	arm, err = b.expose(ctx, e.ID, unit, e.Arms[i], shares[i], b.o.Now())
	if err != nil {
		return "", fmt.Errorf("note an exposure: %w", err)
	}
	return arm, nil
}

// Interleave makes one list of both arms' for the unit, and notes who drafted what. The seed decides by chance.
func (b *Book) Interleave(ctx context.Context, e Experiment, unit, seed string, first, second []string) ([]string, error) {
	h := fnv.New64a()
	h.Write([]byte(e.ID + "/" + seed)) // never fails
	list, teams := TeamDraft(rand.New(rand.NewPCG(h.Sum64(), 0)), first, second)
	arms := make([]string, len(list))
	for i, team := range teams {
		arms[i] = e.Arms[team]
	}
	if _, err := b.expose(ctx, e.ID, unit, "both", 1, b.o.Now()); err != nil {
		return nil, fmt.Errorf("note an exposure: %w", err)
	}
	if err := b.drafted(ctx, e.ID, unit, list, arms); err != nil {
		return nil, fmt.Errorf("note who drafted %d products: %w", len(list), err)
	}
	return list, nil
}

// rewardWithin is for how long after the exposure what a unit takes speaks for its arm. Results count units for whom that
// is over.
const rewardWithin = time.Hour

// Observations are what came of the units whose time is over.
func (b *Book) Observations(ctx context.Context, e Experiment) ([]Observation, error) {
	exposed, err := b.exposures(ctx, e.ID, b.o.Now().Add(-rewardWithin))
	if err != nil || len(exposed) == 0 {
		return nil, err
	}
	drafts := map[string]map[string]string{}
	if e.Kind == Interleaving {
		if drafts, err = b.drafts(ctx, e.ID); err != nil {
			return nil, err
		}
	}
	at, units := map[string]int{}, make([]string, len(exposed))
	for i, o := range exposed {
		at[o.Unit], units[i] = i, o.Unit
	}
	taken, err := b.o.Taken(ctx, units, e.Started)
	if err != nil {
		return nil, fmt.Errorf("read what %d customers took: %w", len(units), err)
	}
	credited := map[[2]string]bool{}
	for _, t := range taken {
		i, ok := at[t.Unit]
		if !ok || t.At.Before(exposed[i].At) || t.At.After(exposed[i].At.Add(rewardWithin)) {
			continue
		}
		o := &exposed[i]
		if e.Kind != Interleaving {
			o.Reward = 1
			continue
		}
		// A product speaks for its team once.
		if key := [2]string{t.Unit, t.SKU}; !credited[key] {
			credited[key] = true
			switch drafts[t.Unit][t.SKU] {
			case e.Arms[0]:
				o.Reward--
			case e.Arms[1]:
				o.Reward++
			}
		}
	}
	return exposed, nil
}

// Results are what came of an experiment so far. They may be looked at any time.
func (b *Book) Results(ctx context.Context, id string) (Results, error) {
	e, err := b.one(ctx, id)
	if err != nil {
		return Results{}, err
	}
	seen, err := b.Observations(ctx, e)
	if err != nil {
		return Results{}, fmt.Errorf("read what came of %s: %w", id, err)
	}
	return Analyse(e, seen), nil
}
