package knowledge_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"floorwalker/agent/knowledge"
	"floorwalker/demo"
	"floorwalker/embedded/pgtest"
	"floorwalker/onnx/onnxtest"
	"floorwalker/shop"
)

func newStore(t *testing.T) *knowledge.Store {
	t.Helper()
	return knowledge.NewStore(pgtest.New(t), onnxtest.Embedder(t, "all-minilm-l6-v2"), onnxtest.Embedder(t, "bge-small-zh-v1.5"))
}

func TestQuestionsFindTheArticleThatAnswersThem(t *testing.T) {
	store := newStore(t)
	articles, err := demo.Knowledge()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Load(t.Context(), articles); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile("testdata/questions.tsv")
	if err != nil {
		t.Fatal(err)
	}
	type tally struct{ asked, first, three, answered, none, refused int }
	count := map[shop.Lang]*tally{shop.English: {}, shop.Chinese: {}}
	for line := range strings.Lines(string(raw)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		part := strings.Split(strings.TrimSpace(line), "\t")
		lang, want, question := shop.Lang(part[0]), strings.Split(part[1], "|"), part[2]
		found, err := store.Find(t.Context(), question, lang, 3)
		if err != nil {
			t.Fatal(err)
		}
		c := count[lang]
		if part[1] == "-" {
			c.none++
			if len(found) == 0 || found[0].Score < knowledge.Threshold {
				c.refused++
			} else {
				t.Logf("answers %q by %s (%.3f)", question, found[0].Slug, found[0].Score)
			}
			continue
		}
		c.asked++
		at := slices.IndexFunc(found, func(p shop.Passage) bool { return slices.Contains(want, p.Slug) })
		if at == 0 {
			c.first++
		}
		if at >= 0 {
			c.three++
		}
		if len(found) > 0 && found[0].Score >= knowledge.Threshold {
			c.answered++
		}
		if at != 0 || found[0].Score < knowledge.Threshold {
			t.Logf("%q: place %d, first %s %.3f", question, at+1, found[0].Slug, found[0].Score)
		}
	}
	for lang, c := range count {
		t.Logf("%s: first %d, in three %d of %d; above the threshold %d; of %d without an answer %d are refused",
			lang, c.first, c.three, c.asked, c.answered, c.none, c.refused)
		if c.first*100 < 75*c.asked || c.three*100 < 90*c.asked || c.answered*100 < 85*c.asked || c.refused*100 < 75*c.none {
			t.Errorf("%s: %+v", lang, *c)
		}
	}
}

func TestLoadReplacesWhatChangedAndKeepsTheRest(t *testing.T) {
	store := newStore(t)
	ctx := t.Context()
	article := func(slug, body string) shop.Article {
		return shop.Article{Slug: slug, Topic: "shipping", Titles: map[string]string{"en": "Parcels by " + slug}, Bodies: map[string]string{"en": body}}
	}
	if err := store.Load(ctx, []shop.Article{article("boat", "Boats take six weeks."), article("train", "Trains take two days.")}); err != nil {
		t.Fatal(err)
	}
	if err := store.Load(ctx, []shop.Article{article("boat", "Boats take five weeks.")}); err != nil {
		t.Fatal(err)
	}
	found, err := store.Find(ctx, "how long do boats take?", shop.English, 5)
	if err != nil || len(found) != 2 || found[0].Text != "Boats take five weeks." || found[0].Slug != "boat" || found[0].Topic != "shipping" {
		t.Errorf("found %+v, %v", found, err)
	}
	// There is no Chinese text: the question is translated.
	if found, err := store.Find(ctx, "包裹要多久", shop.Chinese, 1); err != nil || len(found) != 1 {
		t.Errorf("found %+v, %v", found, err)
	}
	for name, bad := range map[string]shop.Article{
		"no slug":  {Titles: map[string]string{"en": "T"}, Bodies: map[string]string{"en": "B."}},
		"no title": {Slug: "x", Bodies: map[string]string{"en": "B."}},
		"no body":  {Slug: "x", Titles: map[string]string{"en": "T"}},
	} {
		err := store.Load(ctx, []shop.Article{article("train", "Trains take a day."), bad})
		if e, ok := errors.AsType[*shop.Error](err); !ok || e.Code != shop.CodeBadRequest {
			t.Errorf("%s: %v", name, err)
		}
	}
	if found, err := store.Find(ctx, "trains", shop.English, 1); err != nil || len(found) != 1 || found[0].Text != "Trains take two days." {
		t.Errorf("a refused load changed %+v, %v", found, err)
	}
	for _, nothing := range []string{"", "  ", "???", "\U0001F600"} {
		if _, err := store.Find(ctx, nothing, shop.English, 1); err != nil {
			t.Errorf("%q: %v", nothing, err)
		}
	}
}
