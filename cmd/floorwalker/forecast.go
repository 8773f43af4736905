package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"floorwalker/behaviour"
	"floorwalker/forecast"
	"floorwalker/orders"
	"floorwalker/retrieval"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgxpool"
)

// supplyRules say how new goods come.
type supplyRules struct {
	LeadDays     int            `help:"After how many days goods that the shop orders arrive." default:"14" env:"FLOORWALKER_LEAD_DAYS"`
	LeadDaysOf   map[string]int `help:"Categories whose goods take another time, as in Tents=42;Shoes=10." env:"FLOORWALKER_LEAD_DAYS_OF"`
	ReviewDays   int            `help:"Every how many days the shop orders goods." default:"7" env:"FLOORWALKER_REVIEW_DAYS"`
	ServiceLevel float64        `help:"How likely the stock is to last until new goods arrive, from 0.5 to 0.999." default:"0.95" env:"FLOORWALKER_SERVICE_LEVEL"`
}

func (r supplyRules) check() error {
	const longest = 365
	if r.LeadDays < 1 || r.LeadDays > longest || r.ReviewDays < 1 || r.ReviewDays > longest {
		return errors.New("--lead-days and --review-days are from 1 to 365")
	}
	for category, days := range r.LeadDaysOf {
		if days < 1 || days > longest {
			return fmt.Errorf("--lead-days-of %s is %d; give 1 to 365", category, days)
		}
	}
	if !(r.ServiceLevel >= 0.5 && r.ServiceLevel <= 0.999) {
		return errors.New("--service-level is from 0.5 to 0.999")
	}
	return nil
}

// newForecasts keeps forecasts of what is bought by the orders and by the events.
func newForecasts(pool *pgxpool.Pool, catalogue *retrieval.Store, events *behaviour.Log, r supplyRules, log *slog.Logger) *forecast.Book {
	return forecast.New(pool, forecast.Options{Sales: salesOf(orders.NewOrders(pool).Sold, events.Bought), Offers: catalogue.Offers, Products: catalogue.Products,
		Policy: forecast.Policy{Lead: r.LeadDays, Review: r.ReviewDays, Service: r.ServiceLevel}, LeadOf: r.LeadDaysOf, Logger: log})
}

// sold reads what was bought from one time to before another.
type sold func(ctx context.Context, from, to time.Time) ([]shop.Sales, error)

// salesOf joins what orders and what events say was bought. Both tell of the same purchases, each perhaps of a part of them: of a
// product's day the one that tells of more counts. Prices are those of the orders.
func salesOf(ordered, told sold) sold {
	return func(ctx context.Context, from, to time.Time) ([]shop.Sales, error) {
		all, err := ordered(ctx, from, to)
		if err != nil {
			return nil, err
		}
		more, err := told(ctx, from, to)
		if err != nil {
			return nil, err
		}
		type key struct {
			sku string
			day forecast.Day
		}
		at := map[key]int{}
		for i, s := range all {
			at[key{s.SKU, forecast.DayOf(s.Day)}] = i
		}
		for _, s := range more {
			i, ok := at[key{s.SKU, forecast.DayOf(s.Day)}]
			if !ok {
				all = append(all, s)
				continue
			}
			all[i].Units, all[i].Purchases = max(all[i].Units, s.Units), max(all[i].Purchases, s.Purchases)
		}
		slices.SortStableFunc(all, func(a, b shop.Sales) int { return cmp.Or(cmp.Compare(a.SKU, b.SKU), a.Day.Compare(b.Day)) })
		return all, nil
	}
}

// forecastCmd says what will be bought, and what that means for the stock.
type forecastCmd struct {
	List forecastListCmd `cmd:"" default:"withargs" help:"Write the latest forecasts: what runs out, what to order, what lasts too long."`
	Make forecastMakeCmd `cmd:"" help:"Make the forecasts anew now; a server does so every night."`
	Show forecastShowCmd `cmd:"" help:"Write all that is foretold of one product as JSON."`
}

type forecastListCmd struct {
	Order string `enum:"risk,cover,demand" default:"risk" help:"What comes first: risk, what is likeliest to run out; cover, what lasts longest; demand, what sells most."`
	listForm
	services
}

type forecastMakeCmd struct {
	supplyRules
	services
}

type forecastShowCmd struct {
	SKU string `arg:"" help:"The product."`
	services
}

// withForecasts opens the database that a server uses, or would use, and the forecasts in it.
func withForecasts(ctx context.Context, s services, r supplyRules, std streams, work func(b *forecast.Book) error) error {
	log := warnings(std.err)
	return withEvents(ctx, s, std, func(db *database, events *behaviour.Log) error {
		catalogue := retrieval.NewStore(db.pool, nil, retrieval.Options{Logger: log})
		return work(newForecasts(db.pool, catalogue, events, r, log))
	})
}

// Run writes the forecasts.
func (c *forecastListCmd) Run(ctx context.Context, std streams) error {
	return withForecasts(ctx, c.services, supplyRules{}, std, func(b *forecast.Book) error {
		all, err := b.List(ctx, forecast.Query{Order: forecast.Order(c.Order), Limit: c.Limit})
		if err != nil {
			return err
		}
		rows := make([][]string, len(all))
		for i, f := range all {
			cover := "-"
			if f.CoverDays >= 0 {
				cover = strconv.Itoa(int(f.CoverDays))
			}
			rows[i] = []string{f.SKU, f.Title, strconv.FormatFloat(f.Weekly, 'f', 1, 64), fmt.Sprintf("%d to %d", f.Low, f.High), strconv.Itoa(f.Stock), cover,
				fmt.Sprintf("%.0f %%", 100*f.Risk), strconv.Itoa(f.ReorderPoint), strconv.Itoa(f.Supply.Order), strconv.FormatFloat(f.Lost, 'f', 1, 64)}
		}
		return c.write(std.out, all, []string{"SKU", "product", "a week", "90 of 100 weeks", "stock", "days it lasts", "runs out before new goods", "reorder at", "order", "lost in stock-outs"}, rows)
	})
}

// Run makes the forecasts.
func (c *forecastMakeCmd) Run(ctx context.Context, std streams) error {
	if err := c.supplyRules.check(); err != nil {
		return err
	}
	return withForecasts(ctx, c.services, c.supplyRules, std, func(b *forecast.Book) error {
		n, err := b.Make(ctx)
		if err != nil {
			return err
		}
		return printJSON(std.out, map[string]int{"products": n})
	})
}

// Run writes one forecast.
func (c *forecastShowCmd) Run(ctx context.Context, std streams) error {
	return withForecasts(ctx, c.services, supplyRules{}, std, func(b *forecast.Book) error {
		f, err := b.One(ctx, c.SKU)
		if err != nil {
			return err
		}
		return printJSON(std.out, f)
	})
}

// listForm is how much of a list is written, and how.
type listForm struct {
	Limit int  `default:"50" help:"How many, at most 1,000."`
	JSON  bool `name:"json" xor:"form" help:"Write JSON instead of a table."`
	CSV   bool `name:"csv" xor:"form" help:"Write CSV instead of a table."`
}

// write writes all as JSON, or their rows as a table for people or as CSV in which no cell is taken for a formula.
func (f listForm) write(w io.Writer, all any, heads []string, rows [][]string) error {
	if f.JSON {
		return printJSON(w, all)
	}
	if f.CSV {
		table := csv.NewWriter(w)
		if err := table.Write(heads); err != nil {
			return err
		}
		for _, row := range rows {
			cells := make([]string, len(row))
			for i, cell := range row {
				if cells[i] = cell; cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					if _, err := strconv.ParseFloat(cell, 64); err != nil && cell != "-" {
						cells[i] = "'" + cell
					}
				}
			}
			if err := table.Write(cells); err != nil {
				return err
			}
		}
		table.Flush()
		return table.Error()
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{heads}, rows...) {
		if _, err := fmt.Fprintln(table, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return table.Flush()
}
