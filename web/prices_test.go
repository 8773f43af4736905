package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"floorwalker/forecast"
	"floorwalker/pricing"
	"floorwalker/shop"
	"floorwalker/web"
)

// counted are forecasts and proposals that remember what was asked.
type counted struct {
	query    forecast.Query
	proposed pricing.Query
	decided  []string
}

func (c *counted) List(_ context.Context, q forecast.Query) ([]forecast.Forecast, error) {
	c.query = q
	return []forecast.Forecast{{SKU: "mug", Title: "A mug", Weekly: 2.5, Days: []float64{1}, Supply: forecast.Supply{Order: 12}}}, nil
}

func (c *counted) One(_ context.Context, sku string) (forecast.Forecast, error) {
	if sku != "mug" {
		return forecast.Forecast{}, shop.Errorf(shop.CodeNotFound, "There is no forecast for this product.")
	}
	return forecast.Forecast{SKU: sku, Days: []float64{1}}, nil
}

func (c *counted) Proposals(_ context.Context, q pricing.Query) ([]pricing.Proposal, error) {
	c.proposed = q
	return []pricing.Proposal{{ID: 7, State: pricing.Open, Finding: pricing.Finding{SKU: "mug", Reasons: []string{}}}}, nil
}

func (c *counted) Finding(_ context.Context, sku string) (pricing.Finding, error) {
	return pricing.Finding{SKU: sku, Verdict: pricing.OnePrice, Reasons: []string{}}, nil
}

func (c *counted) Count(context.Context) (pricing.Made, error) {
	return pricing.Made{pricing.Right: 3}, nil
}

func (c *counted) Accept(_ context.Context, id int64, by pricing.Who) error {
	if id != 7 {
		return shop.Errorf(shop.CodeConflict, "This proposal was decided on already.")
	}
	c.decided = append(c.decided, "accepted by "+by.Name)
	return nil
}

func (c *counted) Reject(_ context.Context, _ int64, by pricing.Who) error {
	c.decided = append(c.decided, "rejected by "+by.Name)
	return nil
}

func TestForecastsAndPricesAreForTheAdminToken(t *testing.T) {
	c := &counted{}
	server := web.New(web.Parts{Forecasts: c, Prices: c}, web.Config{AdminToken: "secret"})
	ask := func(method, path, token string) (int, string) {
		r := httptest.NewRequest(method, path, http.NoBody)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		server.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	for _, path := range []string{"GET /api/forecasts", "GET /api/forecasts/mug", "GET /api/prices", "GET /api/prices/products/mug", "POST /api/prices/7/accept", "POST /api/prices/7/reject"} {
		method, path, _ := strings.Cut(path, " ")
		for _, token := range []string{"", "wrong"} {
			if status, _ := ask(method, path, token); status != http.StatusUnauthorized {
				t.Errorf("%s %s with %q: %d", method, path, token, status)
			}
		}
	}
	if len(c.decided) != 0 {
		t.Fatalf("without the token: %v", c.decided)
	}
	for _, try := range []struct {
		call   string
		status int
		says   string
	}{
		{"GET /api/forecasts", 200, `"order":12`},
		{"GET /api/forecasts?order=cover&limit=5&offset=10", 200, `"weekly":2.5`},
		{"GET /api/forecasts?order=sku", 422, `"code":"bad_request"`},
		{"GET /api/forecasts?limit=1001", 422, `"code":"bad_request"`},
		{"GET /api/forecasts/tent", 404, `"code":"not_found"`},
		{"GET /api/prices?state=open&limit=3", 200, `"right":3`},
		{"GET /api/prices?state=closed", 422, `"code":"bad_request"`},
		{"GET /api/prices/products/mug", 200, "Not enough to say"},
		{"POST /api/prices/7/accept", 204, ""},
		{"POST /api/prices/8/accept", 409, "decided on already"},
		{"POST /api/prices/0/accept", 422, `"code":"bad_request"`},
		{"POST /api/prices/7/reject", 204, ""},
	} {
		method, path, _ := strings.Cut(try.call, " ")
		if status, body := ask(method, path, "secret"); status != try.status || !strings.Contains(body, try.says) || body != "" && !json.Valid([]byte(body)) {
			t.Errorf("%s: %d %s", try.call, status, body)
		}
	}
	if c.query != (forecast.Query{Order: forecast.ByCover, Limit: 5, Offset: 10}) || c.proposed != (pricing.Query{State: pricing.Open, Limit: 3}) {
		t.Errorf("asked %+v and %+v", c.query, c.proposed)
	}
	if got := strings.Join(c.decided, ", "); got != "accepted by admin token, rejected by admin token" {
		t.Errorf("decided: %s", got)
	}
}
