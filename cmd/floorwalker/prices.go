package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"time"

	"floorwalker/behaviour"
	"floorwalker/desk"
	"floorwalker/forecast"
	"floorwalker/orders"
	"floorwalker/pricing"
	"floorwalker/retrieval"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgxpool"
)

// priceRules are the guard rails of proposed prices.
type priceRules struct {
	PriceLeastMargin float64       `help:"How much more than its cost a piece must bring at a proposed price, as a share of the cost." default:"0.1" env:"FLOORWALKER_PRICE_LEAST_MARGIN"`
	PriceMostChange  float64       `help:"How far a proposed price may be from the present one, as a share of it." default:"0.1" env:"FLOORWALKER_PRICE_MOST_CHANGE"`
	PriceEndings     []string      `help:"Digits of which a proposed price ends with one, in minor units, as in 99,95; any where empty." default:"9,5" env:"FLOORWALKER_PRICE_ENDINGS"`
	PriceEvery       time.Duration `help:"How long a price stays at least, and a product is left alone after a decision." default:"336h" env:"FLOORWALKER_PRICE_EVERY"`
	KeepingCost      float64       `help:"What it costs to keep a piece for a year, as a share of its cost." default:"0.25" env:"FLOORWALKER_KEEPING_COST"`
	PlentyDays       int           `help:"From how many days of stock on keeping it counts." default:"120" env:"FLOORWALKER_PLENTY_DAYS"`
}

func (r priceRules) check() error {
	switch {
	case !(r.PriceLeastMargin >= 0 && r.PriceLeastMargin <= 10):
		return errors.New("--price-least-margin is from 0 to 10")
	case !(r.PriceMostChange >= 0.01 && r.PriceMostChange <= 0.5):
		return errors.New("--price-most-change is from 0.01 to 0.5")
	case r.PriceEvery < 24*time.Hour:
		return errors.New("--price-every is 24h or more")
	case !(r.KeepingCost >= 0 && r.KeepingCost <= 1):
		return errors.New("--keeping-cost is from 0 to 1")
	case r.PlentyDays < 1:
		return errors.New("--plenty-days is 1 or more")
	}
	for _, ending := range r.PriceEndings {
		if len(ending) > 3 || strings.Trim(ending, "0123456789") != "" {
			return fmt.Errorf("--price-endings %q: an ending is up to three digits, as in 99", ending)
		}
	}
	return nil
}

// newPrices keeps proposals of prices by what is bought and foretold.
func newPrices(pool *pgxpool.Pool, catalogue *retrieval.Store, events *behaviour.Log, forecasts *forecast.Book, r priceRules, log *slog.Logger) *pricing.Book {
	rules := pricing.Usual
	rules.LeastMargin, rules.MostChange, rules.Endings, rules.Every = r.PriceLeastMargin, r.PriceMostChange, slices.DeleteFunc(slices.Clone(r.PriceEndings), func(ending string) bool { return ending == "" }), r.PriceEvery
	rules.Keeping, rules.Plenty = r.KeepingCost, float64(r.PlentyDays)
	return pricing.New(pool, pricing.Options{Sales: salesOf(orders.NewOrders(pool).Sold, events.Bought), Offers: catalogue.Offers, Products: catalogue.Products,
		Stock: func(ctx context.Context, skus []string) (map[string]pricing.Stock, error) {
			found, err := forecasts.Of(ctx, skus)
			all := make(map[string]pricing.Stock, len(found))
			for _, f := range found {
				all[f.SKU] = pricing.Stock{Weekly: f.Weekly, CoverDays: f.CoverDays, LeadDays: f.LeadDays}
			}
			return all, err
		}, Reprice: catalogue.Reprice, Audit: desk.Audit, Rules: &rules, Logger: log})
}

// everyNight does what is due, one after the other, at once and then every hour, until ctx ends. Prices go by the forecasts.
func everyNight(ctx context.Context, log *slog.Logger, works ...func(context.Context) error) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		for _, work := range works {
			if err := work(ctx); err != nil && ctx.Err() == nil {
				log.Error("forecasts and prices stay as they were", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// pricesCmd proposes prices, and takes decisions on them.
type pricesCmd struct {
	List   pricesListCmd   `cmd:"" default:"withargs" help:"Write the prices that are proposed, each with why."`
	Make   pricesMakeCmd   `cmd:"" help:"Look at all prices anew now; a server does so every night. Proposals that nobody decided on make way."`
	Show   pricesShowCmd   `cmd:"" help:"Write what was found for one product as JSON."`
	Accept pricesAcceptCmd `cmd:"" help:"Make a proposed price the product's."`
	Reject pricesRejectCmd `cmd:"" help:"Leave a price as it is."`
}

type pricesListCmd struct {
	All bool `help:"Decided ones too."`
	listForm
	services
}

type pricesMakeCmd struct {
	priceRules
	services
}

type pricesShowCmd struct {
	SKU string `arg:"" help:"The product."`
	services
}

type pricesAcceptCmd struct {
	ID int64 `arg:"" help:"The proposal's number."`
	services
}

type pricesRejectCmd struct {
	ID int64 `arg:"" help:"The proposal's number."`
	services
}

// withPrices opens the database that a server uses, or would use, and the proposals in it.
func withPrices(ctx context.Context, s services, r priceRules, embed retrieval.Embedder, std streams, work func(b *pricing.Book) error) error {
	log := warnings(std.err)
	return withEvents(ctx, s, std, func(db *database, events *behaviour.Log) error {
		catalogue := retrieval.NewStore(db.pool, embed, retrieval.Options{Logger: log})
		return work(newPrices(db.pool, catalogue, events, newForecasts(db.pool, catalogue, events, supplyRules{}, log), r, log))
	})
}

// Run writes the proposals.
func (c *pricesListCmd) Run(ctx context.Context, std streams) error {
	return withPrices(ctx, c.services, priceRules{}, nil, std, func(b *pricing.Book) error {
		q := pricing.Query{State: pricing.Open, Limit: c.Limit}
		if c.All {
			q.State = ""
		}
		all, err := b.Proposals(ctx, q)
		if err != nil {
			return err
		}
		rows := make([][]string, len(all))
		for i, p := range all {
			rows[i] = []string{strconv.FormatInt(p.ID, 10), string(p.State), p.SKU, p.Title, p.Price.Decimal(), p.Proposed.Decimal(), p.Price.Currency, p.Gain.Decimal(),
				p.GainLow.Decimal() + " to " + p.GainHigh.Decimal(), p.Words}
		}
		return c.write(std.out, all, []string{"number", "state", "SKU", "product", "price", "proposed", "currency", "more a week", "90 of 100", "why"}, rows)
	})
}

// Run looks at the prices, and says how many products there are of each verdict.
func (c *pricesMakeCmd) Run(ctx context.Context, std streams) error {
	if err := c.priceRules.check(); err != nil {
		return err
	}
	return withPrices(ctx, c.services, c.priceRules, nil, std, func(b *pricing.Book) error {
		made, err := b.Make(ctx)
		if err != nil {
			return err
		}
		return printJSON(std.out, made)
	})
}

// Run writes the finding, with its explanation.
func (c *pricesShowCmd) Run(ctx context.Context, std streams) error {
	return withPrices(ctx, c.services, priceRules{}, nil, std, func(b *pricing.Book) error {
		f, err := b.Finding(ctx, c.SKU)
		if err != nil {
			return err
		}
		return printJSON(std.out, struct {
			pricing.Finding
			Words string `json:"words"`
		}{f, f.String()})
	})
}

// Run changes the price.
func (c *pricesAcceptCmd) Run(ctx context.Context, std streams) (err error) {
	// The catalogue's own way knows its embedder.
	m, err := openModels(c.services)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	return withPrices(ctx, c.services, priceRules{}, m.english, std, func(b *pricing.Book) error { return inWords(b.Accept(ctx, c.ID, operator())) })
}

// Run leaves the price.
func (c *pricesRejectCmd) Run(ctx context.Context, std streams) error {
	return withPrices(ctx, c.services, priceRules{}, nil, std, func(b *pricing.Book) error { return inWords(b.Reject(ctx, c.ID, operator())) })
}

// operator is who works at the command line.
func operator() pricing.Who {
	name := "command line"
	if u, err := user.Current(); err == nil {
		name += ": " + u.Username
	}
	return pricing.Who{Name: name}
}

// inWords is an error in the words that are meant for people, where it has some.
func inWords(err error) error {
	if e, ok := errors.AsType[*shop.Error](err); ok && e.Code != shop.CodeInternal {
		return errors.New(e.Message)
	}
	return err
}
