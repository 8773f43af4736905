package dialog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"
)

// teller is a summariser: the outline counts, the model says what it is told to.
type teller struct {
	model func(ctx context.Context) (string, bool, error)
}

func (teller) Outline(c shop.Conversation) string {
	return fmt.Sprintf("%d exchanges of %s, the first %q", len(c.Exchanges), c.Exchanges[0].Intent, c.Exchanges[0].Asked)
}

func (s teller) Summarise(ctx context.Context, _ shop.Conversation) (string, bool, error) {
	return s.model(ctx)
}

func TestALongConversationIsSummedUpAndTheAssistantIsTold(t *testing.T) {
	var told atomic.Value
	assistant := script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		told.Store(turn.Summary)
		return echo(ctx, turn, out)
	})
	release := make(chan struct{})
	d := start(t, pgtest.New(t), assistant, dialog.Options{Summariser: teller{func(ctx context.Context) (string, bool, error) {
		select {
		case <-release:
			return "They want shoes.", true, nil
		case <-ctx.Done():
			return "", false, ctx.Err()
		}
	}}})
	d.open()
	r := d.attach(dialog.Position{})
	ask := func(n int) {
		d.post(fmt.Sprint("c", n), fmt.Sprint("shoes \x00 ", n))
		r.until(protocol.TypeMessageCompleted)
	}
	stored := func() dialog.Summary {
		t.Helper()
		var now dialog.Summary
		if err := d.pool.QueryRow(t.Context(), `SELECT coalesce(max(summary), ''), coalesce(max(upto_seq), 0), coalesce(bool_or(by_model), false)
			FROM conversation_summaries WHERE session_id = $1`, d.session).Scan(&now.Text, &now.UpTo, &now.ByModel); err != nil {
			t.Fatal(err)
		}
		return now
	}
	until := func(what string, holds func() bool) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("waited in vain for %s; stored is %+v", what, stored())
			}
		}
	}
	for n := range 7 {
		ask(n)
	}
	if now := stored(); now.Text != "" {
		t.Errorf("a short conversation is summed up: %+v", now)
	}
	ask(7)
	until("the outline", func() bool { return strings.HasPrefix(stored().Text, "8 exchanges of search") })
	ask(8)
	if got := told.Load(); !strings.HasPrefix(got.(string), "8 exchanges") {
		t.Errorf("the assistant was told %q", got)
	}
	close(release)
	until("the model's", func() bool { return stored().ByModel })
	// What came since is told as soon as somebody asks: nobody takes over with an old picture.
	now, err := d.Summary(t.Context(), d.session)
	if err != nil || !strings.HasPrefix(now.Text, "9 exchanges") || now.ByModel {
		t.Errorf("asked for: %+v, %v", now, err)
	}
	if again, err := d.Summary(t.Context(), d.session); err != nil || again != now {
		t.Errorf("asked for again: %+v, %v", again, err)
	}
}

func TestAHandoffIsSummedUpThoughTheModelFails(t *testing.T) {
	var tries atomic.Int64
	d := start(t, pgtest.New(t), wantsPerson, dialog.Options{Summariser: teller{func(context.Context) (string, bool, error) {
		tries.Add(1)
		return "", false, errors.New("the model fell over")
	}}})
	d.open()
	r := d.attach(dialog.Position{})
	if now, err := d.Summary(t.Context(), d.session); err != nil || now.Text != "" {
		t.Errorf("nothing was said: %+v, %v", now, err)
	}
	d.post("c1", "a person please")
	r.until(protocol.TypeMessageCompleted)
	for end := time.Now().Add(20 * time.Second); tries.Load() == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody summed up")
		}
	}
	now, err := d.Summary(t.Context(), d.session)
	if err != nil || !strings.HasPrefix(now.Text, "1 exchanges") {
		t.Errorf("%+v, %v", now, err)
	}
	if _, err := d.Summary(t.Context(), "no session"); !errors.Is(err, dialog.ErrNoSession) {
		t.Errorf("no session: %v", err)
	}
}
