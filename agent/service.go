package agent

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// statusOf is an order's state as the customer reads it.
func (t *talk) statusOf(o shop.Order) string {
	said := statusesEnglish
	if t.lang == shop.Chinese {
		said = statusesChinese
	}
	state := said[strings.ToLower(o.Status)]
	if state == "" {
		state = o.Status
	}
	return t.format("order_line", o.ID, state)
}

// orderStatus says where an order is. Who is not logged in learns the state of an order whose number he has, and
// nothing else of it.
func (t *talk) orderStatus(ctx context.Context) error {
	if t.parse.Slots.OrderID == "" && t.turn.Verified {
		if told, err := t.latestOrders(ctx); told || err != nil {
			return err
		}
	}
	order, found, err := t.order(ctx)
	if err != nil || !found {
		return err
	}
	var d draft
	d.add(t.fill("order", t.statusOf(order)))
	t.track(&d, order)
	return t.tell(ctx, "order", d)
}

// track adds what only the verified customer may know.
func (t *talk) track(d *draft, order shop.Order) {
	if !t.turn.Verified {
		d.add(t.fill("order_login"))
		return
	}
	switch strings.ToLower(order.Status) {
	case "delivered", "cancelled", "canceled", "returned", "refunded":
		return
	}
	if order.ETA != "" {
		d.add(t.fill("order_eta", order.ETA))
	}
	if order.Carrier != "" {
		carrier := order.Carrier
		if order.Tracking != "" {
			carrier += " (" + order.Tracking + ")"
		}
		d.add(t.fill("order_carrier", carrier))
	}
}

// mostOrdersTold is how many orders an answer names.
const mostOrdersTold = 3

// latestOrders tells a verified customer about the latest orders; false where there are none.
func (t *talk) latestOrders(ctx context.Context) (bool, error) {
	orders, err := t.Orders.Of(ctx, t.turn.Customer)
	if err != nil {
		return false, fmt.Errorf("read orders: %w", err)
	}
	if len(orders) == 0 {
		return false, nil
	}
	var d draft
	if len(orders) == 1 {
		t.noteValue(orders[0].Total)
		d.add(t.fill("order", t.statusOf(orders[0])))
		t.track(&d, orders[0])
		return true, t.tell(ctx, "order", d)
	}
	var lines []string
	for _, o := range orders[:min(len(orders), mostOrdersTold)] {
		lines = append(lines, t.statusOf(o))
	}
	d.add(t.fill("order_several", strings.Join(lines, t.comma())))
	return true, t.tell(ctx, "order", d)
}

// order finds the order that is meant; where there is none, or it is somebody else's, it has said so.
func (t *talk) order(ctx context.Context) (shop.Order, bool, error) {
	id := t.parse.Slots.OrderID
	if id == "" {
		t.state.Asked = askedOrder
		return shop.Order{}, false, t.say(ctx, "order_which")
	}
	order, err := t.Orders.Find(ctx, id)
	if known, ok := errors.AsType[*shop.Error](err); ok && known.Code == shop.CodeNotFound {
		return order, false, t.say(ctx, "order_unknown", id)
	}
	if err != nil {
		return order, false, fmt.Errorf("find order: %w", err)
	}
	if t.turn.Verified && order.Customer != "" && order.Customer != t.turn.Customer {
		return shop.Order{}, false, t.say(ctx, "order_unknown", id)
	}
	t.noteValue(order.Total)
	return order, true, nil
}

// askedOrder is that the assistant asked for the number of an order.
const askedOrder = "order"

// noNumber says that the customer has no number to give.
var noNumber = regexp.MustCompile(`(?i)\b(?:don'?t|do not|can'?t|cannot|haven'?t|didn'?t|no longer|lost|no|never|without)\b.{0,30}\b(?:number|id|it|one|mail|email|confirmation|idea|clue|that|have|know|remember)\b|没有|找不到|不(?:知道|记得|清楚)|忘了|忘记|丢了`)

// withoutNumber helps a customer who was asked for the number of an order and has none. done is false for all else.
func (t *talk) withoutNumber(ctx context.Context, asked string) (done bool, err error) {
	if asked != askedOrder || t.parse.Slots.OrderID != "" || len(lexicon.Words(t.turn.Text)) > 12 || !noNumber.MatchString(t.turn.Text) {
		return false, nil
	}
	t.parse.Intent, t.parse.Slots = shop.IntentOrderStatus, shop.Slots{}
	t.Outcome.Parse.Intent, t.Outcome.Parse.Slots = t.parse.Intent, t.parse.Slots
	t.state.Offer = offerPerson
	return true, t.say(ctx, "order_lost")
}

// quote adds a passage and names its article.
func (t *talk) quote(d *draft, p shop.Passage) {
	d.add(t.fill("quote", strings.TrimSpace(p.Text)))
	d.add(t.fill("see", p.Title))
	t.Cites = append(t.Cites, p.Slug)
}

// faq answers from the shop's articles and names the one it rests on; under the floor it says that it doesn't know
// and offers a person.
func (t *talk) faq(ctx context.Context) error {
	passage, ok, err := t.passage(ctx, t.turn.Text)
	if err != nil {
		return err
	}
	if !ok {
		t.state.Offer = offerPerson
		return t.say(ctx, "unknown")
	}
	var d draft
	t.quote(&d, passage)
	return t.tell(ctx, "faq", d)
}

// topicBonus is what an article's topic counts where the words of the question name it: in the order of a few
// hundredths, since it says which article, not that there is an answer.
const topicBonus = 0.06

// passage finds what the articles say to a question.
func (t *talk) passage(ctx context.Context, question string) (best shop.Passage, ok bool, err error) {
	end := t.timer.Step("search")
	found, err := t.Knowledge.Find(ctx, question, t.lang, 5)
	end()
	if err != nil {
		return best, false, fmt.Errorf("look into the articles: %w", err)
	}
	topic := t.parse.Slots.Topic
	if topic == "" && t.parse.Intent == shop.IntentReturnRefund {
		topic = "returns"
	}
	for _, p := range found {
		if topic != "" && p.Topic == topic {
			p.Score += topicBonus
		}
		if p.Score >= t.c.KnowledgeFloor && (!ok || p.Score > best.Score) {
			best, ok = p, true
		}
	}
	return best, ok, nil
}

var (
	yesCue = regexp.MustCompile(`(?i)^(?:yes|yeah|yep|yup|sure|ok(?:ay)?|please(?: do)?|go (?:ahead|on)|(?:i )?confirm(?:ed)?|correct|why not|of course|that would be (?:great|nice|good)|sounds good|do (?:it|that))(?:[\s,.!]+(?:please|thanks|thank you|do|sure|ok(?:ay)?|show me|go ahead|that's fine|fine))*[\s,.!]*$|^(?:好(?:的|啊|吧|呀)?|可以|行|要|嗯+|是的?|对|当然|麻烦(?:你|您)?了?|没问题|确认|确定)[\s，。！,.!]*(?:谢谢|吧|呀|啊)?[。！!.]*$`)
	noCue  = regexp.MustCompile(`(?i)^(?:no|nope|nah|no,? thanks?(?: you)?|not (?:now|really)|don't)[\s,.!]*(?:thanks?|thank you)?[\s,.!]*$|^(?:不用|不要|不了|不|不需要|算了)(?:了)?[，。！,.!]*(?:谢谢)?[。！!.]*$`)
)
