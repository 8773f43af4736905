package orders

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Orders are the purchases made earlier. It is safe for concurrent use.
type Orders struct{ pool *pgxpool.Pool }

// NewOrders makes orders over a migrated database.
func NewOrders(pool *pgxpool.Pool) *Orders { return &Orders{pool} }

const orderColumns = `id, customer, status, lines, total_minor, currency, placed_at, eta, carrier, tracking`

func scanOrder(row pgx.CollectableRow) (o shop.Order, err error) {
	var lines []byte
	if err := row.Scan(&o.ID, &o.Customer, &o.Status, &lines, &o.Total.Minor, &o.Total.Currency, &o.PlacedAt, &o.ETA, &o.Carrier, &o.Tracking); err != nil {
		return o, err
	}
	return o, json.Unmarshal(lines, &o.Lines)
}

// Find reads one order by its number; case, spaces and "#" don't matter. Without such an order the error has
// code not_found. Who may see what of it is the caller's to decide.
func (o *Orders) Find(ctx context.Context, orderID string) (shop.Order, error) {
	rows, err := o.pool.Query(ctx, `SELECT `+orderColumns+` FROM orders WHERE key = $1`, orderKey(orderID))
	if err != nil {
		return shop.Order{}, fmt.Errorf("find order: %w", err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, scanOrder)
	if errors.Is(err, pgx.ErrNoRows) {
		return shop.Order{}, errNoOrder
	}
	if err != nil {
		return shop.Order{}, fmt.Errorf("find order: %w", err)
	}
	return found, nil
}

var errNoOrder = shop.Errorf(shop.CodeNotFound, "There is no order of this number. Check it and try again.")

// mostOrders bounds what Of returns.
const mostOrders = 50

// Of are the customer's latest orders, newest first, at most 50.
func (o *Orders) Of(ctx context.Context, customer string) ([]shop.Order, error) {
	if customer == "" {
		return nil, nil
	}
	rows, err := o.pool.Query(ctx, `SELECT `+orderColumns+` FROM orders WHERE customer = $1
		ORDER BY placed_at DESC, key DESC LIMIT $2`, customer, mostOrders)
	if err != nil {
		return nil, fmt.Errorf("read a customer's orders: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanOrder)
	if err != nil {
		return nil, fmt.Errorf("read a customer's orders: %w", err)
	}
	return found, nil
}

// Import reads one JSON order a line and stores them all, or none where one is bad: the error then has code
// bad_request and names the line. Orders that are there already are replaced. It returns how many were read.
func (o *Orders) Import(ctx context.Context, r io.Reader) (int, error) {
	n, err := importLines(ctx, o.pool, r, func(b *pgx.Batch, line []byte) string {
		order, err := readOrder(line)
		if err != nil {
			return err.Error()
		}
		if err := queueOrder(b, order); err != nil {
			return "its lines can't be written"
		}
		return ""
	})
	if err != nil {
		return 0, fmt.Errorf("import orders: %w", err)
	}
	return n, nil
}

// readOrder reads and checks one order.
func readOrder(line []byte) (o shop.Order, err error) {
	if err := json.Unmarshal(line, &o); err != nil {
		return o, err
	}
	if problem := checkOrder(o); problem != "" {
		return o, errors.New(problem)
	}
	return o, nil
}

func checkOrder(o shop.Order) string {
	switch {
	case orderKey(o.ID) == "":
		return "it has no id"
	case strings.TrimSpace(o.Status) == "":
		return "it has no status"
	case o.Total.Minor < 0:
		return "its total is negative"
	case len(o.Total.Currency) != 3:
		return "its total has no currency"
	}
	texts := []string{o.ID, o.Customer, o.Status, o.Total.Currency, o.PlacedAt, o.ETA, o.Carrier, o.Tracking}
	for _, line := range o.Lines {
		texts = append(texts, line.SKU, line.Title, line.Price.Currency)
	}
	if slices.ContainsFunc(texts, func(text string) bool { return strings.ContainsRune(text, 0) }) {
		return "it holds a NUL, which is no text"
	}
	for _, line := range o.Lines {
		if line.Quantity < 1 || line.Price.Minor < 0 {
			return "a line has no quantity or a negative price"
		}
	}
	return ""
}

func queueOrder(batch *pgx.Batch, o shop.Order) error {
	if o.Lines == nil {
		o.Lines = []shop.OrderLine{}
	}
	lines, err := json.Marshal(o.Lines)
	if err != nil {
		return err
	}
	batch.Queue(`INSERT INTO orders (key, id, customer, status, lines, total_minor, currency, placed_at, eta, carrier, tracking)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (key) DO UPDATE SET id = excluded.id, customer = excluded.customer, status = excluded.status,
			lines = excluded.lines, total_minor = excluded.total_minor, currency = excluded.currency,
			placed_at = excluded.placed_at, eta = excluded.eta, carrier = excluded.carrier,
			tracking = excluded.tracking, updated_at = now()`,
		orderKey(o.ID), o.ID, o.Customer, o.Status, lines, o.Total.Minor, o.Total.Currency, o.PlacedAt, o.ETA, o.Carrier, o.Tracking)
	return nil
}

// orderKey is an order's number as it is looked for.
func orderKey(id string) string {
	return strings.Map(func(r rune) rune {
		if r == '#' || unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, strings.ToValidUTF8(id, ""))
}
