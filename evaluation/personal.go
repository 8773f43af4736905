package evaluation

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"floorwalker/behaviour"
	"floorwalker/shop"
)

// PersonalCost is how much a shop has to remember when the cost of personal recommendations is measured.
type PersonalCost struct {
	Customers, Events, Products int
	// Writing is how many events a second come in while recommendations are timed; Askers ask at once.
	Writing, Askers int
	// Asked is how many recommendations are timed.
	Asked int
	Seed  uint64
}

// PersonalReport is what personal features add to a turn.
type PersonalReport struct {
	Customers int     `json:"customers"`
	Events    int     `json:"events"`
	Products  int     `json:"products"`
	LoadedIn  float64 `json:"loaded_in_s"`
	LearntIn  float64 `json:"learnt_in_s"`
	// Bare is one empty round trip to the database, four of which a turn makes: what the machine itself costs.
	Bare Latencies `json:"bare_round_trip"`
	// Idle is measured with nothing else going on, Busy while events come in.
	Idle Latencies `json:"idle"`
	// Likes is what a search asks beside, for its order: the products that the customer took up and turned down.
	Likes Latencies `json:"likes"`
	Busy  Latencies `json:"busy"`
	// WrittenWhileBusy is how many events a second came in meanwhile.
	WrittenWhileBusy float64 `json:"events_per_s_while_busy"`
}

// Latencies are in milliseconds.
type Latencies struct {
	Asked int     `json:"asked"`
	P50   float64 `json:"p50_ms"`
	P95   float64 `json:"p95_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

// eventsOf makes the events of one customer's session: a list that was shown, what was clicked of it, and now and then a cart
// and a purchase. Customers prefer one of fifty clusters, and in each few products are liked best.
func (c PersonalCost) eventsOf(random *rand.Rand, customer, session string, at time.Time, n int) (events []behaviour.Event) {
	const clusters = 50
	home := int(hash(customer) % clusters)
	for i := range n {
		cluster := home
		if random.Float64() < 0.3 {
			cluster = random.IntN(clusters)
		}
		product := int(float64(c.Products/clusters)*math.Pow(random.Float64(), 2))*clusters + cluster
		action := behaviour.Impression
		switch roll := random.Float64(); {
		case roll < 0.10:
			action = behaviour.Purchase
		case roll < 0.20:
			action = behaviour.AddToCart
		case roll < 0.60:
			action = behaviour.Click
		}
		events = append(events, behaviour.Event{ID: strconv.Itoa(i), Action: action, Session: session, Client: customer, Time: at.Add(time.Duration(i) * time.Second),
			Trusted: true, Attributes: behaviour.Attributes{Object: behaviour.Object{ID: "product-" + strconv.Itoa(product)}, Position: behaviour.Position{Ordinal: i%8 + 1}}})
	}
	return events
}

func hash(text string) (h uint64) {
	for _, b := range []byte(text) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}

// Measure fills the log with a year of events, learns from them, and times what a turn asks: what a customer may like, and
// the draw of the last place. say is told how far it is.
func (c PersonalCost) Measure(ctx context.Context, log *behaviour.Log, ping func(context.Context) error, say func(format string, args ...any)) (PersonalReport, error) {
	r := PersonalReport{Customers: c.Customers, Events: c.Events, Products: c.Products}
	began, now := time.Now(), time.Now()
	if err := c.load(ctx, log, now, say); err != nil {
		return r, fmt.Errorf("load events: %w", err)
	}
	r.LoadedIn = time.Since(began).Seconds()
	say("loaded in %.0f s; learning", r.LoadedIn)
	began = time.Now()
	if err := log.Relearn(ctx); err != nil {
		return r, err
	}
	r.LearntIn = time.Since(began).Seconds()
	say("learnt in %.0f s; asking", r.LearntIn)
	var err error
	if r.Bare, err = c.time(func(*rand.Rand) error { return ping(ctx) }); err != nil {
		return r, err
	}
	if r.Idle, err = c.ask(ctx, log); err != nil {
		return r, err
	}
	if r.Likes, err = c.time(func(random *rand.Rand) error {
		_, err := log.Likes(ctx, shop.Shopper{Client: "customer-" + strconv.Itoa(random.IntN(c.Customers)), Session: "session now"})
		return err
	}); err != nil {
		return r, err
	}
	writing, stop := context.WithCancel(ctx)
	defer stop()
	var writer sync.WaitGroup
	written, failed := 0, error(nil)
	began = time.Now()
	writer.Go(func() {
		const atOnce = 20
		random := rand.New(rand.NewPCG(c.Seed, 100))
		tick := time.NewTicker(time.Second * atOnce / time.Duration(c.Writing))
		defer tick.Stop()
		for n := 0; failed == nil; n++ {
			select {
			case <-writing.Done():
				return
			case <-tick.C:
			}
			var receipt behaviour.Receipt
			receipt, failed = log.Add(ctx, c.eventsOf(random, "customer-"+strconv.Itoa(random.IntN(c.Customers)), "live-"+strconv.Itoa(n), time.Now().Add(-time.Minute), atOnce))
			written += receipt.Accepted
		}
	})
	r.Busy, err = c.ask(ctx, log)
	took := time.Since(began).Seconds()
	stop()
	writer.Wait()
	r.WrittenWhileBusy = float64(written) / took
	return r, errors.Join(err, failed)
}

func (c PersonalCost) load(ctx context.Context, log *behaviour.Log, now time.Time, say func(format string, args ...any)) error {
	const senders, perSession, year = 4, 10, 365 * 24 * time.Hour
	sessions := c.Events / perSession
	var all sync.WaitGroup
	failed := make([]error, senders)
	for s := range senders {
		all.Go(func() {
			random := rand.New(rand.NewPCG(c.Seed, uint64(s)))
			var batch []behaviour.Event
			told := 0
			for n := s; n < sessions && failed[s] == nil; n += senders {
				customer := "customer-" + strconv.Itoa(n%c.Customers)
				at := now.Add(-time.Duration(float64(year) * (1 - float64(n)/float64(sessions)))).Add(-time.Minute)
				batch = append(batch, c.eventsOf(random, customer, "session-"+strconv.Itoa(n), at, perSession)...)
				if len(batch)+perSession > behaviour.MaxBatch || n+senders >= sessions {
					_, failed[s] = log.AddOld(ctx, batch)
					batch = batch[:0]
					if part := 10 * n / sessions; s == 0 && part > told {
						told = part
						say("%d %% loaded", 10*part)
					}
				}
			}
		})
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

// ask times recommendations of customers drawn by chance.
func (c PersonalCost) ask(ctx context.Context, log *behaviour.Log) (Latencies, error) {
	// As many as the assistant asks for and draws among.
	const wanted, drawn = 48, 8
	return c.time(func(random *rand.Rand) error {
		customer := "customer-" + strconv.Itoa(random.IntN(c.Customers))
		taste, err := log.For(ctx, shop.Shopper{Client: customer, Session: "session now"}, wanted)
		if err != nil {
			return err
		}
		if len(taste.Products) < drawn {
			return fmt.Errorf("%s is recommended %d products", customer, len(taste.Products))
		}
		var skus []string
		for _, s := range taste.Products[len(taste.Products)-drawn:] {
			skus = append(skus, s.SKU)
		}
		_, _, err = log.Explore(ctx, customer, skus)
		return err
	})
}

// time runs work Asked times, by Askers at once.
func (c PersonalCost) time(work func(random *rand.Rand) error) (Latencies, error) {
	var mu sync.Mutex
	var took []float64
	var all sync.WaitGroup
	var failed error
	for a := range c.Askers {
		all.Go(func() {
			random := rand.New(rand.NewPCG(c.Seed, uint64(a)+10))
			for range c.Asked / c.Askers {
				began := time.Now()
				err := work(random)
				mu.Lock()
				took = append(took, float64(time.Since(began).Microseconds())/1000)
				if err != nil {
					failed = err
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if failed != nil || len(took) == 0 {
		return Latencies{}, failed
	}
	slices.Sort(took)
	at := func(share float64) float64 { return took[min(int(share*float64(len(took))), len(took)-1)] }
	return Latencies{Asked: len(took), P50: at(0.5), P95: at(0.95), P99: at(0.99), Max: took[len(took)-1]}, nil
}
