package behaviour

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Options tune a Log. The zero value of each field stands for its default.
type Options struct {
	// Late is how old an event may be when it comes. Default 7 days.
	Late time.Duration
	// Ahead is how far a sender's clock may be before ours. Default 5 min.
	Ahead time.Duration
	// Keep is for how long events are kept; whole months are dropped. Default three years.
	Keep time.Duration
	// AskFirst: who has said nothing has agreed to nothing. Without it he has, until he refuses.
	AskFirst bool
	// Learned puts candidates for those who have bought before in a better order; nil leaves the order that Recommend gives.
	Learned Learned
	// Now is the clock. Default time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// Learned is a model over FeatureNames: the higher a row's figure, the more the client may want the product.
type Learned interface {
	Score(ctx context.Context, rows [][]float32) ([]float32, error)
	// Name and Version say which model it is.
	Name() string
	Version() string
}

// MaxBatch is how many events one call of Add takes.
const MaxBatch = 5000

// Log keeps what customers did. It is safe for concurrent use, also by several processes.
type Log struct {
	pool *pgxpool.Pool
	o    Options

	mu sync.Mutex
	// months are those whose partition is known to be there.
	months map[time.Time]bool
}

// NewLog makes a log over a migrated database.
func NewLog(pool *pgxpool.Pool, o Options) *Log {
	o.Late, o.Ahead, o.Keep = cmp.Or(o.Late, 7*24*time.Hour), cmp.Or(o.Ahead, 5*time.Minute), cmp.Or(o.Keep, 3*365*24*time.Hour)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Log{pool: pool, o: o, months: map[time.Time]bool{}}
}

// Add takes events in. Those that are malformed, too old or from the future are refused one by one; the others are
// committed together when it returns. An event that was taken before, by its session and id, is counted as a duplicate
// whatever else it says. More than MaxBatch events are an error of code too_large.
func (l *Log) Add(ctx context.Context, events []Event) (Receipt, error) {
	now := l.o.Now()
	return l.add(ctx, events, func(e Event) (code, why string) {
		switch {
		case e.Time.Before(now.Add(-l.o.Late)):
			return CodeTooLate, fmt.Sprintf("Events are taken for %v after they happened.", l.o.Late)
		case e.Time.After(now.Add(l.o.Ahead)):
			return CodeInFuture, "This has not happened yet. Set the sender's clock."
		}
		return "", ""
	})
}

// AddOld takes events of any age up to Options.Keep, as an import does.
func (l *Log) AddOld(ctx context.Context, events []Event) (Receipt, error) {
	now := l.o.Now()
	return l.add(ctx, events, func(e Event) (code, why string) {
		switch {
		case e.Time.Before(now.Add(-l.o.Keep)):
			return CodeTooLate, fmt.Sprintf("Events are kept for %v; this is older.", l.o.Keep)
		case e.Time.After(now.Add(l.o.Ahead)):
			return CodeInFuture, "This has not happened yet."
		}
		return "", ""
	})
}

func (l *Log) add(ctx context.Context, events []Event, timely func(Event) (code, why string)) (Receipt, error) {
	var r Receipt
	if len(events) > MaxBatch {
		return r, shop.Errorf(shop.CodeTooLarge, "Send at most %d events at once.", MaxBatch)
	}
	good := make([]Event, 0, len(events))
	for i, e := range events {
		e.Client, e.Platform = cmp.Or(e.Client, e.Session), platformOf(e.Platform)
		code, why := codeMalformed, e.check()
		if why == "" {
			code, why = timely(e)
		}
		if why != "" {
			r.Refused = append(r.Refused, Refusal{i, e.ID, code, why})
			continue
		}
		good = append(good, e)
	}
	// In one order, so that two batches that share events wait for each other in turn; the first of a name stays.
	slices.SortStableFunc(good, func(a, b Event) int { return cmp.Or(cmp.Compare(a.Session, b.Session), cmp.Compare(a.ID, b.ID)) })
	single := slices.CompactFunc(slices.Clone(good), func(a, b Event) bool { return a.Session == b.Session && a.ID == b.ID })
	if len(single) == 0 {
		return r, nil
	}
	if err := l.prepare(ctx, single); err != nil {
		return Receipt{}, err
	}
	n, err := l.insert(ctx, single)
	if err != nil {
		return Receipt{}, fmt.Errorf("keep %d events: %w", len(single), err)
	}
	r.Accepted, r.Duplicates = n, len(good)-n
	return r, nil
}

func monthOf(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// prepare makes the partitions that the events need.
func (l *Log) prepare(ctx context.Context, events []Event) error {
	for _, e := range events {
		if err := l.ensure(ctx, monthOf(e.Time)); err != nil {
			return err
		}
	}
	return nil
}

func (l *Log) ensure(ctx context.Context, month time.Time) error {
	l.mu.Lock()
	there := l.months[month]
	l.mu.Unlock()
	if there {
		return nil
	}
	if err := l.makePartition(ctx, month); err != nil {
		return fmt.Errorf("make the partition of %s: %w", month.Format("2006-01"), err)
	}
	l.mu.Lock()
	l.months[month] = true
	l.mu.Unlock()
	return nil
}

// monthsAhead is for how many months partitions are made before they are needed.
const monthsAhead = 2

// Tidy makes the partitions of the months to come and drops those in which everything is older than Options.Keep.
func (l *Log) Tidy(ctx context.Context) error {
	now := l.o.Now()
	for n := -1; n <= monthsAhead; n++ {
		if err := l.ensure(ctx, monthOf(now).AddDate(0, n, 0)); err != nil {
			return err
		}
	}
	if err := l.dropShadows(ctx, now.Add(-keepShadows)); err != nil {
		return fmt.Errorf("drop old comparisons: %w", err)
	}
	dropped, err := l.dropBefore(ctx, now.Add(-l.o.Keep))
	if err != nil {
		return fmt.Errorf("drop old events: %w", err)
	}
	l.mu.Lock()
	for _, month := range dropped {
		delete(l.months, month)
	}
	l.mu.Unlock()
	return nil
}

// Run tidies, at once and then every hour, until ctx ends.
func (l *Log) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := l.Tidy(ctx); err != nil && ctx.Err() == nil {
			l.o.Logger.Error("events not tidied", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Erase deletes everything that is known of a client or a session but a refusal, and says how many events that were.
func (l *Log) Erase(ctx context.Context, who string) (int, error) {
	n, err := l.erase(ctx, who)
	if err != nil {
		return 0, fmt.Errorf("erase what a client did: %w", err)
	}
	return n, nil
}

// Claim makes what was done in a session before its customer was known the customer's, each event on the platform where it
// was done. What the session refused there the customer refuses; what it allowed he allows where he has said nothing.
func (l *Log) Claim(ctx context.Context, session, customer string) error {
	if err := l.claim(ctx, session, customer); err != nil {
		return fmt.Errorf("make a visitor's events the customer's: %w", err)
	}
	return nil
}

// Unclaim gives back what became a customer's at logins, and says how many events that were. They belong to their
// visits again, with what the visits allowed, and no later login merges them. What the customer refused he goes on refusing.
func (l *Log) Unclaim(ctx context.Context, customer string) (int, error) {
	n, err := l.unclaim(ctx, customer)
	if err != nil {
		return 0, fmt.Errorf("give visitors' events back: %w", err)
	}
	return n, nil
}
