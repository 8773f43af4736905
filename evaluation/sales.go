package evaluation

import (
	"math"
	"strconv"
	"strings"
	"time"

	"floorwalker/shop"
)

// SaleLine is one line of an invoice that sold something.
type SaleLine struct {
	SKU, Customer string
	Time          time.Time
	Units         float64
	// Price is of one piece, in minor units.
	Price int64
}

// SalesRead are the sales of a shop's invoices, with what was made of its other lines.
type SalesRead struct {
	Lines []SaleLine
	// Anonymous are lines without a customer, which count as all others; Returned were given back later than on the day, and
	// count as bought; Cancelled were taken back by the same customer on the same day, and are left out with what took them
	// back; NoSale are lines without a price or a product.
	Anonymous, Returned, Cancelled, NoSale int
}

// ReadSales reads invoices as CSV (InvoiceNo, StockCode, Quantity, InvoiceDate, UnitPrice, CustomerID; gzipped).
func ReadSales(path string) (SalesRead, error) {
	var r SalesRead
	type back struct {
		sku, customer string
		units         float64
		day           int64
	}
	at, taken := map[back][]int{}, map[int]bool{}
	names := []string{"InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID"}
	err := eachTransaction(path, names, func(row []string) error {
		sku := strings.Clone(strings.ToUpper(strings.TrimSpace(row[1])))
		quantity, err := strconv.ParseFloat(row[2], 64)
		price, err2 := strconv.ParseFloat(row[4], 64)
		if err != nil || err2 != nil || price <= 0 || quantity == 0 || !isProduct(sku) {
			r.NoSale++
			return nil
		}
		when, err := time.Parse(time.DateTime, row[3])
		if err != nil {
			return err
		}
		customer := customerOf(row[5])
		key := back{sku, customer, math.Abs(quantity), when.Unix() / 86_400}
		if quantity < 0 || strings.HasPrefix(row[0], "C") {
			same := at[key]
			if customer == "" || len(same) == 0 {
				r.Returned++
				return nil
			}
			r.Cancelled++
			taken[same[len(same)-1]], at[key] = true, same[:len(same)-1]
			return nil
		}
		if customer == "" {
			r.Anonymous++
		}
		at[key] = append(at[key], len(r.Lines))
		r.Lines = append(r.Lines, SaleLine{SKU: sku, Customer: customer, Time: when, Units: quantity, Price: int64(math.Round(price * 100))})
		return nil
	})
	kept := r.Lines[:0]
	for i, line := range r.Lines {
		if !taken[i] {
			kept = append(kept, line)
		}
	}
	r.Lines = kept
	return r, err
}

// daily sums lines by product and day, in the order of the days.
func daily(lines []SaleLine, keep func(SaleLine) bool) []shop.Sales {
	type key struct {
		sku string
		day int64
	}
	at := map[key]int{}
	var all []shop.Sales
	for _, l := range lines {
		if !keep(l) {
			continue
		}
		k := key{l.SKU, l.Time.Unix() / 86_400}
		i, ok := at[k]
		if !ok {
			i = len(all)
			at[k] = i
			all = append(all, shop.Sales{SKU: l.SKU, Day: time.Unix(k.day*86_400, 0).UTC(), Revenue: shop.Money{Currency: "GBP"}})
		}
		s := &all[i]
		s.Units, s.Priced, s.Purchases, s.Revenue.Minor = s.Units+l.Units, s.Priced+l.Units, s.Purchases+1, s.Revenue.Minor+int64(math.Round(l.Units))*l.Price
	}
	return all
}
