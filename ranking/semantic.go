package ranking

import (
	"context"
	"fmt"
	"math"

	"floorwalker/shop"
)

// Cosines of short queries and product texts lie in a narrow band. even is the cosine at which a product is
// as likely to fit as not, steep how fast that changes around it. The curve has no ends, so that it never
// makes two cosines equal.
const (
	even, steep = 0.40, 10
	// Chinese embeddings of bge lie closer together.
	evenChinese, steepChinese = 0.55, 10
)

// likely maps a cosine to 0..1.
func likely(cosine, even, steep float64) float64 { return 1 / (1 + math.Exp(-steep*(cosine-even))) }

// addSemantic fills in what the bi-encoders say and retrieval did not.
func (r *Ranker) addSemantic(ctx context.Context, q shop.Query, english string, candidates []shop.Candidate, signals []signal) error {
	if r.embed != nil && english != "" {
		unknown := func(i int) bool { return math.IsNaN(signals[i].semantic) }
		if err := r.compare(ctx, r.embed, shop.English, english, candidates, unknown, func(i int, cosine float64) {
			signals[i].semantic = likely(cosine, even, steep)
		}); err != nil {
			return err
		}
	}
	if r.options.Chinese == nil || q.Lang != shop.Chinese {
		return nil
	}
	translated := func(i int) bool { return candidates[i].Product.Titles[string(shop.Chinese)] != "" }
	return r.compare(ctx, r.options.Chinese, shop.Chinese, q.Text, candidates, translated, func(i int, cosine float64) {
		own := likely(cosine, evenChinese, steepChinese)
		if !(signals[i].semantic > own) { // a word that the translation lacks must not hide what the customer wrote
			signals[i].semantic = own
		}
	})
}

// compare tells the cosine of the query and each wanted candidate. Product vectors are kept by version.
func (r *Ranker) compare(ctx context.Context, embed Embedder, lang shop.Lang, query string, candidates []shop.Candidate,
	wanted func(i int) bool, tell func(i int, cosine float64)) error {
	vectors := map[int][]float32{}
	var missing []int
	var texts []string
	for i, c := range candidates {
		if !wanted(i) {
			continue
		}
		if v, ok := r.vectors.get(vectorKey{c.Product.SKU, c.Product.Version, lang}); ok {
			vectors[i] = v
			continue
		}
		missing, texts = append(missing, i), append(texts, c.Product.SearchTextIn(lang))
	}
	if len(missing) == 0 && len(vectors) == 0 {
		return nil
	}
	queries, err := embed.Embed(ctx, []string{query})
	if err != nil {
		return err
	}
	if len(texts) > 0 {
		fresh, err := embed.Embed(ctx, texts)
		if err != nil {
			return err
		}
		if len(fresh) != len(texts) {
			return fmt.Errorf("%d vectors for %d texts", len(fresh), len(texts))
		}
		for n, i := range missing {
			p := candidates[i].Product
			r.vectors.put(vectorKey{p.SKU, p.Version, lang}, fresh[n])
			vectors[i] = fresh[n]
		}
	}
	for i, v := range vectors {
		cosine := dot(queries[0], v)
		if math.IsNaN(cosine) || math.IsInf(cosine, 0) {
			return fmt.Errorf("%w: cosine with product %s", ErrNotFinite, candidates[i].Product.SKU)
		}
		tell(i, cosine)
	}
	return nil
}

func dot(a, b []float32) (sum float64) {
	if len(a) != len(b) {
		return math.NaN()
	}
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}
