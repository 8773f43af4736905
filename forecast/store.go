package forecast

import (
	"context"
	"time"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// nightLock is held by the replica that makes the forecasts.
const nightLock = 8_231_704_571

func (b *Book) madeAt(ctx context.Context) (at time.Time, err error) {
	err = b.pool.QueryRow(ctx, `SELECT coalesce(max(made_at), 'epoch') FROM stock_forecasts`).Scan(&at)
	return at, err
}

const forecastColumns = `sku, made_at, weekly, week_low, week_high, days, methods, weeks, error, sold_out_days, lost, stock, lead_days,
	reorder_point, safety_stock, order_quantity, cover_days, risk`

func scanForecast(row pgx.CollectableRow) (f Forecast, err error) {
	err = row.Scan(&f.SKU, &f.MadeAt, &f.Weekly, &f.Low, &f.High, &f.Days, &f.Methods, &f.Weeks, &f.Error, &f.SoldOutDays, &f.Lost, &f.Stock, &f.LeadDays,
		&f.ReorderPoint, &f.SafetyStock, &f.Order, &f.CoverDays, &f.Risk)
	f.MadeAt = f.MadeAt.UTC()
	return f, err
}

// replace puts the forecasts in place of those that were there; who reads meanwhile sees those.
func (b *Book) replace(ctx context.Context, all []Forecast) error {
	return pgx.BeginFunc(ctx, b.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM stock_forecasts`); err != nil {
			return err
		}
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"stock_forecasts"}, []string{"sku", "made_at", "weekly", "week_low", "week_high", "days", "methods", "weeks", "error",
			"sold_out_days", "lost", "stock", "lead_days", "reorder_point", "safety_stock", "order_quantity", "cover_days", "risk"},
			pgx.CopyFromSlice(len(all), func(i int) ([]any, error) {
				f := all[i]
				return []any{f.SKU, f.MadeAt, f.Weekly, f.Low, f.High, f.Days, f.Methods, f.Weeks, f.Error, f.SoldOutDays, f.Lost, f.Stock, f.LeadDays,
					f.ReorderPoint, f.SafetyStock, f.Order, f.CoverDays, f.Risk}, nil
			}))
		return err
	})
}

func (b *Book) list(ctx context.Context, q Query) ([]Forecast, error) {
	const most = 1000
	if q.Limit < 1 || q.Limit > most || q.Offset < 0 {
		return nil, shop.Errorf(shop.CodeBadRequest, "Ask for 1 to %d forecasts at once.", most)
	}
	var rows pgx.Rows
	var err error
	switch q.Order {
	case ByRisk:
		rows, err = b.pool.Query(ctx, `SELECT `+forecastColumns+` FROM stock_forecasts ORDER BY risk DESC, weekly DESC, sku LIMIT $1 OFFSET $2`, q.Limit, q.Offset)
	case ByCover: // what has stock and is bought no more lasts longest
		rows, err = b.pool.Query(ctx, `SELECT `+forecastColumns+` FROM stock_forecasts
			ORDER BY CASE WHEN cover_days < 0 AND stock > 0 THEN 'infinity' ELSE cover_days END DESC, sku LIMIT $1 OFFSET $2`, q.Limit, q.Offset)
	case ByDemand:
		rows, err = b.pool.Query(ctx, `SELECT `+forecastColumns+` FROM stock_forecasts ORDER BY weekly DESC, sku LIMIT $1 OFFSET $2`, q.Limit, q.Offset)
	default:
		return nil, shop.Errorf(shop.CodeBadRequest, "Order by risk, cover or demand.")
	}
	if err != nil {
		return nil, err
	}
	return collect(rows)
}

func (b *Book) some(ctx context.Context, skus []string) ([]Forecast, error) {
	rows, err := b.pool.Query(ctx, `SELECT `+forecastColumns+` FROM stock_forecasts WHERE sku = ANY ($1) ORDER BY sku`, skus)
	if err != nil {
		return nil, err
	}
	return collect(rows)
}

func collect(rows pgx.Rows) ([]Forecast, error) {
	all, err := pgx.CollectRows(rows, scanForecast)
	if all == nil {
		all = []Forecast{}
	}
	return all, err
}
