package knowledge

import (
	"strings"
	"testing"
	"unicode/utf8"

	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

func TestSentencesEndWhereTheyEnd(t *testing.T) {
	got := Sentences("It costs 4.95 dollars. Is that much? No! See e.g. the list. 退货免费。三天内到！好")
	want := []string{"It costs 4.95 dollars.", "Is that much?", "No!", "See e.g. the list.", "退货免费。", "三天内到！", "好"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLongParagraphsAreCutWithAnOverlap(t *testing.T) {
	var body strings.Builder
	for range 6 {
		body.WriteString("A " + strings.Repeat("word ", 18) + "end. ")
	}
	all := cut(body.String()+"\n\nShort one.", shop.English)
	if len(all) < 4 || all[len(all)-1] != "Short one." {
		t.Fatalf("cut into %d: %q", len(all), all)
	}
	for _, p := range all {
		if utf8.RuneCountInString(p) > passageRunes {
			t.Errorf("%d characters: %q", utf8.RuneCountInString(p), p)
		}
	}
	if cut("", shop.English) != nil || cut(" \n\n ", shop.Chinese) != nil {
		t.Error("nothing was cut into something")
	}
}

func FuzzCut(f *testing.F) {
	f.Add("One. Two.\n\nThree", "en")
	f.Add("一。二！三", "zh")
	f.Fuzz(func(t *testing.T, body, lang string) {
		if !utf8.ValidString(body) {
			return
		}
		joined := strings.Join(cut(body, shop.Lang(lang)), " ")
		for _, word := range strings.Fields(body) {
			if first := []rune(word)[0]; !strings.ContainsRune(joined, first) {
				t.Errorf("%q is lost", word)
			}
		}
	})
}
