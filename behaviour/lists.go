package behaviour

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"
)

// List is a list of products that a customer saw after asking for something, and what came of it. It names nobody.
type List struct {
	Query string    `json:"query"`
	Model string    `json:"model"`
	Time  time.Time `json:"time"`
	Cards []Seen    `json:"cards"`
}

// Seen is one product of a list.
type Seen struct {
	SKU string `json:"sku"`
	// Position is the place in the list, from 1.
	Position int `json:"position"`
	// Clicked: it was clicked, looked at for ten seconds, put into the cart or bought.
	Clicked bool `json:"clicked"`
	Carted  bool `json:"carted"`
	Bought  bool `json:"bought"`
	// DwellSeconds is for how long it was looked at, all looks together.
	DwellSeconds float64 `json:"dwell_seconds"`
	// Features are what the ranker knew, in the order of ranking.FeatureNames, null for what it did not; none of lists that
	// it logged no features with.
	Features []*float64 `json:"features,omitempty"`
}

// For how long after a list what is done counts as done because of it.
const (
	listClicks = time.Hour
	listSales  = 7 * 24 * time.Hour
)

// ExportLists writes the lists since a time that answered a query, oldest first, a JSON object a line, and says how many
// they are. A ranker learns from them (training/behaviour_log.py). Lists of what nobody asked for are left out, and so
// are impressions that the server did not make itself.
func (l *Log) ExportLists(ctx context.Context, since time.Time, out io.Writer) (n int, err error) {
	encoder := json.NewEncoder(out)
	var list List
	var id string
	write := func() error {
		if len(list.Cards) == 0 {
			return nil
		}
		n++
		return encoder.Encode(list)
	}
	err = l.shownSince(ctx, since, func(r shownRow) error {
		if r.RankingID != id {
			if err := write(); err != nil {
				return err
			}
			id, list = r.RankingID, List{Query: r.Query, Model: r.Model, Time: r.Time.UTC()}
		}
		list.Cards = append(list.Cards, Seen{SKU: r.SKU, Position: r.Position, Carted: r.Carted, Bought: r.Bought, DwellSeconds: r.Dwell,
			Clicked: r.Clicked || says(Dwell, r.Dwell) > 0 || r.Carted || r.Bought, Features: knownOf(r.Features)})
		return nil
	})
	if err == nil {
		err = write()
	}
	if err != nil {
		return n, fmt.Errorf("export lists: %w", err)
	}
	return n, nil
}

// knownOf are figures as JSON can hold them, which has none for what is no number.
func knownOf(values []float32) (known []*float64) {
	for _, v := range values {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			known = append(known, nil)
		} else {
			known = append(known, &f)
		}
	}
	return known
}
