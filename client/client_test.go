package client_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"floorwalker/client"
	"floorwalker/protocol"
	"floorwalker/shop"
	"floorwalker/web"
	"floorwalker/web/webtest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	// The embedded PostgreSQL and the HTTP client's idle lines live until the test process ends.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("floorwalker/embedded.(*process).watch"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// echo shows a card, changes the cart and says what it was asked.
var echo = webtest.Script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	card := shop.Card{Position: 1, SKU: "1", Title: "Mug", Price: shop.Money{Minor: 1850, Currency: "USD"}, Why: []string{}}
	outcome := shop.Outcome{Parse: shop.Parse{Intent: shop.IntentSearch, Lang: shop.English}, State: turn.State}
	return outcome, errors.Join(out.Show(ctx, shop.Cards{RankingID: "r", Cards: []shop.Card{card}}),
		out.CartChanged(ctx, shop.Cart{Lines: []shop.CartLine{{SKU: "1", Quantity: 2, Price: card.Price}}}),
		out.Say(ctx, "You said "), out.Say(ctx, turn.Text))
})

func dial(t *testing.T, url string, o client.Options) *client.Client {
	t.Helper()
	c, err := client.Dial(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestAskReturnsTheWholeAnswerWithItsTimes(t *testing.T) {
	c := dial(t, webtest.Open(t, webtest.Shop{Assistant: echo}), client.Options{})
	r, err := c.Ask(t.Context(), "mug")
	if err != nil {
		t.Fatal(err)
	}
	if r.Text != "You said mug" || len(r.Cards()) != 1 || r.Cart.Lines[0].Quantity != 2 || c.Cart().Lines[0].Quantity != 2 {
		t.Errorf("%+v", r)
	}
	if r.FirstCard <= 0 || r.FirstToken < r.FirstCard || r.Done < r.FirstToken || r.Ack.Seq != 1 {
		t.Errorf("card %v, token %v, done %v, seq %d", r.FirstCard, r.FirstToken, r.Done, r.Ack.Seq)
	}
}

func TestAPaidCardSaysSoToTheClient(t *testing.T) {
	paid := webtest.Script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		cards := shop.Cards{RankingID: "r"}
		for i, sku := range []string{"1", "2", "3"} {
			cards.Cards = append(cards.Cards, shop.Card{Position: i + 1, SKU: sku, Title: "Mug", Price: shop.Money{Minor: 1850, Currency: "USD"}, Why: []string{}, Sponsored: i == 2})
		}
		outcome := shop.Outcome{Parse: shop.Parse{Intent: shop.IntentSearch, Lang: shop.English}, State: turn.State}
		return outcome, errors.Join(out.Show(ctx, cards), out.Say(ctx, "Three mugs."))
	})
	url := webtest.Open(t, webtest.Shop{Assistant: paid})
	c := dial(t, url, client.Options{})
	r, err := c.Ask(t.Context(), "mug")
	if err != nil {
		t.Fatal(err)
	}
	replays := make(chan []shop.Card, 1)
	dial(t, url, client.Options{Credentials: c.Credentials(), Each: func(e client.Event) { // what is replayed says it too
		if shown, ok := e.Body.(*protocol.RecommendationsShown); ok {
			replays <- shown.Cards.Cards
		}
	}})
	var replayed []shop.Card
	select {
	case replayed = <-replays:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing is replayed")
	}
	for _, cards := range [][]shop.Card{r.Cards(), replayed} {
		for i, card := range cards {
			if card.Sponsored != (i == 2) {
				t.Errorf("%s: sponsored %v", card.SKU, card.Sponsored)
			}
		}
		if len(cards) != 3 {
			t.Errorf("%d cards", len(cards))
		}
	}
}

func TestSessionIsContinuedByItsCredentials(t *testing.T) {
	url := webtest.Open(t, webtest.Shop{Assistant: echo})
	first := dial(t, url, client.Options{})
	if _, err := first.Ask(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	at := first.Position()
	first.Close()
	second := dial(t, url, client.Options{Credentials: first.Credentials(), Position: at})
	if s := second.State(); s.From != at.Seq+1 || len(second.Cart().Lines) != 1 {
		t.Errorf("continued at %+v with %+v", s, second.Cart())
	}
	if r, err := second.Ask(t.Context(), "two"); err != nil || r.Ack.Seq != at.Seq+1 {
		t.Errorf("%+v, %v", r.Ack, err)
	}
	stranger := first.Credentials()
	stranger.Secret = "guessed"
	if _, err := client.Dial(t.Context(), url, client.Options{Credentials: stranger}); err == nil {
		t.Error("a guessed secret got in")
	}
}

func TestAMessageSaysOfWhichCardLessIsWanted(t *testing.T) {
	turns := make(chan shop.Turn, 1)
	listens := webtest.Script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		turns <- turn
		return shop.Outcome{Parse: shop.Parse{Intent: shop.IntentRefine, Lang: shop.English}, State: turn.State}, out.Say(ctx, "Others, then.")
	})
	events := make(chan any, 64)
	url := webtest.Open(t, webtest.Shop{Assistant: listens})
	opened := dial(t, url, client.Options{Locale: shop.English}).Credentials()
	c := dial(t, url, client.Options{Credentials: opened, Locale: shop.Chinese, Each: func(e client.Event) { events <- e.Body }})
	ack, err := c.SendMessage(t.Context(), protocol.MessageSend{Text: "less like this mug", LessLike: "mug-1"})
	if err != nil || ack.ReplyID == "" {
		t.Fatalf("%+v, %v", ack, err)
	}
	declined := false
	for said := false; !said; {
		select {
		case body := <-events:
			switch d := body.(type) {
			case *protocol.CardDeclined:
				declined = d.SKU == "mug-1"
			case *protocol.MessageCreated:
				if said = d.Role == protocol.RoleCustomer; said && (!declined || d.LessLike != "mug-1" || d.Text != "less like this mug") {
					t.Errorf("declined before: %v, message %+v", declined, d)
				}
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the message does not come back")
		}
	}
	select {
	case turn := <-turns:
		if turn.LessLike != "mug-1" || turn.Locale != shop.Chinese {
			t.Errorf("the assistant is asked %+v", turn)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the assistant is not asked")
	}
}

func TestErrorsOfTheServerAreToldByCode(t *testing.T) {
	c := dial(t, webtest.Open(t, webtest.Shop{Assistant: echo}), client.Options{})
	_, err := c.Send(t.Context(), " ")
	if e, ok := errors.AsType[*shop.Error](err); !ok || e.Code != protocol.CodeBadField {
		t.Errorf("empty text: %v", err)
	}
}

func TestWhatTheServerPutsOffIsSentAgain(t *testing.T) {
	c := dial(t, webtest.Open(t, webtest.Shop{Assistant: echo, Config: web.Config{Limits: web.Limits{Messages: web.Rate{PerSecond: 2, Burst: 1}}}}), client.Options{})
	for i := range 3 {
		if r, err := c.Ask(t.Context(), fmt.Sprint(i)); err != nil || r.Text != fmt.Sprint("You said ", i) {
			t.Errorf("question %d: %q, %v", i, r.Text, err)
		}
	}
}

func TestClosedClientAnswersNobody(t *testing.T) {
	c := dial(t, webtest.Open(t, webtest.Shop{Assistant: echo}), client.Options{})
	events := c.Events()
	c.Close()
	c.Close()
	if _, err := c.Ask(t.Context(), "mug"); !errors.Is(err, client.ErrClosed) {
		t.Errorf("ask: %v", err)
	}
	for range events { // ends because the channel is closed
	}
	if !errors.Is(c.Err(), client.ErrClosed) {
		t.Errorf("why: %v", c.Err())
	}
}

func TestServerThatIsNotThereIsToldAtOnce(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := client.Dial(ctx, "http://127.0.0.1:1", client.Options{}); err == nil || ctx.Err() != nil {
		t.Errorf("%v", err)
	}
}
