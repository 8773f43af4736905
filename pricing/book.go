package pricing

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"floorwalker/nightly"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Stock is what is expected of a product and its stock.
type Stock struct {
	Weekly, CoverDays float64
	LeadDays          int
}

// Options tune a Book. What makes findings and what decides on them is needed for just that.
type Options struct {
	// Sales are what was bought from one time to another, Offers what these products cost since a time, by product and time, each
	// one's last before it included. Products are those of the SKUs that are in the catalogue, Stock what is foretold of those of which
	// anything is.
	Sales    func(ctx context.Context, from, to time.Time) ([]shop.Sales, error)
	Offers   func(ctx context.Context, skus []string, since time.Time) ([]shop.Offer, error)
	Products func(ctx context.Context, skus []string) ([]shop.Product, error)
	Stock    func(ctx context.Context, skus []string) (map[string]Stock, error)
	// Reprice changes a product's price from one to another by the catalogue's own way, and calls note in the same transaction.
	Reprice func(ctx context.Context, sku string, from, to shop.Money, note func(tx pgx.Tx) error) error
	// Audit notes in the transaction what somebody did.
	Audit func(ctx context.Context, tx pgx.Tx, who, action, detail, address string) error
	// Rules are the guard rails. Default Usual.
	Rules *Rules
	// Now is the clock. Default time.Now.
	Now    func() time.Time
	Logger *slog.Logger
}

// Bounds of one night's work.
const (
	weeksBack = 78
	atOnce    = 500
)

// Book keeps findings and proposals. It is safe for concurrent use, also by several processes.
type Book struct {
	pool *pgxpool.Pool
	o    Options
}

// New makes a Book over a migrated database.
func New(pool *pgxpool.Pool, o Options) *Book {
	if o.Rules == nil {
		o.Rules = &Usual
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Book{pool: pool, o: o}
}

// State is where a proposal is.
type State string

// The states of a proposal.
const (
	Open     State = "open"
	Accepted State = "accepted"
	Rejected State = "rejected"
)

// Proposal is a price that is proposed, or was decided on.
type Proposal struct {
	// ID names the proposal; one that is made anew is another.
	ID     int64     `json:"id"`
	State  State     `json:"state" enum:"open,accepted,rejected"`
	MadeAt time.Time `json:"made_at"`
	Title  string    `json:"title,omitempty"`
	Finding
	// Words explain it.
	Words     string    `json:"words" doc:"The explanation, in plain words"`
	DecidedAt time.Time `json:"decided_at,omitzero"`
	DecidedBy string    `json:"decided_by,omitempty"`
}

// Who decides on a proposal, and from where.
type Who struct{ Name, Address string }

// Made says how many products of each verdict there are.
type Made map[Verdict]int

// Make looks at every product's price anew. Proposals that nobody decided on make way for those of now.
func (b *Book) Make(ctx context.Context) (Made, error) {
	now := b.o.Now().UTC()
	until := now.Truncate(day)
	since := until.AddDate(0, 0, -7*weeksBack)
	sales, err := b.o.Sales(ctx, since, until)
	if err != nil {
		return nil, fmt.Errorf("read what was bought: %w", err)
	}
	bySKU := map[string][]shop.Sales{}
	for _, s := range sales {
		bySKU[s.SKU] = append(bySKU[s.SKU], s)
	}
	var cases []Case
	var pasts []Past
	for some := range slices.Chunk(slices.Sorted(maps.Keys(bySKU)), atOnce) {
		of, err := b.cases(ctx, some, since)
		if err != nil {
			return nil, err
		}
		for _, c := range of {
			cases = append(cases, c.Case)
			pasts = append(pasts, PastOf(c.Product.SKU, c.Product.Category, c.Product.Price.Currency, bySKU[c.Product.SKU], c.offers, until, weeksBack))
		}
	}
	made := Made{}
	findings := make([]Finding, len(cases))
	for i, a := range Learn(pasts).Answers {
		cases[i].Answer = a
		findings[i] = b.o.Rules.Propose(cases[i], now)
		made[findings[i].Verdict]++
	}
	if err := b.replace(ctx, findings, now); err != nil {
		return nil, fmt.Errorf("keep %d findings: %w", len(findings), err)
	}
	return made, nil
}

type offered struct {
	Case
	offers []shop.Offer
}

// cases are the products of the SKUs with what is known of them but the answer to their price.
func (b *Book) cases(ctx context.Context, skus []string, since time.Time) ([]offered, error) {
	products, err := b.o.Products(ctx, skus)
	if err != nil {
		return nil, fmt.Errorf("read %d products: %w", len(skus), err)
	}
	stock, err := b.o.Stock(ctx, skus)
	if err != nil {
		return nil, fmt.Errorf("read what is foretold of %d products: %w", len(skus), err)
	}
	offers, err := b.o.Offers(ctx, skus, since)
	if err != nil {
		return nil, fmt.Errorf("read what %d products cost: %w", len(skus), err)
	}
	bySKU := map[string][]shop.Offer{}
	for _, o := range offers {
		bySKU[o.SKU] = append(bySKU[o.SKU], o)
	}
	decided, err := b.decided(ctx, skus)
	if err != nil {
		return nil, fmt.Errorf("read what was decided of %d products: %w", len(skus), err)
	}
	all := make([]offered, 0, len(products))
	for _, p := range products {
		s, foretold := stock[p.SKU]
		c := offered{Case{Product: p, Weekly: s.Weekly, CoverDays: s.CoverDays, LeadDays: s.LeadDays, Foretold: foretold, Decided: decided[p.SKU]}, bySKU[p.SKU]}
		for i := 1; i < len(c.offers); i++ {
			if c.offers[i].Price != c.offers[i-1].Price {
				c.Changed = c.offers[i].At
			}
		}
		all = append(all, c)
	}
	return all, nil
}

// Query asks for a part of the list. State is empty for all; Limit is at most 1,000.
type Query struct {
	State         State
	Limit, Offset int
}

// Proposals are a part of them: open ones by what they are expected to bring, then the latest decided.
func (b *Book) Proposals(ctx context.Context, q Query) ([]Proposal, error) {
	const most = 1000
	if q.Limit < 1 || q.Limit > most || q.Offset < 0 {
		return nil, shop.Errorf(shop.CodeBadRequest, "Ask for 1 to %d proposals at once.", most)
	}
	all, err := b.list(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("list proposals: %w", err)
	}
	return all, nightly.Entitle(ctx, b.o.Products, all, func(p *Proposal) (string, *string) { return p.SKU, &p.Title })
}

// Finding is what was found for a product; shop.CodeNotFound where it was not looked at.
func (b *Book) Finding(ctx context.Context, sku string) (Finding, error) {
	f, err := b.finding(ctx, sku)
	if err != nil {
		return f, fmt.Errorf("read a finding: %w", err)
	}
	return f, nil
}

// Count says how many products of each verdict there are.
func (b *Book) Count(ctx context.Context) (Made, error) {
	made, err := b.verdicts(ctx)
	if err != nil {
		return nil, fmt.Errorf("count findings: %w", err)
	}
	return made, nil
}

// Accept makes the proposed price the product's. Where the price is another than when it was proposed, or the proposal was decided on
// already, nothing changes and the error has code conflict; shop.CodeNotFound where the proposal made way for a newer one.
func (b *Book) Accept(ctx context.Context, id int64, by Who) error {
	p, err := b.proposal(ctx, id)
	if err != nil {
		return fmt.Errorf("accept a price: %w", err)
	}
	if err := b.o.Reprice(ctx, p.SKU, p.Price, p.Proposed, func(tx pgx.Tx) error { return b.decide(ctx, tx, p, Accepted, by) }); err != nil {
		return fmt.Errorf("accept a price: %w", err)
	}
	return nil
}

// Reject leaves the price as it is.
func (b *Book) Reject(ctx context.Context, id int64, by Who) error {
	p, err := b.proposal(ctx, id)
	if err == nil {
		err = pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error { return b.decide(ctx, tx, p, Rejected, by) })
	}
	if err != nil {
		return fmt.Errorf("reject a price: %w", err)
	}
	return nil
}

// Night looks at the prices where that was not done since three in the night, UTC, which is after the forecasts. Of several replicas
// one does it; the others wait for it.
func (b *Book) Night(ctx context.Context) error {
	return nightly.Work{Lock: nightLock, Due: 3 * time.Hour, Now: b.o.Now, Last: b.madeAt, Do: func(ctx context.Context) error {
		began := b.o.Now()
		made, err := b.Make(ctx)
		if err == nil && len(made) > 0 {
			b.o.Logger.Info("prices are looked at", "proposed", made[Proposed], "right", made[Right], "took", b.o.Now().Sub(began).Round(time.Millisecond))
		}
		return err
	}}.Once(ctx, b.pool)
}
