package agent

import (
	"context"
	"slices"
	"unicode/utf8"

	"floorwalker/shop"
)

// noteValue notes what the turn is about is worth: the cart that goes to the checkout, or an order.
func (t *talk) noteValue(m shop.Money) {
	limit := t.c.PersonFrom
	if limit.Minor == 0 {
		return
	}
	if in, ok := t.c.Rates.Convert(m, limit.Currency); ok && in.Minor >= limit.Minor {
		t.worth = m
	}
}

// rule says by which rule of the shop's a person joins the conversation, for that person to read; "" where none does.
func (t *talk) rule() string {
	switch topic := t.parse.Slots.Topic; {
	case slices.Contains(t.c.PersonTopics, string(t.parse.Intent)):
		return string(t.parse.Intent)
	case topic != "" && slices.Contains(t.c.PersonTopics, topic):
		return topic
	case t.worth.Minor > 0:
		return t.worth.String()
	}
	return ""
}

// byRule asks for a person where a rule of the shop's has one join, after what the assistant could say itself.
func (t *talk) byRule(ctx context.Context) error {
	rule := t.rule()
	if rule == "" || t.Handoff != nil {
		return nil
	}
	t.Handoff = &shop.HandoffRequest{Reason: "policy", Note: rule}
	text := t.phrase("policy")
	if t.lang == shop.English {
		text = " " + text
	}
	t.byTemplate += utf8.RuneCountInString(text)
	return t.out.Say(ctx, text)
}
