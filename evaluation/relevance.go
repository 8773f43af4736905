package evaluation

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"floorwalker/shop"
)

// Searcher finds candidates in a catalogue.
type Searcher interface {
	Search(ctx context.Context, q shop.Query) ([]shop.Candidate, error)
	Scorer
	// Legs gives what a search by words alone and one by meaning alone find.
	Legs(ctx context.Context, q shop.Query) (text, vector []shop.Candidate, err error)
}

// Scorer scores named products as a search would.
type Scorer interface {
	Score(ctx context.Context, q shop.Query, skus []string) ([]shop.Candidate, error)
}

// Ranker puts candidates in order.
type Ranker interface {
	Rank(ctx context.Context, q shop.Query, candidates []shop.Candidate) (shop.Ranking, error)
}

// Ratings are graded relevance: by query, by SKU, from 0 (off) to 3 (exact).
type Ratings map[string]map[string]float64

// JudgedReport holds mean nDCG@10 over the rated products alone.
type JudgedReport struct {
	BM25   float64 `json:"bm25"`
	Vector float64 `json:"vector"`
	Hybrid float64 `json:"hybrid"`
	Ranker float64 `json:"ranker"`
	// RankerCI95 is a bootstrap interval over queries.
	RankerCI95 [2]float64 `json:"ranker_ci95"`
}

// FullReport measures what a search of the whole catalogue shows.
type FullReport struct {
	// Recall50 is the share of the products graded 2 or 3 that stand among 50 candidates; its interval, and those of what
	// follows, are of the bootstrap over queries.
	Recall50     float64    `json:"recall@50"`
	Recall50CI95 [2]float64 `json:"recall@50_ci95"`
	// Text and Vector are the recalls of the search by words and of that by meaning alone.
	Text       float64    `json:"text_recall@50"`
	TextCI95   [2]float64 `json:"text_recall@50_ci95"`
	Vector     float64    `json:"vector_recall@50"`
	VectorCI95 [2]float64 `json:"vector_recall@50_ci95"`
	// Gain is what both together find beyond the better of the two, query by query.
	Gain     float64    `json:"hybrid_gain"`
	GainCI95 [2]float64 `json:"hybrid_gain_ci95"`
	// NDCG10 is of the ranked candidates without those that nobody rated.
	NDCG10 float64 `json:"ndcg@10"`
}

// RelevanceReport is what `floorwalker eval relevance` prints.
type RelevanceReport struct {
	Queries   int          `json:"queries"`
	Judged    JudgedReport `json:"judged"`
	Full      FullReport   `json:"full"`
	RankMsP50 float64      `json:"rank_ms_p50"`
	RankMsP99 float64      `json:"rank_ms_p99"`
	// RankAgain are of the turns that follow in a conversation: the same products for a refined query, and for the first
	// one once more.
	RankAgainMsP50 float64 `json:"rank_again_ms_p50"`
	RankAgainMsP99 float64 `json:"rank_again_ms_p99"`
}

// maxGrade is the best grade.
const maxGrade = 3

// ReadRatings reads CSV with the columns query, docid and rating.
func ReadRatings(r io.Reader) (Ratings, error) {
	table := csv.NewReader(r)
	header, err := table.Read()
	if err != nil {
		return nil, fmt.Errorf("read ratings: %w", err)
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	var at [3]int
	for i, name := range []string{"query", "docid", "rating"} {
		if at[i] = slices.Index(header, name); at[i] < 0 {
			return nil, fmt.Errorf("read ratings: no column %q in the first line", name)
		}
	}
	ratings := Ratings{}
	for {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read ratings: %w", err)
		}
		line, _ := table.FieldPos(0)
		grade, err := strconv.ParseFloat(strings.TrimSpace(row[at[2]]), 64)
		if err != nil || !(grade >= 0 && grade <= maxGrade) {
			return nil, fmt.Errorf("read ratings: line %d: rating %q is no grade from 0 to %d", line, row[at[2]], maxGrade)
		}
		query := row[at[0]]
		if ratings[query] == nil {
			ratings[query] = map[string]float64{}
		}
		ratings[query][row[at[1]]] = grade
	}
	if len(ratings) == 0 {
		return nil, errors.New("read ratings: the file holds none")
	}
	return ratings, nil
}

// Relevance measures search and ranking against ratings. Queries whose best grade is 0 are left out. lang says
// in which language a query is. judged, where not nil, is told each query with its rated products as the ranker orders
// them, and the nDCG@10 of that order.
func Relevance(ctx context.Context, s Searcher, r Ranker, ratings Ratings, lang func(string) shop.Lang,
	judged func(query string, order []shop.Candidate, ndcg float64)) (RelevanceReport, error) {
	var report RelevanceReport
	var bm25, vector, hybrid, ranker, full, times, again []float64
	var recall, byText, byVector []float64
	for _, text := range slices.Sorted(maps.Keys(ratings)) {
		grades := ratings[text]
		if slices.Max(slices.Collect(maps.Values(grades))) == 0 {
			continue
		}
		q := shop.Query{Text: text, Lang: lang(text), Limit: 50}
		rated, err := s.Score(ctx, q, slices.Sorted(maps.Keys(grades)))
		if err != nil {
			return report, fmt.Errorf("query %q: %w", text, err)
		}
		rated = withUnfound(rated, grades)
		by := func(score func(shop.Candidate) float64) float64 {
			slices.SortFunc(rated, func(a, b shop.Candidate) int {
				return cmp.Or(cmp.Compare(score(b), score(a)), cmp.Compare(a.Product.SKU, b.Product.SKU))
			})
			return NDCG(gradesOf(rated, grades), slices.Collect(maps.Values(grades)), 10)
		}
		bm25 = append(bm25, by(func(c shop.Candidate) float64 { return c.TextScore }))
		vector = append(vector, by(func(c shop.Candidate) float64 { return c.VectorScore }))
		hybrid = append(hybrid, by(func(c shop.Candidate) float64 { return c.Fused }))
		order, err := rank(ctx, r, q, rated)
		if err != nil {
			return report, err
		}
		ranker = append(ranker, NDCG(gradesOf(order, grades), slices.Collect(maps.Values(grades)), 10))
		if judged != nil {
			judged(text, order, ranker[len(ranker)-1])
		}

		found, err := s.Search(ctx, q)
		if err != nil {
			return report, fmt.Errorf("query %q: %w", text, err)
		}
		if share, ok := recallOf(found, grades); ok {
			textLeg, vectorLeg, err := s.Legs(ctx, q)
			if err != nil {
				return report, fmt.Errorf("query %q: %w", text, err)
			}
			ofText, _ := recallOf(textLeg, grades)
			ofVector, _ := recallOf(vectorLeg, grades)
			recall, byText, byVector = append(recall, share), append(byText, ofText), append(byVector, ofVector)
		}
		if order, err = rank(ctx, r, q, found); err != nil {
			return report, err
		}
		shown := slices.DeleteFunc(gradesOf(order, grades), math.IsNaN)
		full = append(full, NDCG(shown, slices.Collect(maps.Values(grades)), 10))
		first, later, err := timeRank(ctx, r, q, found)
		if err != nil {
			return report, err
		}
		times, again = append(times, first...), append(again, later...)
	}
	if len(ranker) == 0 {
		return report, errors.New("no query has a product that is rated above 0")
	}
	report.Queries = len(ranker)
	report.Judged = JudgedReport{BM25: mean(bm25), Vector: mean(vector), Hybrid: mean(hybrid), Ranker: mean(ranker), RankerCI95: interval95(ranker)}
	better := byText
	if mean(byVector) > mean(byText) {
		better = byVector
	}
	gain := make([]float64, len(recall))
	for i := range recall {
		gain[i] = recall[i] - better[i]
	}
	report.Full = FullReport{Recall50: mean(recall), Recall50CI95: interval95(recall), Text: mean(byText), TextCI95: interval95(byText),
		Vector: mean(byVector), VectorCI95: interval95(byVector), Gain: mean(gain), GainCI95: interval95(gain), NDCG10: mean(full)}
	report.RankMsP50, report.RankMsP99 = Percentile(times, 50), Percentile(times, 99)
	report.RankAgainMsP50, report.RankAgainMsP99 = Percentile(again, 50), Percentile(again, 99)
	return report, nil
}

// Judged is the mean nDCG@10 of the ranker over the rated products of each query, as in RelevanceReport.
func Judged(ctx context.Context, s Scorer, r Ranker, ratings Ratings, lang func(string) shop.Lang) (float64, error) {
	var all []float64
	for _, text := range slices.Sorted(maps.Keys(ratings)) {
		grades := ratings[text]
		if slices.Max(slices.Collect(maps.Values(grades))) == 0 {
			continue
		}
		q := shop.Query{Text: text, Lang: lang(text)}
		rated, err := s.Score(ctx, q, slices.Sorted(maps.Keys(grades)))
		if err != nil {
			return 0, fmt.Errorf("query %q: %w", text, err)
		}
		order, err := rank(ctx, r, q, withUnfound(rated, grades))
		if err != nil {
			return 0, err
		}
		all = append(all, NDCG(gradesOf(order, grades), slices.Collect(maps.Values(grades)), 10))
	}
	if len(all) == 0 {
		return 0, errors.New("no query has a product that is rated above 0")
	}
	return mean(all), nil
}

// withUnfound adds the rated products that the catalogue does not have, without any score.
func withUnfound(found []shop.Candidate, grades map[string]float64) []shop.Candidate {
	have := map[string]bool{}
	for _, c := range found {
		have[c.Product.SKU] = true
	}
	for sku := range grades {
		if !have[sku] {
			found = append(found, shop.Candidate{Product: shop.Product{SKU: sku}, VectorScore: -1})
		}
	}
	return found
}

// rank fails where the ranker did not answer as it serves: a measurement of its fallback would mislead.
func rank(ctx context.Context, r Ranker, q shop.Query, candidates []shop.Candidate) ([]shop.Candidate, error) {
	ranking, err := r.Rank(ctx, q, candidates)
	if err != nil {
		return nil, fmt.Errorf("query %q: %w", q.Text, err)
	}
	if ranking.Degraded {
		return nil, fmt.Errorf("query %q: the ranker was degraded: %s", q.Text, ranking.Model)
	}
	return ranking.Candidates, nil
}

// gradesOf are the candidates' grades in their order; NaN where nobody rated one.
func gradesOf(candidates []shop.Candidate, grades map[string]float64) []float64 {
	out := make([]float64, len(candidates))
	for i, c := range candidates {
		grade, rated := grades[c.Product.SKU]
		if !rated {
			grade = math.NaN()
		}
		out[i] = grade
	}
	return out
}

// recallOf is the share of the products graded 2 or 3 that were found; ok is false where there are none.
func recallOf(found []shop.Candidate, grades map[string]float64) (share float64, ok bool) {
	right, hit := 0, 0
	for _, g := range grades {
		if g >= 2 {
			right++
		}
	}
	for _, c := range found {
		if grades[c.Product.SKU] >= 2 {
			hit++
		}
	}
	if right == 0 {
		return 0, false
	}
	return float64(hit) / float64(right), true
}

// NDCG is the normalised discounted cumulative gain of a ranking at depth k, with the grade as gain. all holds
// every grade that an ideal ranking could use.
func NDCG(ranked, all []float64, k int) float64 {
	ideal := slices.Sorted(slices.Values(all))
	slices.Reverse(ideal)
	best := dcg(ideal, k)
	if best == 0 {
		return 0
	}
	return dcg(ranked, k) / best
}

func dcg(grades []float64, k int) (sum float64) {
	for i, g := range grades[:min(k, len(grades))] {
		sum += g / math.Log2(float64(i+2))
	}
	return sum
}

func mean(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// interval95 is the 95 % bootstrap interval of the mean over queries. The random source is fixed, so that a
// measurement repeats exactly.
func interval95(values []float64) [2]float64 {
	const rounds = 10_000
	if len(values) == 0 {
		return [2]float64{}
	}
	random := rand.New(rand.NewPCG(2026, 95)) //nolint:gosec // statistics, not secrets
	means := make([]float64, rounds)
	for i := range means {
		var sum float64
		for range values {
			sum += values[random.IntN(len(values))]
		}
		means[i] = sum / float64(len(values))
	}
	slices.Sort(means)
	return [2]float64{means[rounds*25/1000], means[rounds*975/1000-1]}
}

// timedCandidates and timedWords are the size of the ranking that is timed: 50 products whose text fills a
// model's 64 tokens.
const (
	timedCandidates = 50
	timedWords      = 64
	timedRounds     = 2
)

// timeRank times the ranker, in milliseconds, on candidates that it has not seen, so that no cache answers, and on the turns
// that follow.
func timeRank(ctx context.Context, r Ranker, q shop.Query, found []shop.Candidate) (first, again []float64, err error) {
	if len(found) == 0 {
		return nil, nil, nil
	}
	for round := range timedRounds {
		candidates := make([]shop.Candidate, timedCandidates)
		for i := range candidates {
			c := found[i%len(found)]
			c.Product.SKU = fmt.Sprintf("%s timed %d.%d", c.Product.SKU, round, i)
			c.Product.Description = lengthened(c.Product)
			c.Product.Title = fmt.Sprintf("%s %d.%d", c.Product.Title, round, i) // a text that no model has read
			candidates[i] = c
		}
		for turn, text := range []string{q.Text, q.Text + " in black", q.Text + " for travel", q.Text} {
			asked := q
			asked.Text = text
			began := time.Now()
			if _, err := rank(ctx, r, asked, candidates); err != nil {
				return nil, nil, err
			}
			took := float64(time.Since(began).Microseconds()) / 1000
			if turn == 0 {
				first = append(first, took)
			} else {
				again = append(again, took)
			}
		}
	}
	return first, again, nil
}

// lengthened repeats a description, or the title, up to the wanted number of words.
func lengthened(p shop.Product) string {
	text := cmp.Or(p.Description, p.Title)
	for n := len(strings.Fields(text)); n < timedWords && n > 0 && utf8.RuneCountInString(text) < 10_000; n = len(strings.Fields(text)) {
		text += " " + text
	}
	return text
}
