package agent

import "testing"

func TestQuantitiesAreReadWhereTheyAreSet(t *testing.T) {
	for text, want := range map[string]int{
		"make it two": 2, "actually, make that 3 please": 3, "change the quantity to 5": 5, "set it to four": 4, "only one": 1, "I just want two of them": 2,
		"one is enough": 1, "two will do": 2, "改成三个": 3, "只要一件": 1, "两个就够了": 2,
		"make it 200": 0, "make it 50 dollars": 0, "change my budget to 50": 0, "make it two inches longer": 0, "make it red": 0, "only two left?": 0,
		"add two": 0, "two tents": 0, "我要两个": 0, "价格改成五块": 0, "one": 0, "just the two of us": 0, "set up to 5 people": 0,
	} {
		if got := quantitySaid(text); got != want {
			t.Errorf("%q sets %d, want %d", text, got, want)
		}
	}
}
