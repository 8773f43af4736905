package lexicon_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"floorwalker/lexicon"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

func ExampleToEnglish() {
	fmt.Println(lexicon.ToEnglish("无线鼠标"))
	fmt.Println(lexicon.ToEnglish("索尼降噪耳机"))
	// Output:
	// wireless mouse
	// Sony noise cancelling headphones
}

func TestToEnglish(t *testing.T) {
	for chinese, want := range map[string]string{
		"我想买一双红色的跑步鞋":    "red running shoes",
		"蓝牙音箱":           "bluetooth speaker",
		"给女朋友买香水":        "women perfume",
		"HDMI线 2米":       "hdmi cable 2",
		"iPhone手机壳":      "iPhone phone case",
		"不锈钢保温杯":         "steel thermos",
		"wireless mouse": "wireless mouse",
		"":               "",
	} {
		if got := lexicon.ToEnglish(chinese); !strings.EqualFold(got, want) {
			t.Errorf("ToEnglish(%q) = %q, want %q", chinese, got, want)
		}
	}
}

func TestSegmentKeepsUnknownCharacters(t *testing.T) {
	for text, want := range map[string][]string{
		"买双凉鞋":           {"买双", "凉鞋"},
		"27寸4K显示器":       {"27", "寸", "4K", "显示器"},
		"龘靐鼠标":           {"龘", "靐", "鼠标"},
		"type-c线, usb线!": {"type-c线", "usb线"},
		"De'Longhi 咖啡机":  {"De'Longhi", "咖啡机"},
	} {
		if d := cmp.Diff(want, lexicon.Segment(text)); d != "" {
			t.Errorf("Segment(%q): %s", text, d)
		}
	}
}

func TestWordsBelongToFamilies(t *testing.T) {
	for _, c := range []struct {
		find       func(string) (string, bool)
		word, want string
	}{
		{lexicon.Color, "navy", "blue"}, {lexicon.Color, "Olive", "green"}, {lexicon.Color, "dark green", "green"}, {lexicon.Color, "酒红色", "red"},
		{lexicon.Color, "红色的", "red"}, {lexicon.Color, "monitor", ""}, {lexicon.Material, "真皮", "leather"}, {lexicon.Material, "oak", "wood"},
		{lexicon.Audience, "dad", "men"}, {lexicon.Audience, "女儿", "girls"}, {lexicon.Audience, "printer", ""},
		{lexicon.Brand, "索尼", "Sony"}, {lexicon.Brand, "SONY", "Sony"}, {lexicon.Brand, "kettle", ""},
	} {
		if got, ok := c.find(c.word); got != c.want || ok != (c.want != "") {
			t.Errorf("%q is %q (%v), want %q", c.word, got, ok, c.want)
		}
	}
}

func TestClasses(t *testing.T) {
	for term, want := range map[string]lexicon.Class{"跑步鞋": lexicon.Kind, "running shoes": lexicon.Kind, "无线": lexicon.Describing,
		"wireless": lexicon.Describing, "有没有": lexicon.Function, "华为": lexicon.BrandName, "huawei": lexicon.BrandName, "qqq": lexicon.Unknown} {
		if got := lexicon.ClassOf(term); got != want {
			t.Errorf("ClassOf(%q) = %v, want %v", term, got, want)
		}
	}
	if n := len(lexicon.ChineseTerms(lexicon.Kind)) + len(lexicon.ChineseTerms(lexicon.Describing)); n < 2000 {
		t.Errorf("%d Chinese terms for kinds of products and what describes them, want 2000", n)
	}
}

func TestLanguageOfMixedText(t *testing.T) {
	for text, want := range map[string]shop.Lang{"iPhone 手机壳": shop.Chinese, "do you have 茶": shop.English, "": shop.English, "🙂🙂": shop.English, "T恤": shop.Chinese} {
		if got := lexicon.DetectLang(text); got != want {
			t.Errorf("DetectLang(%q) = %s, want %s", text, got, want)
		}
	}
}

func FuzzPartsCoverTheText(f *testing.F) {
	for _, s := range []string{"我想买一双红色的跑步鞋", "HDMI线 2米", "\xff\xfe", "İstanbul 茶", "a.b-c'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		last := 0
		for _, p := range lexicon.Parts(text) {
			if p.From < last || p.To <= p.From || p.To > len(text) {
				t.Fatalf("part %v after byte %d of %d", p, last, len(text))
			}
			last = p.To
		}
		if utf8.ValidString(text) && !utf8.ValidString(lexicon.ToEnglish(text)) {
			t.Fatal("valid text became invalid")
		}
	})
}
