package evaluation_test

import (
	"bytes"
	"testing"

	"floorwalker/evaluation"
)

// A file of ratings: what is read has a query, and grades within their range.
func FuzzReadRatings(f *testing.F) {
	for _, seed := range []string{"query,docid,rating\nshoes,a,3\n", "\ufeffrating,docid,query\n0,\"a,\nb\",鞋\n", "query,docid,rating\nshoes,a,NaN\n", "query,docid,rating\nshoes,a,1e400\n",
		"query,docid,rating\nshoes,a\n", "query,docid\n", "", "\"", "query,docid,rating\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		ratings, err := evaluation.ReadRatings(bytes.NewReader(file))
		if err != nil {
			return
		}
		if len(ratings) == 0 {
			t.Error("no rating, and no error")
		}
		for query, grades := range ratings {
			for product, grade := range grades {
				if !(grade >= 0 && grade <= 3) {
					t.Errorf("%q of %q has grade %v", product, query, grade)
				}
			}
		}
	})
}
