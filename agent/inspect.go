package agent

import (
	"context"
	"strings"
	"time"

	"floorwalker/agent/llm"
	"floorwalker/shop"
)

// mostInspected is how many candidates of a search or ranking are told.
const mostInspected = 50

// Inspect answers a turn as Answer does and tells each step. Nothing of it lasts: carts are empty and stay so, no
// answer is stored, no impression is logged.
func (a *Agent) Inspect(ctx context.Context, turn shop.Turn) (shop.Inspection, error) {
	return a.inspect(ctx, turn, a.Rules)
}

// InspectUnder is Inspect as it would be under other rules of the search.
func (a *Agent) InspectUnder(ctx context.Context, turn shop.Turn, rules []shop.SearchRule) (shop.Inspection, error) {
	return a.inspect(ctx, turn, fixedRules(rules))
}

func (a *Agent) inspect(ctx context.Context, turn shop.Turn, rules Rules) (shop.Inspection, error) {
	r := &recorder{Inspection: shop.Inspection{Searches: []shop.InspectedSearch{}, Rankings: []shop.InspectedRanking{}, Knowledge: []shop.InspectedKnowledge{},
		Prompts: []shop.InspectedPrompt{}, Shown: []shop.Cards{}}, now: a.c.Now, floor: a.c.KnowledgeFloor}
	p := a.Parts
	p.Search = inspectedSearch{p.Search, r}
	p.Rank = inspectedRank{p.Rank, r}
	p.Knowledge = inspectedArticles{p.Knowledge, r}
	p.Carts, p.Rules = noCarts{}, rules
	if p.Writer != nil {
		p.Writer = inspectedWriter{p.Writer, r}
	}
	outcome, err := (&Agent{Parts: p, c: a.c}).Answer(ctx, turn, r)
	r.Parse, r.State, r.Trace = outcome.Parse, outcome.State, outcome.Trace
	r.Cites, r.Handoff, r.Answer = outcome.Cites, outcome.Handoff, r.said.String()
	return r.Inspection, err
}

// recorder notes what a turn goes through. It is its output, too.
type recorder struct {
	shop.Inspection
	now   func() time.Time
	floor float64
	said  strings.Builder
}

func (r *recorder) since(began time.Time) int64 { return r.now().Sub(began).Microseconds() }

func (r *recorder) Show(_ context.Context, cards shop.Cards) error {
	r.Shown = append(r.Shown, cards)
	return nil
}

func (r *recorder) Say(_ context.Context, text string) error {
	r.said.WriteString(text)
	return nil
}

func (r *recorder) CartChanged(context.Context, shop.Cart) error { return nil }

func inspected(all []shop.Candidate) []shop.InspectedCandidate {
	told := make([]shop.InspectedCandidate, 0, min(len(all), mostInspected))
	for _, c := range all[:min(len(all), mostInspected)] {
		told = append(told, shop.InspectedCandidate{SKU: c.Product.SKU, Title: c.Product.Title, Text: c.TextScore, Vector: c.VectorScore, Fused: c.Fused,
			Relevance: c.Relevance, Score: c.Score, Reasons: c.Reasons})
	}
	return told
}

type inspectedSearch struct {
	Searcher
	r *recorder
}

func (s inspectedSearch) Search(ctx context.Context, q shop.Query) ([]shop.Candidate, error) {
	began := s.r.now()
	found, err := s.Searcher.Search(ctx, q)
	s.r.Searches = append(s.r.Searches, shop.InspectedSearch{Text: q.Text, Filter: q.Filter, Sort: q.Sort, Found: len(found), Candidates: inspected(found), Micros: s.r.since(began)})
	return found, err
}

type inspectedRank struct {
	Ranker
	r *recorder
}

func (k inspectedRank) Rank(ctx context.Context, q shop.Query, candidates []shop.Candidate) (shop.Ranking, error) {
	began := k.r.now()
	ranking, err := k.Ranker.Rank(ctx, q, candidates)
	k.r.Rankings = append(k.r.Rankings, shop.InspectedRanking{Model: ranking.Model, Degraded: ranking.Degraded, Floor: ranking.Floor,
		Candidates: inspected(ranking.Candidates), Micros: k.r.since(began)})
	return ranking, err
}

type inspectedArticles struct {
	Knowledge
	r *recorder
}

func (k inspectedArticles) Find(ctx context.Context, question string, lang shop.Lang, limit int) ([]shop.Passage, error) {
	began := k.r.now()
	found, err := k.Knowledge.Find(ctx, question, lang, limit)
	told := make([]shop.InspectedPassage, len(found))
	for i, p := range found {
		told[i] = shop.InspectedPassage{Slug: p.Slug, Title: p.Title, Text: p.Text, Score: p.Score}
	}
	k.r.Knowledge = append(k.r.Knowledge, shop.InspectedKnowledge{Question: question, Floor: k.r.floor, Found: told, Micros: k.r.since(began)})
	return found, err
}

type inspectedWriter struct {
	Writer
	r *recorder
}

func (w inspectedWriter) Write(ctx context.Context, system string, lines []string, each func(string) error) error {
	began, p := w.r.now(), shop.InspectedPrompt{System: system, Lines: lines}
	var wrote strings.Builder
	err := w.Writer.Write(ctx, system, lines, func(piece string) error {
		wrote.WriteString(piece)
		return each(piece)
	})
	if p.Wrote = wrote.String(); err != nil {
		p.Error = err.Error()
	}
	p.Micros = w.r.since(began)
	w.r.Prompts = append(w.r.Prompts, p)
	return err
}

// Info is the writer's own; one that does not say how large its model is counts as large.
func (w inspectedWriter) Info() llm.Info {
	if described, ok := w.Writer.(interface{ Info() llm.Info }); ok {
		return described.Info()
	}
	return llm.Info{Parameters: smallModel}
}

// noCarts holds nothing and takes nothing in.
type noCarts struct{}

func (noCarts) Get(context.Context, string) (shop.Cart, error) { return shop.Cart{}, nil }

func (noCarts) Add(context.Context, string, string, int) (shop.Cart, error) {
	return shop.Cart{}, shop.Errorf("no_cart", "There is no cart here.")
}

func (noCarts) Set(context.Context, string, string, int) (shop.Cart, error) {
	return shop.Cart{}, shop.Errorf("no_cart", "There is no cart here.")
}
