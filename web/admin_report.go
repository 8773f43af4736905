package web

import (
	"context"
	"math"
	"net/http"
	"time"

	"floorwalker/behaviour"
	"floorwalker/dialog"
	"floorwalker/shop"

	"github.com/danielgtaylor/huma/v2"
)

type reportInput struct {
	From string `query:"from" format:"date" required:"true" doc:"First day, UTC"`
	To   string `query:"to" format:"date" required:"true" doc:"Last day, UTC"`
	Lang string `query:"lang" enum:"en,zh"`
	Who  string `query:"who" enum:"known,visitor"`
}

// reportBody is what became of the conversations that began on the days.
type reportBody struct {
	dialog.Report
	Funnel behaviour.Funnel `json:"funnel"`
	// Revenue is of the products that conversations showed and their customers bought within a week, at today's
	// prices, one amount a currency; PerConversation the same by conversation.
	Revenue         []shop.Money `json:"revenue"`
	PerConversation []shop.Money `json:"revenue_per_conversation"`
	// Satisfaction is the mean of Scores answers from 1 to 5.
	Satisfaction float64 `json:"satisfaction"`
	Scores       int     `json:"scores"`
	Fewest       int     `json:"fewest" doc:"How many conversations must have said the same before the report repeats it"`
}

// mostReportedDays bounds a report.
const mostReportedDays = 366

func (s *Server) reportRoutes(api huma.API) {
	huma.Register(api, s.operation(api, http.MethodGet, adminAPI+"/report", "report", "What became of the conversations that began on the days", http.StatusOK), s.report)
}

func (s *Server) report(ctx context.Context, in *reportInput) (*struct{ Body reportBody }, error) {
	from, err := time.Parse(time.DateOnly, in.From)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, shop.CodeBadRequest, "From is no day as in 2026-05-01.")
	}
	to, err := time.Parse(time.DateOnly, in.To)
	if err != nil || to.Before(from) || to.Sub(from) > mostReportedDays*24*time.Hour {
		return nil, refuse(http.StatusBadRequest, shop.CodeBadRequest, "To is a day as in 2026-05-01, not before from and at most a year after it.")
	}
	told, err := s.parts.Operator.Report.Report(ctx, dialog.ReportQuery{From: from, To: to.AddDate(0, 0, 1), Lang: in.Lang, Who: in.Who})
	if err != nil {
		return nil, s.fail(ctx, "conversations not reported", err)
	}
	body := reportBody{Report: told, Fewest: dialog.Fewest}
	if body.Funnel, err = s.parts.Operator.Funnel.Funnel(ctx, told.Sessions); err != nil {
		return nil, s.fail(ctx, "funnel not reported", err)
	}
	if body.Satisfaction, body.Scores, err = s.parts.Desk.Satisfaction(ctx, told.Sessions); err != nil {
		return nil, s.fail(ctx, "satisfaction not reported", err)
	}
	if body.Revenue, err = s.revenue(ctx, body.Funnel.Sold); err != nil {
		return nil, s.fail(ctx, "revenue not reported", err)
	}
	body.PerConversation = []shop.Money{}
	for _, m := range body.Revenue {
		m.Minor = int64(math.Round(float64(m.Minor) / float64(max(1, told.Conversations))))
		body.PerConversation = append(body.PerConversation, m)
	}
	return &struct{ Body reportBody }{body}, nil
}

// revenue is what the pieces cost now. What is sold no more has no price.
func (s *Server) revenue(ctx context.Context, sold []behaviour.Sold) ([]shop.Money, error) {
	skus, pieces := make([]string, len(sold)), map[string]float64{}
	for i, one := range sold {
		skus[i], pieces[one.SKU] = one.SKU, one.Pieces
	}
	total := []shop.Money{}
	products, err := s.parts.Catalogue.Products(ctx, skus)
	if err != nil {
		return nil, err
	}
next:
	for _, p := range products {
		m := shop.Money{Minor: int64(math.Round(float64(p.Price.Minor) * pieces[p.SKU])), Currency: p.Price.Currency}
		for i := range total {
			if total[i].Currency == m.Currency {
				total[i].Minor += m.Minor
				continue next
			}
		}
		total = append(total, m)
	}
	return total, nil
}
