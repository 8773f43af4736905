package sponsored

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Options tune Ads. The zero value of each field stands for its default.
type Options struct {
	// Predict says for each product how likely a customer who is shown it clicks, 0 to 1. Needed.
	Predict func(ctx context.Context, skus []string) (map[string]float64, error)
	// Sales are the purchases of the touched products by those who touched them, within a time after the touch, each once and
	// with its latest touch. Nil reports no purchases.
	Sales func(ctx context.Context, touches []shop.Touch, within time.Duration) ([]shop.Sale, error)
	// Weight is how much revenue counts beside what a card is worth to the customer: 0, without a default, places
	// nothing, 1 counts revenue alone.
	Weight float64
	// FullRevenue is the revenue a shown card, in minor units, that counts as much as full relevance. Default 20.
	FullRevenue float64
	// Floor is the share of the best shown product's relevance under which nothing is placed, whatever it pays. Default 0.7.
	Floor float64
	// Now is the clock. Default time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// Ads are the campaigns. They are safe for concurrent use, also by several processes.
type Ads struct {
	pool *pgxpool.Pool
	o    Options
}

// New makes Ads over a migrated database.
func New(pool *pgxpool.Pool, o Options) *Ads {
	o.FullRevenue, o.Floor = cmp.Or(o.FullRevenue, 20), cmp.Or(o.Floor, 0.7)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Ads{pool: pool, o: o}
}

// Add makes a campaign. One whose id is taken is an error of code conflict, one in another currency than the others of
// code bad_request.
func (a *Ads) Add(ctx context.Context, c Campaign) error {
	if err := c.check(); err != nil {
		return err
	}
	return a.insert(ctx, c)
}

// List is all campaigns, by id.
func (a *Ads) List(ctx context.Context) ([]Campaign, error) {
	all, err := a.campaigns(ctx)
	if err != nil {
		return nil, fmt.Errorf("list campaigns: %w", err)
	}
	return all, nil
}

// Pause stops a campaign, or lets it go on.
func (a *Ads) Pause(ctx context.Context, id string, paused bool) error {
	found, err := a.setPaused(ctx, id, paused)
	if err == nil && !found {
		return errNoCampaign
	}
	return err
}

var errNoCampaign = shop.Errorf(shop.CodeNotFound, "There is no such campaign. floorwalker campaign list names all.")

// Place is what the shelf shows when paid products have their places: at most one card in four, never among the first two,
// each marked as sponsored and noted before it is shown. Nothing is placed whose campaign is not running, has spent its
// budget or its pace, was shown to this customer often enough today, or whose product is much less relevant than the
// shelf's best. On an error the shelf shows what it would without.
func (a *Ads) Place(ctx context.Context, s shop.Shelf) ([]shop.Candidate, error) {
	organic := s.Candidates[:min(s.Shown, len(s.Candidates))]
	s.Shown = len(organic)
	if s.Shown < every || a.o.Weight <= 0 {
		return organic, nil
	}
	skus := make([]string, len(s.Candidates))
	for i, c := range s.Candidates {
		skus[i] = c.Product.SKU
	}
	now := a.o.Now()
	running, err := a.running(ctx, skus, s.Client, now)
	if err != nil {
		return organic, fmt.Errorf("find campaigns for %d products: %w", len(skus), err)
	}
	offers, err := a.offers(ctx, s, running, now)
	if err != nil || len(offers) == 0 {
		return organic, err
	}
	placed := auction(s, offers, a.o.Weight, a.o.FullRevenue)
	if len(placed) == 0 {
		return organic, nil
	}
	if err := a.note(ctx, s, placed, now); err != nil {
		return organic, fmt.Errorf("note %d paid places: %w", len(placed), err)
	}
	return arrange(s, placed), nil
}

// offers are what the campaigns that run now have for the shelf.
func (a *Ads) offers(ctx context.Context, s shop.Shelf, running []Campaign, now time.Time) ([]offer, error) {
	best := 0.0
	for _, c := range s.Candidates[:s.Shown] {
		best = max(best, c.Relevance)
	}
	var offers []offer
	var skus []string
	for _, campaign := range running {
		if !campaign.onPace(now) {
			continue
		}
		for i, c := range s.Candidates {
			if c.Product.Stock > 0 && c.Relevance >= a.o.Floor*best && campaign.targets(c.Product, s) {
				offers = append(offers, offer{campaign: campaign, at: i, value: c.Relevance})
				skus = append(skus, c.Product.SKU)
			}
		}
	}
	if len(offers) == 0 {
		return nil, nil
	}
	shares, err := a.o.Predict(ctx, skus)
	if err != nil {
		return nil, fmt.Errorf("foretell clicks on %d products: %w", len(skus), err)
	}
	for i := range offers {
		offers[i].share = shares[s.Candidates[offers[i].at].Product.SKU]
	}
	// One order, whatever the database's.
	slices.SortStableFunc(offers, func(x, y offer) int {
		return cmp.Or(cmp.Compare(x.campaign.ID, y.campaign.ID), cmp.Compare(x.at, y.at))
	})
	return offers, nil
}

// Clicked charges the click on a paid card once. What was not placed in that session's list costs nothing, and so does a
// click that the budget does not pay for any more.
func (a *Ads) Clicked(ctx context.Context, session, rankingID, sku string) error {
	if err := a.charge(ctx, session, rankingID, sku, a.o.Now()); err != nil {
		return fmt.Errorf("charge a click: %w", err)
	}
	return nil
}

// Report is what came of a campaign.
type Report struct {
	Campaign
	// Few: the campaign was shown to fewer than KAnonymous different customers, and the figures below are kept back.
	Few bool `json:"too_few_customers,omitempty"`
	// Shown is how many cards, Clicks how many of those were clicked, Unpaid how many clicks the budget did not pay for.
	Shown  int64 `json:"shown"`
	Clicks int64 `json:"clicks"`
	Unpaid int64 `json:"unpaid"`
	// MeanPrice is what a paid click cost on average, in minor units.
	MeanPrice float64 `json:"mean_price_minor"`
	// Purchases are what customers bought within AttributedWithin after they clicked: each purchase counts once, for the
	// campaign whose card of the product its customer clicked last. Nil where it can't be told, or fewer than KAnonymous
	// different customers bought.
	Purchases *Purchases `json:"purchases,omitempty"`
	// Days are by day in UTC; days with fewer than k different customers stand together as the day "other", and are
	// left out where even they are fewer than k.
	Days []Day `json:"days"`
}

// Purchases are what a campaign's clicks led to.
type Purchases struct {
	Orders int64   `json:"purchases"`
	Pieces float64 `json:"pieces"`
	// Share is how many of the clicks a purchase followed, 0 to 1; CostMinor what was paid for a purchase, in minor units.
	Share     float64 `json:"of_clicks"`
	CostMinor float64 `json:"cost_of_one_minor"`
}

// AttributedWithin is for how long after a click a purchase counts as due to it.
const AttributedWithin = 7 * 24 * time.Hour

// Day is a campaign's day.
type Day struct {
	Day    string `json:"day"`
	Shown  int64  `json:"shown"`
	Clicks int64  `json:"clicks"`
	// SpentMinor is in minor units.
	SpentMinor int64 `json:"spent_minor"`
}

// KAnonymous is of how many different customers a line of a report speaks at least.
const KAnonymous = 10

// Report says what came of a campaign, for the campaign's owner: no line speaks of fewer than KAnonymous customers.
func (a *Ads) Report(ctx context.Context, id string) (Report, error) {
	r, err := a.report(ctx, id)
	if err == nil && a.o.Sales != nil && !r.Few {
		r.Purchases, err = a.purchases(ctx, r)
	}
	if err != nil {
		return r, fmt.Errorf("report on a campaign: %w", err)
	}
	return r, nil
}

// purchases are what the campaign's clicks led to. A purchase that followed clicks on two campaigns' cards is the later's.
func (a *Ads) purchases(ctx context.Context, r Report) (*Purchases, error) {
	touches, campaigns, err := a.touches(ctx, r.SKUs)
	if err != nil || len(touches) == 0 {
		return nil, err
	}
	sales, err := a.o.Sales(ctx, touches, AttributedWithin)
	if err != nil {
		return nil, err
	}
	p, buyers, led := Purchases{}, map[string]bool{}, map[int]bool{}
	for _, s := range sales {
		if campaigns[s.Touch] != r.ID {
			continue
		}
		p.Orders, p.Pieces = p.Orders+1, p.Pieces+s.Pieces
		buyers[s.Client], led[s.Touch] = true, true
	}
	if len(buyers) < KAnonymous {
		return nil, nil
	}
	p.Share, p.CostMinor = float64(len(led))/float64(r.Clicks), float64(r.Spent.Minor)/float64(p.Orders)
	return &p, nil
}
