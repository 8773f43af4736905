package understanding_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"floorwalker/agent/llm"
	"floorwalker/agent/understanding"
	"floorwalker/shop"
)

// saysAll is a model that answers with given bytes, decoded as the client does.
type saysAll []byte

func (saysAll) Up() bool { return true }

func (m saysAll) JSON(_ context.Context, _ []llm.Message, _ json.RawMessage, out any) error {
	return json.Unmarshal(m, out)
}

// Whatever a model writes of what a customer said: the intent is one of the list, positions are on the screen, and words
// are the customer's.
func FuzzModelsWords(f *testing.F) {
	for _, answer := range []string{
		`{"intent":"search","product":"boots","color":"black","price_max":90,"currency":"USD"}`, `{"intent":"refine","sort":"price_asc","exclude":["red","red","a","b","c"]}`,
		`{"intent":"compare","reference":[2,2,-1,9223372036854775807]}`, `{"intent":"drop table"}`, `{"intent":"search","product":"<script>"}`,
		`{"intent":"cart_add","quantity":-3,"order_id":"' OR 1=1"}`, `{"intent":null}`, `[]`, `{"intent":"search","price_min":1e400}`,
	} {
		f.Add([]byte(answer), "black boots under 90 dollars, not red")
	}
	f.Fuzz(func(t *testing.T, answer []byte, said string) {
		if len(said) > 300 {
			return
		}
		parser, err := understanding.NewLLM(saysAll(answer), nil)
		if err != nil {
			t.Fatal(err)
		}
		p, err := parser.Parse(context.Background(), shop.Utterance{Text: said, Shown: printers})
		if err != nil {
			return
		}
		if !slices.Contains(shop.Intents(), p.Intent) {
			t.Errorf("intent %q", p.Intent)
		}
		s := p.Slots
		for _, n := range s.Reference {
			if n < 1 || n > len(printers) {
				t.Errorf("product %d of %d", n, len(printers))
			}
		}
		if s.Quantity < 0 || s.Quantity >= 1000 || len(s.Exclude) > 4 || s.PriceMin != nil && *s.PriceMin < 0 {
			t.Errorf("slots %+v", s)
		}
		for _, word := range append([]string{s.Product, s.Brand, s.Color, s.Size, s.Material, s.OrderID}, s.Exclude...) {
			if strings.ContainsAny(word, "<>") && !strings.ContainsAny(said, "<>＜＞") {
				t.Errorf("the model's own words %q came through", word)
			}
		}
	})
}
