package web

import (
	"fmt"
	"testing"
	"time"
)

func TestALimiterRemembersAtMostSoManyAndForgetsTheQuietOnes(t *testing.T) {
	now := time.Unix(0, 0)
	l := newKeyedLimiter(Rate{0.001, 2}, 100, func() time.Time { return now })
	take := func(key string) bool { return l.allow(key) }
	for i := range 3 {
		if got := take("busy"); got != (i < 2) {
			t.Fatalf("of a burst of two, number %d: %v", i+1, got)
		}
	}
	for i := range 10_000 {
		if i%50 == 0 && take("busy") {
			t.Fatal("who is busy was forgotten")
		}
		take(fmt.Sprint("other ", i))
		if len(l.keys) > 100 || l.order.Len() != len(l.keys) {
			t.Fatalf("%d keys, %d in order", len(l.keys), l.order.Len())
		}
	}
	now = now.Add(2000 * time.Second)
	if !take("busy") {
		t.Error("no new token came with time")
	}
}
