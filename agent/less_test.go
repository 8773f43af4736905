package agent_test

import (
	"strings"
	"testing"

	"floorwalker/shop"

	"github.com/google/go-cmp/cmp"
)

// less has the customer press "less like this" on the card.
func (c *customer) less(sku string) *customer {
	c.t.Helper()
	c.lessLike = sku
	defer func() { c.lessLike = "" }()
	return c.says("Less like this: a gift set for someone, yes please")
}

// Two of the four backpacks are of one maker.
func TestLessLikeThisBringsOthersAndHoldsFromThenOn(t *testing.T) {
	c := openShop(t).customer(t)
	before := c.says("show me backpacks").skus()
	for _, sku := range []string{"pack-1", "pack-2", "pack-3", "pack-4"} {
		if !strings.Contains(before, sku) {
			t.Fatalf("backpacks are %q", before)
		}
	}
	need := c.state.Need
	after := c.less("pack-1").skus()
	if strings.Contains(after, "pack-1") || !strings.HasSuffix(after, "pack-2") || !strings.Contains(after, "pack-3") || c.outcome.Parse.Intent != shop.IntentRefine {
		t.Errorf("less like the first of its maker shows %q as %s", after, c.outcome.Parse.Intent)
	}
	if diff := cmp.Diff(need, c.state.Need); diff != "" {
		t.Errorf("the need is another: %s", diff)
	}
	if again := c.says("I need a backpack").skus(); !strings.HasSuffix(again, "pack-2") {
		t.Errorf("later it shows %q", again)
	}
	c.says("the cheapest first")
	if len(c.cards) > 1 && c.cards[0].Price.Minor > c.cards[1].Price.Minor {
		t.Errorf("an order that was asked for is another: %q", c.skus())
	}
	c.says("forget that")
	if len(c.state.LessLike) != 0 {
		t.Errorf("what was forgotten stands: %v", c.state.LessLike)
	}
}

func TestLessLikeTheSecondOneInWords(t *testing.T) {
	for _, text := range []string{"less like the second one please", "少来点像第二个这样的"} {
		c := openShop(t).customer(t)
		shown := strings.Fields(c.says("show me backpacks").skus())
		c.says(text)
		if got := c.state.LessLike; len(got) != 1 || got[0] != shown[1] {
			t.Errorf("%q: less like %v, of %v", text, got, shown)
		}
	}
}
