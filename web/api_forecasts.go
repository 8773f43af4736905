package web

import (
	"context"
	"net/http"

	"floorwalker/forecast"

	"github.com/danielgtaylor/huma/v2"
)

// Forecasts are what is expected to be bought; *forecast.Book.
type Forecasts interface {
	List(ctx context.Context, q forecast.Query) ([]forecast.Forecast, error)
	One(ctx context.Context, sku string) (forecast.Forecast, error)
}

type forecastsBody struct {
	Forecasts []forecast.Forecast `json:"forecasts"`
}

// ForecastsQuery is a part of the forecasts.
type ForecastsQuery struct {
	Order  string `query:"order" enum:"risk,cover,demand" default:"risk" doc:"risk: what is likeliest to run out first; cover: what lasts longest; demand: what sells most"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Offset int    `query:"offset" minimum:"0" maximum:"1000000"`
}

func (q ForecastsQuery) ask() forecast.Query {
	return forecast.Query{Order: forecast.Order(q.Order), Limit: q.Limit, Offset: q.Offset}
}

type forecastsInput struct {
	Authorization string `header:"Authorization" doc:"Bearer and the admin token"`
	ForecastsQuery
}

// forecastRoutes tell the shop's own systems what will be bought, and what to order for it.
func (s *Server) forecastRoutes(api huma.API) {
	if s.parts.Forecasts == nil {
		return
	}
	admin := []map[string][]string{{"admin": {}}}
	list := s.operation(api, http.MethodGet, "/api/forecasts", "forecasts", "What will be bought, what runs out and what to order", http.StatusOK)
	list.Description = "As they were made last night. Nothing is ordered by itself, and what is on its way already is not known."
	one := s.operation(api, http.MethodGet, "/api/forecasts/{sku}", "forecast", "What will be bought of one product", http.StatusOK)
	list.Security, one.Security = admin, admin
	huma.Register(api, list, func(ctx context.Context, in *forecastsInput) (*struct{ Body forecastsBody }, error) {
		if err := s.admit(in.Authorization); err != nil {
			return nil, err
		}
		return s.forecasts(ctx, in.ask())
	})
	huma.Register(api, one, func(ctx context.Context, in *productInput) (*struct{ Body forecast.Forecast }, error) {
		if err := s.admit(in.Authorization); err != nil {
			return nil, err
		}
		found, err := s.parts.Forecasts.One(ctx, in.SKU)
		return answer(ctx, s, "forecast not read", found, err)
	})
}

// forecastDeskRoutes show operators the same.
func (s *Server) forecastDeskRoutes(api huma.API) {
	if s.parts.Forecasts == nil {
		return
	}
	huma.Register(api, s.operation(api, http.MethodGet, adminAPI+"/forecasts", "stock", "What will be bought, what runs out and what to order", http.StatusOK),
		func(ctx context.Context, in *ForecastsQuery) (*struct{ Body forecastsBody }, error) {
			return s.forecasts(ctx, in.ask())
		})
}

func (s *Server) forecasts(ctx context.Context, q forecast.Query) (*struct{ Body forecastsBody }, error) {
	all, err := s.parts.Forecasts.List(ctx, q)
	return answer(ctx, s, "forecasts not read", forecastsBody{all}, err)
}

var _ Forecasts = (*forecast.Book)(nil)
