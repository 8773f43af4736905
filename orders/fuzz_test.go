package orders

import (
	"strings"
	"testing"
)

// A line of orders, as the shop's own system writes it: what passes the checks can be found by its number, and stored.
func FuzzReadOrder(f *testing.F) {
	for _, seed := range []string{
		`{"id":"#A 1","customer":"c","status":"shipped","lines":[{"sku":"S1","title":"Shoe","quantity":1,"price":{"minor":7900,"currency":"USD"}}],"total":{"minor":7900,"currency":"USD"},"placed_at":"2026-05-01"}`,
		`{"id":"1","status":"new","total":{"minor":0,"currency":"USD"}}`, `{"id":"#","status":"new"}`, `{"id":"1\u0000","status":"x","total":{"minor":1,"currency":"€"}}`,
		`{"id":"1","status":"x","total":{"minor":1,"currency":"USD"},"lines":[{"quantity":-1}]}`, `{"id":"1","status":"x","total":{"minor":1,"currency":"USD"},"lines":[{"title":"\u0000","quantity":1}]}`, `[]`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		o, err := readOrder(line)
		if err != nil {
			return
		}
		if orderKey(o.ID) == "" || orderKey(orderKey(o.ID)) != orderKey(o.ID) || o.Total.Minor < 0 {
			t.Errorf("%q is taken as %+v", line, o)
		}
		texts := []string{o.ID, o.Customer, o.Status, o.PlacedAt, o.ETA, o.Carrier, o.Tracking, o.Total.Currency}
		for _, line := range o.Lines {
			texts = append(texts, line.SKU, line.Title, line.Price.Currency)
		}
		for _, text := range texts {
			if strings.ContainsRune(text, 0) {
				t.Errorf("%q holds what PostgreSQL takes in no text", line)
			}
		}
	})
}
