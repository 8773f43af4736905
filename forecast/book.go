package forecast

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"floorwalker/nightly"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Options tune a Book. Sales, Offers and Products are needed to make forecasts; the zero value of each other field stands for
// its default.
type Options struct {
	// Sales are what was bought from one time to another.
	Sales func(ctx context.Context, from, to time.Time) ([]shop.Sales, error)
	// Offers are the changes of what these products cost and whether they could be bought, by product and time: since a time,
	// and each one's last before it.
	Offers func(ctx context.Context, skus []string, since time.Time) ([]shop.Offer, error)
	// Products are those of the SKUs that are in the catalogue.
	Products func(ctx context.Context, skus []string) ([]shop.Product, error)
	// Policy is how new goods come. Default 14 days, ordered every 7, a service level of 0.95.
	Policy Policy
	// LeadOf are categories whose goods take another time to come, in days.
	LeadOf map[string]int
	// Now is the clock. Default time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// Bounds of one night's work.
const (
	weeksBack    = 104
	mostProducts = 200_000
	atOnce       = 500
)

// Book keeps the latest forecasts. It is safe for concurrent use, also by several processes.
type Book struct {
	pool *pgxpool.Pool
	o    Options
}

// New makes a Book over a migrated database.
func New(pool *pgxpool.Pool, o Options) *Book {
	o.Policy.Lead, o.Policy.Review, o.Policy.Service = cmp.Or(o.Policy.Lead, 14), cmp.Or(o.Policy.Review, 7), cmp.Or(o.Policy.Service, 0.95)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Book{pool: pool, o: o}
}

// Forecast is what is expected of one product, as it was made.
type Forecast struct {
	SKU string `json:"sku"`
	// Title is the catalogue's now; empty where the product is gone since.
	Title  string    `json:"title,omitempty"`
	MadeAt time.Time `json:"made_at"`
	// Weekly is how many pieces a week has on the average; 90 of 100 weeks have from Low to High.
	Weekly float64 `json:"weekly" doc:"Pieces a week, on the average"`
	Low    int     `json:"week_low" doc:"90 of 100 weeks have from this many pieces"`
	High   int     `json:"week_high" doc:"to this many"`
	// Days are the pieces of each day of a week, from Monday.
	Days []float64 `json:"days" doc:"Pieces a day, from Monday"`
	// Methods foretold the product's past best; Weeks are known of it. Error is how far four weeks were off on the average, as a
	// share of what was bought; negative where it is too new to tell.
	Methods string  `json:"methods"`
	Weeks   int     `json:"weeks" doc:"How many weeks are known"`
	Error   float64 `json:"error" doc:"How far four weeks were off on the average, as a share of what was bought; -1 where that can't be told yet"`
	// SoldOutDays are of the last 13 weeks, Lost what might have been bought on them.
	SoldOutDays float64 `json:"sold_out_days" doc:"Days of the last 13 weeks on which it could not be bought"`
	Lost        float64 `json:"lost" doc:"Pieces that might have been bought on them"`
	Stock       int     `json:"stock" doc:"As it was when the forecast was made"`
	LeadDays    int     `json:"lead_days" doc:"After how many days new goods arrive"`
	Supply
}

// Make makes every product's forecast anew and says how many there are.
func (b *Book) Make(ctx context.Context) (int, error) {
	now := b.o.Now()
	until := DayOf(now) - 1
	since := (until + 1 - 7*weeksBack).Time()
	sales, err := b.o.Sales(ctx, since, (until + 1).Time())
	if err != nil {
		return 0, fmt.Errorf("read what was bought: %w", err)
	}
	sales = b.bounded(sales)
	var skus []string
	seen := map[string]bool{}
	for _, s := range sales {
		if !seen[s.SKU] {
			seen[s.SKU] = true
			skus = append(skus, s.SKU)
		}
	}
	var offers []shop.Offer
	for some := range slices.Chunk(skus, atOnce) {
		of, err := b.o.Offers(ctx, some, since)
		if err != nil {
			return 0, fmt.Errorf("read when %d products could be bought: %w", len(some), err)
		}
		offers = append(offers, of...)
	}
	demands := Demands(sales, offers, DemandOptions{Until: until, Most: weeksBack})
	all, err := b.supplied(ctx, demands, now)
	if err != nil {
		return 0, err
	}
	if err := b.replace(ctx, all); err != nil {
		return 0, fmt.Errorf("keep %d forecasts: %w", len(all), err)
	}
	return len(all), nil
}

// bounded leaves out what was bought least where there are too many products.
func (b *Book) bounded(sales []shop.Sales) []shop.Sales {
	purchases := map[string]float64{}
	for _, s := range sales {
		purchases[s.SKU] += s.Purchases
	}
	if len(purchases) <= mostProducts {
		return sales
	}
	counts := make([]float64, 0, len(purchases))
	for _, n := range purchases {
		counts = append(counts, n)
	}
	slices.Sort(counts)
	fewest := counts[len(counts)-mostProducts]
	b.o.Logger.Warn("products that were bought seldom have no forecast", "products", len(purchases), "forecast", mostProducts, "fewest purchases", fewest)
	return slices.DeleteFunc(sales, func(s shop.Sales) bool { return purchases[s.SKU] < fewest })
}

// supplied are the forecasts of those products that are in the catalogue.
func (b *Book) supplied(ctx context.Context, demands []Demand, now time.Time) ([]Forecast, error) {
	known := map[string]*Demand{}
	for i := range demands {
		known[demands[i].SKU] = &demands[i]
	}
	var all []Forecast
	for some := range slices.Chunk(Foresee(demands), atOnce) {
		skus, outlooks := make([]string, len(some)), map[string]Outlook{}
		for i, o := range some {
			skus[i], outlooks[o.SKU] = o.SKU, o
		}
		products, err := b.o.Products(ctx, skus)
		if err != nil {
			return nil, fmt.Errorf("read %d products: %w", len(skus), err)
		}
		for _, p := range products {
			all = append(all, b.of(p, outlooks[p.SKU], known[p.SKU], now))
		}
	}
	return all, nil
}

func (b *Book) of(p shop.Product, o Outlook, d *Demand, now time.Time) Forecast {
	policy := b.o.Policy
	if days, ok := b.o.LeadOf[p.Category]; ok {
		policy.Lead = days
	}
	f := Forecast{SKU: p.SKU, MadeAt: now.UTC(), Weekly: o.Weekly, Low: pieces(o.Quantile(0.05, 7)), High: pieces(o.Quantile(0.95, 7)), Methods: o.Methods, Weeks: o.Weeks,
		Error: o.Error, SoldOutDays: d.SoldOut, Lost: d.Lost, Stock: p.Stock, LeadDays: policy.Lead, Supply: policy.Supply(o, p.Stock)}
	if math.IsNaN(f.Error) {
		f.Error = -1
	}
	for _, share := range o.Weekdays {
		f.Days = append(f.Days, share*o.Weekly)
	}
	return f
}

// Order is an order of the list.
type Order string

// The orders: what is likeliest to run out, what lasts longest, what sells most.
const (
	ByRisk   Order = "risk"
	ByCover  Order = "cover"
	ByDemand Order = "demand"
)

// Query asks for a part of the list. Limit is at most 1,000.
type Query struct {
	Order         Order
	Limit, Offset int
}

// List is a part of the forecasts.
func (b *Book) List(ctx context.Context, q Query) ([]Forecast, error) {
	all, err := b.list(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list forecasts: %w", err)
	}
	if err := b.entitle(ctx, all); err != nil {
		return nil, err
	}
	return all, nil
}

// One is a product's forecast; shop.CodeNotFound where it has none.
func (b *Book) One(ctx context.Context, sku string) (Forecast, error) {
	found, err := b.some(ctx, []string{sku})
	if err != nil {
		return Forecast{}, fmt.Errorf("read a forecast: %w", err)
	}
	if len(found) == 0 {
		return Forecast{}, shop.Errorf(shop.CodeNotFound, "There is no forecast for this product: it was bought in no whole week so far, or is not in the catalogue.")
	}
	return found[0], b.entitle(ctx, found[:1])
}

// Of are the forecasts of those products that have one, without titles.
func (b *Book) Of(ctx context.Context, skus []string) ([]Forecast, error) {
	found, err := b.some(ctx, skus)
	if err != nil {
		return nil, fmt.Errorf("read %d forecasts: %w", len(skus), err)
	}
	return found, nil
}

// entitle names the products.
func (b *Book) entitle(ctx context.Context, all []Forecast) error {
	return nightly.Entitle(ctx, b.o.Products, all, func(f *Forecast) (string, *string) { return f.SKU, &f.Title })
}

// Night makes forecasts where none were made since two in the night, UTC. Of several replicas one does it; the others wait for it.
func (b *Book) Night(ctx context.Context) error {
	return nightly.Work{Lock: nightLock, Due: 2 * time.Hour, Now: b.o.Now, Last: b.madeAt, Do: func(ctx context.Context) error {
		began := b.o.Now()
		n, err := b.Make(ctx)
		if err == nil && n > 0 {
			b.o.Logger.Info("forecasts are made", "products", n, "took", b.o.Now().Sub(began).Round(time.Millisecond))
		}
		return err
	}}.Once(ctx, b.pool)
}
