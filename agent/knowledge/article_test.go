package knowledge_test

import (
	"testing"

	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

func TestArticlesAreReadWhole(t *testing.T) {
	store := newStore(t)
	want := shop.Article{Slug: "boat", Topic: "shipping", Titles: map[string]string{"en": "Parcels by boat", "zh": "船运"},
		Bodies: map[string]string{"en": "Boats take six weeks.\n\nSometimes seven.", "zh": "船运需要六周。"}}
	if err := store.Load(t.Context(), []shop.Article{want}); err != nil {
		t.Fatal(err)
	}
	got, err := store.Article(t.Context(), "boat")
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v\n%s", err, cmp.Diff(want, got))
	}
	if _, err := store.Article(t.Context(), "balloon"); err == nil {
		t.Error("an article that is not was found")
	} else if code, _ := shop.CodeOf(err); code != shop.CodeNotFound {
		t.Errorf("an article that is not: %v", err)
	}
}
