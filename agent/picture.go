package agent

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"floorwalker/shop"
)

// lookable are the intents of words beside a picture for which the picture is looked at. With all others, a return or a
// complaint, it is for the person who will read them.
var lookable = []shop.Intent{shop.IntentSearch, shop.IntentRefine, shop.IntentRecommend, shop.IntentProductQuestion,
	shop.IntentAddToCart, shop.IntentCompare, shop.IntentGreeting, shop.IntentOutOfScope}

// see makes what the model sees in the customer's picture the product that is looked for, under the limits that the words
// beside it set. Where no model can look, or none finds a product, a person is asked to: done is then true.
func (t *talk) see(ctx context.Context) (done bool, err error) {
	if t.turn.Picture == "" || t.turn.Text != "" && !slices.Contains(lookable, t.parse.Intent) {
		return false, nil
	}
	product := ""
	if t.Eyes != nil {
		end := t.timer.Step("look")
		sight, err := t.Eyes.Look(ctx, t.turn.SessionID, t.turn.Picture)
		end()
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		if err != nil {
			t.c.Logger.WarnContext(ctx, "a picture was not looked at", "error", err)
		}
		product = thing(sight.Product)
	}
	if product == "" {
		t.parse.Intent, t.parse.Slots = shop.IntentHandoff, shop.Slots{}
		t.Outcome.Parse = t.parse
		t.Handoff = &shop.HandoffRequest{Reason: "picture"}
		return true, t.say(ctx, "picture")
	}
	t.parse.Intent, t.parse.Slots.Product, t.parse.Slots.Reference = shop.IntentSearch, product, nil
	t.Outcome.Parse = t.parse
	return false, nil
}

// thing is what a model calls a product, as one would search for it; empty where it is anything else.
func thing(said string) string {
	const longest = 6 // words
	said = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '\'' {
			return unicode.ToLower(r)
		}
		return ' '
	}, said)
	words := strings.Fields(said)
	if len(words) == 0 || len(words) > longest || isAttack(said) {
		return ""
	}
	return strings.Join(words, " ")
}
