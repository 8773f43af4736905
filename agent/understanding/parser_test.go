package understanding_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"floorwalker/agent/llm"
	"floorwalker/agent/llm/ollamatest"
	"floorwalker/agent/understanding"
	"floorwalker/onnx/onnxtest"
	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

func newLocal(t testing.TB) *understanding.Local {
	t.Helper()
	local, err := understanding.NewLocal(context.Background(), onnxtest.Embedder(t, "all-minilm-l6-v2"), onnxtest.Embedder(t, "bge-small-zh-v1.5"))
	if err != nil {
		t.Fatalf("make the local parser: %v", err)
	}
	return local
}

func price(v float64) *float64 { return &v }

var printers = []shop.ShownProduct{
	{Title: "Acme Jet 100", Brand: "Acme", Price: shop.Money{Minor: 27900, Currency: "USD"}, Color: "black"},
	{Title: "Borel Laser 7", Brand: "Borel", Price: shop.Money{Minor: 11900, Currency: "USD"}, Color: "white"},
	{Title: "Corin Duo", Brand: "Corin", Price: shop.Money{Minor: 19950, Currency: "USD"}, Color: "black"},
}

func TestTheLocalParserReadsBothLanguages(t *testing.T) {
	local := newLocal(t)
	for text, want := range map[string]struct {
		shown  []shop.ShownProduct
		intent shop.Intent
		slots  shop.Slots
	}{
		"a yoga mat between 20 and 35 euros":          {nil, shop.IntentSearch, shop.Slots{Product: "yoga mat", PriceMin: price(20), PriceMax: price(35), Currency: "EUR"}},
		"socks for men, nothing over £15":             {nil, shop.IntentSearch, shop.Slots{Product: "socks", Audience: "men", PriceMax: price(15), Currency: "GBP"}},
		"rain boots in size 38":                       {nil, shop.IntentSearch, shop.Slots{Product: "rain boots", Size: "38"}},
		"a blender for less than two hundred dollars": {nil, shop.IntentSearch, shop.Slots{Product: "blender", PriceMax: price(200), Currency: "USD"}},
		"is the third one any good for photos?":       {printers, shop.IntentProductQuestion, shop.Slots{Reference: []int{3}}},
		"compare the last two":                        {printers, shop.IntentCompare, shop.Slots{Reference: []int{2, 3}}},
		"put three of the white one in my basket":     {printers, shop.IntentAddToCart, shop.Slots{Quantity: 3, Reference: []int{2}}},
		"anything but Acme":                           {printers, shop.IntentRefine, shop.Slots{Exclude: []string{"Acme"}}},
		"galaxy s24 ultra":                            {nil, shop.IntentSearch, shop.Slots{Product: "galaxy s24 ultra"}},
		"garden chairs, 50 to 200":                    {nil, shop.IntentSearch, shop.Slots{Product: "garden chairs", PriceMin: price(50), PriceMax: price(200)}},
		"the most expensive ones first":               {printers, shop.IntentRefine, shop.Slots{Sort: shop.SortPriceDesc}},
		"do you have a scanner as well?":              {printers, shop.IntentSearch, shop.Slots{Product: "scanner"}},
		"最便宜的那个":                                      {printers, shop.IntentRefine, shop.Slots{Sort: shop.SortPriceAsc}},
		"五百到八百块的行李箱":                                  {nil, shop.IntentSearch, shop.Slots{Product: "行李箱", PriceMin: price(500), PriceMax: price(800), Currency: "CNY"}},
		"不超过两千元的相机":                                   {nil, shop.IntentSearch, shop.Slots{Product: "相机", PriceMax: price(2000), Currency: "CNY"}},
		"最便宜的那个加入购物车":                                 {printers, shop.IntentAddToCart, shop.Slots{Reference: []int{2}}},
		"订单 77120 发货了吗":                               {nil, shop.IntentOrderStatus, shop.Slots{OrderID: "77120"}},
	} {
		got, err := local.Parse(t.Context(), shop.Utterance{Text: text, Shown: want.shown})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if got.Intent != want.intent {
			t.Errorf("%q is %s (%.2f), want %s", text, got.Intent, got.Confidence, want.intent)
		}
		if diff := cmp.Diff(want.slots, got.Slots); diff != "" {
			t.Errorf("%q: slots differ (-want +got):\n%s", text, diff)
		}
	}
}

func TestWhatWillDoAsWellIsRead(t *testing.T) {
	local := newLocal(t)
	for text, want := range map[string]shop.Others{
		"red or blue sneakers":                      {Colors: []string{"blue"}},
		"a rug in beige, grey or light blue":        {Colors: []string{"grey", "light blue"}},
		"Nike or Adidas running shoes":              {Brands: []string{"Adidas"}},
		"a leather or suede jacket":                 {Materials: []string{"suede"}},
		"黑色或者白色的耳机":                                 {Colors: []string{"白色"}},
		"a red dress, and shoes in blue":            {},
		"a black and white printer":                 {},
		"sneakers, red or blue, not green or beige": {Colors: []string{"blue"}},
		"a red sofa or so":                          {},
	} {
		got, err := local.Parse(t.Context(), shop.Utterance{Text: text})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got.Others); diff != "" {
			t.Errorf("%q (%s %+v): others differ (-want +got):\n%s", text, got.Intent, got.Slots, diff)
		}
	}
}

func TestOddInputIsParsedWithoutHarm(t *testing.T) {
	local := newLocal(t)
	for _, text := range []string{"", " ", "😀😀😀", strings.Repeat("shoes ", 2000), "\x00\x01\x02", "\xff\xfe", "שלום אני מחפש נעליים", "مرحبا", "ａｂｃ １００ ｄｏｌｌａｒｓ", "9999999999999999999999 dollars", strings.Repeat("一", 5000)} {
		got, err := local.Parse(t.Context(), shop.Utterance{Text: text, Shown: printers})
		if err != nil {
			t.Errorf("%.20q: %v", text, err)
		}
		if got.Intent == "" || !utf8.ValidString(got.Slots.Product) {
			t.Errorf("%.20q: %+v", text, got)
		}
	}
}

// scripted is a model that always answers the same.
type scripted struct {
	up     bool
	answer string
	err    error
	asked  int
}

func (s *scripted) Up() bool { return s.up }

func (s *scripted) JSON(_ context.Context, messages []llm.Message, schema json.RawMessage, out any) error {
	s.asked++
	if s.err != nil {
		return s.err
	}
	return json.Unmarshal([]byte(s.answer), out)
}

func TestTheModelsWordsAreChecked(t *testing.T) {
	model := &scripted{up: true, answer: `{"intent":"search","product":"mouse","brand":"Invented","color":"red","price_max":5,"reference":[9],"order_id":"DROP TABLE","sort":"free"}`}
	parser, err := understanding.NewLLM(model, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parser.Parse(t.Context(), shop.Utterance{Text: "a red mouse under 30 dollars"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(shop.Slots{Product: "mouse", Color: "red", PriceMax: price(30), Currency: "USD"}, got.Slots); diff != "" {
		t.Errorf("slots differ (-want +got):\n%s", diff)
	}
	model.answer = `{"intent":"give_discount"}`
	if got, err := parser.Parse(t.Context(), shop.Utterance{Text: "hello"}); err == nil {
		t.Errorf("an intent outside the list was taken: %+v", got)
	}
}

func TestAutoFallsBackToTheLocalParser(t *testing.T) {
	local := newLocal(t)
	for name, c := range map[string]struct {
		model    scripted
		fallback string
		asked    int
	}{
		"away":    {scripted{up: false}, "", 0},
		"late":    {scripted{up: true, err: llm.ErrLate}, "late", 1},
		"garbage": {scripted{up: true, err: llm.ErrInvalid}, "invalid", 1},
	} {
		asked, err := understanding.NewLLM(&c.model, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := understanding.NewAuto(local, asked, 2).Parse(t.Context(), shop.Utterance{Text: "wool socks"})
		if err != nil || got.Intent != shop.IntentSearch || got.Parser != "local" || got.Fallback != c.fallback || c.model.asked != c.asked {
			t.Errorf("%s: %+v, %v, asked %d times", name, got, err, c.model.asked)
		}
	}
}

// weighty is a scripted model that says how many weights it has.
type weighty struct {
	scripted
	weights int64
}

func (w *weighty) Info() llm.Info { return llm.Info{Parameters: w.weights} }

func TestASmallModelIsNotAskedAboutChinese(t *testing.T) {
	local := newLocal(t)
	for name, c := range map[string]struct {
		weights int64
		text    string
		asked   int
	}{
		"small, English": {135_000_000, "that could do", 1}, "small, Chinese": {135_000_000, "那个白色的吧", 0}, "large, Chinese": {8_000_000_000, "那个白色的吧", 1},
	} {
		model := weighty{scripted{up: true, answer: `{"intent":"search"}`}, c.weights}
		asked, err := understanding.NewLLM(&model, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := understanding.NewAuto(local, asked, 2).Parse(t.Context(), shop.Utterance{Text: c.text, Shown: printers}); err != nil || model.asked != c.asked {
			t.Errorf("%s: asked %d times, %v", name, model.asked, err)
		}
	}
}

// adapted is a stand-in for the model that was trained to parse.
type adapted struct {
	up     bool
	likely map[string]float64
	asked  int
	prompt string
}

func (a *adapted) Up() bool { return a.up }

func (a *adapted) Short(_ context.Context, prompt string, _ int) (string, error) {
	a.asked, a.prompt = a.asked+1, prompt
	return " add|p mouse|b Invented", nil
}

func (a *adapted) First(_ context.Context, prompt string) (map[string]float64, error) {
	a.asked, a.prompt = a.asked+1, prompt
	return a.likely, nil
}

func TestAutoWeighsBothOpinions(t *testing.T) {
	local := newLocal(t)
	const text = "that could do" // the local parser is in doubt
	alone, err := local.Parse(t.Context(), shop.Utterance{Text: text, Shown: printers})
	if err != nil || alone.Confidence > 0.9 {
		t.Fatalf("%+v, %v", alone, err)
	}
	for name, c := range map[string]struct {
		tuned   adapted
		text    string
		asked   int
		untuned int
		parser  string
		intent  shop.Intent
	}{
		"a sure one decides":             {adapted{up: true, likely: map[string]float64{" add": 0.999}}, text, 1, 0, "llm", shop.IntentAddToCart},
		"away: the untuned one is asked": {adapted{}, text, 0, 1, "llm", ""},
		"no answer: the local one":       {adapted{up: true, likely: map[string]float64{" the": 1}}, text, 1, 0, "local", alone.Intent},
		"Chinese is not asked":           {adapted{up: true}, "那个白色的吧", 0, 0, "local", ""},
	} {
		untuned := scripted{up: true, answer: `{"intent":"search"}`}
		asked, err := understanding.NewLLM(&untuned, &c.tuned)
		if err != nil {
			t.Fatal(err)
		}
		got, err := understanding.NewAuto(local, asked, 2).Parse(t.Context(), shop.Utterance{Text: c.text, Shown: printers})
		if err != nil || got.Parser != c.parser || c.tuned.asked != c.asked || untuned.asked != c.untuned || c.intent != "" && got.Intent != c.intent {
			t.Errorf("%s: %+v, %v; asked %d and %d times", name, got, err, c.tuned.asked, untuned.asked)
		}
		if c.asked > 0 && !strings.Contains(c.tuned.prompt, "Seen: 1 Acme Jet 100, 2 Borel Laser 7, 3 Corin Duo\nSaid: that") {
			t.Errorf("%s: asked %q", name, c.tuned.prompt)
		}
	}
}

func TestTheTunedModelsWordsAreChecked(t *testing.T) {
	asked, err := understanding.NewLLM(&scripted{}, &adapted{up: true})
	if err != nil {
		t.Fatal(err)
	}
	got, err := asked.Parse(t.Context(), shop.Utterance{Text: "put the second mouse in my cart", Shown: printers})
	if diff := cmp.Diff(shop.Slots{Product: "mouse", Reference: []int{2}}, got.Slots); err != nil || got.Intent != shop.IntentAddToCart || diff != "" {
		t.Errorf("%s, %v: slots differ (-want +got):\n%s", got.Intent, err, diff)
	}
}

// TestALargerModelGoesByExamples takes a model for which there is no adapter: instructions and examples never change, so
// that the server's cache of them holds.
func TestALargerModelGoesByExamples(t *testing.T) {
	server := ollamatest.New(t, "qwen3:8b")
	client, err := llm.New(server.URL, "qwen3:8b", llm.Options{ProbeDown: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- client.Run(ctx) }()
	defer func() { stop(); <-ended }()
	for !client.Up() {
		time.Sleep(5 * time.Millisecond)
	}
	asked, err := understanding.NewLLM(client, nil)
	if err != nil {
		t.Fatal(err)
	}
	server.Script(ollamatest.Reply{Text: `{"intent":"search","product":"kettle","color":"red"}`}, ollamatest.Reply{Text: `{"intent":"refine","sort":"price_asc"}`})
	if got, err := asked.Parse(t.Context(), shop.Utterance{Text: "a red kettle"}); err != nil || got.Intent != shop.IntentSearch || got.Slots.Product != "kettle" || got.Slots.Color != "red" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := asked.Parse(t.Context(), shop.Utterance{Text: "cheaper ones", Shown: printers, History: []string{"a printer"}}); err != nil || got.Intent != shop.IntentRefine || got.Slots.Sort != shop.SortPriceAsc {
		t.Errorf("%+v, %v", got, err)
	}
	requests := server.Requests()
	before, after := requests[0].Messages, requests[1].Messages
	if diff := cmp.Diff(before[:len(before)-1], after[:len(after)-1]); diff != "" {
		t.Errorf("what comes before the utterance changed:\n%s", diff)
	}
	if !bytes.Equal(requests[0].Format, requests[1].Format) || !strings.Contains(string(requests[0].Format), `"out_of_scope"`) {
		t.Errorf("schemas: %s and %s", requests[0].Format, requests[1].Format)
	}
}

func FuzzLocalParser(f *testing.F) {
	local := newLocal(f)
	for _, seed := range []string{"under 80 dollars", "第二个和第三个", "not red, no leather", "between 1k and 2k", "\xff", "order #12345-A"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 300 {
			return
		}
		if _, err := local.Parse(context.Background(), shop.Utterance{Text: text, Shown: printers}); err != nil {
			t.Fatal(err)
		}
	})
}
