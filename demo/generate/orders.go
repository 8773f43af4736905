package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"floorwalker/shop"
)

// What orders go through, as often as in the demo.
var orderStatuses = []string{"shipped", "delivered", "processing", "delivered", "shipped", "returned", "delivered", "cancelled"}

var carriers = []string{"Parcelway", "Swiftpost", "Landmark Freight"}

// firstOrders are named in the guides, so they never change: both are on their way.
var firstOrders = []string{"10482", "20931"}

const orderCount = 32

// orderDay is the day the demo's orders are dated from.
var orderDay = time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)

// orders are purchases of one to three of the products, as JSON Lines.
func orders(products []product) ([]byte, error) {
	r := rand.New(rand.NewPCG(2026, hash("orders")))
	var b bytes.Buffer
	lines := json.NewEncoder(&b)
	lines.SetEscapeHTML(false)
	for n := range orderCount {
		o := shop.Order{ID: fmt.Sprint(10500 + 613*n), Customer: fmt.Sprintf("customer-%d", 1001+n*2/3), Status: orderStatuses[n%len(orderStatuses)]}
		if n < len(firstOrders) {
			o.ID, o.Status = firstOrders[n], "shipped"
		}
		o.Total.Currency = "USD"
		for range 1 + r.IntN(3) {
			p := products[r.IntN(len(products))]
			line := shop.OrderLine{SKU: p.SKU, Title: p.Title, Quantity: 1, Price: shop.Money{Minor: p.PriceMinor, Currency: p.Currency}}
			if p.PriceMinor < 3000 && r.IntN(3) == 0 {
				line.Quantity = 2
			}
			o.Lines = append(o.Lines, line)
			o.Total.Minor += line.Price.Times(line.Quantity).Minor
		}
		dateOrder(r, &o)
		if err := lines.Encode(o); err != nil {
			return nil, fmt.Errorf("write order %s: %w", o.ID, err)
		}
	}
	return b.Bytes(), nil
}

// dateOrder gives the order dates and a carrier that suit its status.
func dateOrder(r *rand.Rand, o *shop.Order) {
	age := map[string]int{"processing": 1, "shipped": 4, "cancelled": 9, "delivered": 14, "returned": 30}[o.Status] + r.IntN(4)
	placed := orderDay.AddDate(0, 0, -age)
	o.PlacedAt = placed.Format(time.DateOnly)
	if o.Status == "cancelled" {
		return
	}
	o.ETA = placed.AddDate(0, 0, 5+r.IntN(3)).Format(time.DateOnly)
	if o.Status != "processing" {
		o.Carrier = carriers[r.IntN(len(carriers))]
		o.Tracking = fmt.Sprintf("%c%c%010d", o.Carrier[0], 'A'+r.IntN(26), r.Int64N(1e10))
	}
}
