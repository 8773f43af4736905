package main

import (
	"context"
	"fmt"
	"time"

	"floorwalker/behaviour"
	"floorwalker/shop"
	"floorwalker/sponsored"
)

// campaignCmd keeps the campaigns of advertisers.
type campaignCmd struct {
	Add    campaignAddCmd    `cmd:"" help:"Make a campaign: products that are placed among those that fit, for money a click."`
	List   campaignListCmd   `cmd:"" help:"Write all campaigns as JSON."`
	Pause  campaignPauseCmd  `cmd:"" help:"Stop a campaign, or let it go on."`
	Report campaignReportCmd `cmd:"" help:"Write what came of a campaign as JSON; no line speaks of fewer than ten customers."`
}

type campaignAddCmd struct {
	ID         string   `arg:"" help:"The campaign's name: lower-case letters, digits and -."`
	SKUs       []string `name:"skus" required:"" help:"The products to place."`
	Bid        float64  `required:"" help:"The most that a click may cost, in major units, as in 0.40."`
	Budget     float64  `required:"" help:"The most that all clicks may cost."`
	Currency   string   `required:"" help:"The currency of both, as in USD; all campaigns have one."`
	From       string   `help:"The first day, as in 2026-05-01; today when empty."`
	Until      string   `required:"" help:"The day on which it ends, in UTC."`
	Cap        int      `default:"3" help:"How often a day one customer is shown it."`
	Words      []string `help:"Words of which one must stand in what the customer looks for."`
	Categories []string `help:"Categories of which the product must be in one."`
	Langs      []string `help:"Languages of which the customer must speak one: en, zh."`
	services
}

type campaignListCmd struct {
	services
}

type campaignPauseCmd struct {
	ID   string `arg:"" help:"The campaign's name."`
	Undo bool   `help:"Let it go on."`
	services
}

type campaignReportCmd struct {
	ID string `arg:"" help:"The campaign's name."`
	services
}

// withAds opens the database that a server uses, or would use, and the campaigns in it.
func withAds(ctx context.Context, s services, std streams, work func(a *sponsored.Ads) error) error {
	return withEvents(ctx, s, std, func(db *database, events *behaviour.Log) error {
		return work(sponsored.New(db.pool, sponsored.Options{Sales: events.Sales}))
	})
}

// Run makes the campaign.
func (c *campaignAddCmd) Run(ctx context.Context, std streams) error {
	starts := time.Now().UTC()
	if c.From != "" {
		day, err := time.Parse(time.DateOnly, c.From)
		if err != nil {
			return fmt.Errorf("--from is a day, as in 2026-05-01: %w", err)
		}
		starts = day
	}
	ends, err := time.Parse(time.DateOnly, c.Until)
	if err != nil {
		return fmt.Errorf("--until is a day, as in 2026-06-01: %w", err)
	}
	return withAds(ctx, c.services, std, func(a *sponsored.Ads) error {
		return a.Add(ctx, sponsored.Campaign{ID: c.ID, SKUs: c.SKUs, Words: c.Words, Categories: c.Categories, Langs: c.Langs, Starts: starts, Ends: ends, Cap: c.Cap,
			Bid: shop.FromMajor(c.Bid, c.Currency), Budget: shop.FromMajor(c.Budget, c.Currency)})
	})
}

// Run writes the campaigns.
func (c *campaignListCmd) Run(ctx context.Context, std streams) error {
	return withAds(ctx, c.services, std, func(a *sponsored.Ads) error {
		all, err := a.List(ctx)
		if err != nil {
			return err
		}
		return printJSON(std.out, all)
	})
}

// Run stops the campaign or lets it go on.
func (c *campaignPauseCmd) Run(ctx context.Context, std streams) error {
	return withAds(ctx, c.services, std, func(a *sponsored.Ads) error { return a.Pause(ctx, c.ID, !c.Undo) })
}

// Run writes the report.
func (c *campaignReportCmd) Run(ctx context.Context, std streams) error {
	return withAds(ctx, c.services, std, func(a *sponsored.Ads) error {
		r, err := a.Report(ctx, c.ID)
		if err != nil {
			return err
		}
		return printJSON(std.out, r)
	})
}
