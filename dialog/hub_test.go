package dialog

import (
	"context"
	"testing"
	"time"

	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"

	"github.com/google/go-cmp/cmp"
)

// TestWhatWasNotPushedIsRead commits events and tells the readers of some of them, late and out of order.
func TestWhatWasNotPushedIsRead(t *testing.T) {
	m := NewManager(pgtest.New(t), nil, Options{})
	opened, err := m.Open(t.Context(), OpenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	sub, err := m.Attach(t.Context(), opened.SessionID, Position{})
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Close()
	var got []int64
	read := func() {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		for {
			env, err := sub.Next(ctx)
			if err != nil {
				return
			}
			if env.Seq > 0 {
				got = append(got, env.Seq)
			}
		}
	}
	read()
	var events []event
	for range 5 {
		more, err := m.store.change(t.Context(), opened.SessionID, nil, func(tx *sessionTx) error {
			_, err := tx.append(protocol.TypeCartUpdated, protocol.CartUpdated{})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, more...)
	}
	for _, i := range []int{1, 0, 1, 4, 2} {
		m.hub.logged(opened.SessionID, opened.Epoch, events[i:i+1])
		read()
	}
	if diff := cmp.Diff([]int64{1, 2, 3, 4, 5}, got); diff != "" {
		t.Errorf("seqs (-want +got):\n%s", diff)
	}
}

func TestALineIsFairAndBounded(t *testing.T) {
	l := newLine(3)
	if place := l.join("a", "m1", false); place != 1 {
		t.Errorf("place %d", place)
	}
	l.join("b", "m2", true)
	if place := l.join("a", "m3", true); place != 0 || l.full() {
		t.Errorf("a stands twice: place %d", place)
	}
	l.join("c", "m4", false)
	if !l.full() {
		t.Error("three of three wait and the line is not full")
	}
	next := func() string {
		session, _, ok := l.next(t.Context())
		if !ok {
			t.Fatal("the line is closed")
		}
		return session
	}
	if s, attached, _ := l.next(t.Context()); s != "a" || !attached {
		t.Errorf("%s, attached %v", s, attached)
	}
	if diff := cmp.Diff([]standing{{"b", "m2", 1}, {"c", "m4", 2}}, l.moved(), cmp.AllowUnexported(standing{})); diff != "" {
		t.Errorf("moved:\n%s", diff)
	}
	l.join("a", "m5", false) // while it is answered
	l.finish("a", false)
	for _, want := range []string{"b", "c", "a"} {
		got := next()
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		l.finish(got, false)
	}
	l.close()
	if _, _, ok := l.next(t.Context()); ok {
		t.Error("a closed line gives out work")
	}
	if l.join("d", "m6", false); len(l.waiting) != 0 {
		t.Error("a closed line takes in work")
	}
}
