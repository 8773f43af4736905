package dialog_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"
	"floorwalker/protocol"
	"floorwalker/shop"
)

func quantiles(b *testing.B, all []time.Duration, name string) {
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), name+"_us_p50")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), name+"_us_p99")
}

// BenchmarkTurn measures from Post to its acknowledgement, to the first card and to the end, with an
// assistant that takes no time of its own.
func BenchmarkTurn(b *testing.B) {
	d := start(b, pgtest.New(b), echo, dialog.Options{})
	d.open()
	r := d.attach(dialog.Position{})
	var acks, cards, ends []time.Duration
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		d.post(fmt.Sprint("c", i), "red shoes")
		acks = append(acks, time.Since(began))
		r.until(protocol.TypeRecommendationsShown)
		cards = append(cards, time.Since(began))
		r.until(protocol.TypeMessageCompleted)
		ends = append(ends, time.Since(began))
	}
	quantiles(b, acks, "ack")
	quantiles(b, cards, "card")
	quantiles(b, ends, "done")
}

// BenchmarkPosts measures acknowledgements while 50 sessions post at once.
func BenchmarkPosts(b *testing.B) {
	d := start(b, pgtest.New(b), echo, dialog.Options{MaxPending: 1 << 20, MaxWaiting: 1 << 20})
	const writers = 50
	sessions := make([]string, writers)
	for i := range sessions {
		sessions[i] = d.open().SessionID
	}
	took := make(chan time.Duration, 1<<20)
	b.SetParallelism(writers / runtime.GOMAXPROCS(0))
	next := make(chan int, 1<<20)
	for i := range b.N {
		next <- i
	}
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := <-next
			began := time.Now()
			if _, err := d.Post(context.Background(), sessions[i%writers], dialog.PostRequest{ClientMsgID: fmt.Sprint("c", i), Text: "hello"}); err != nil {
				b.Error(err)
			}
			took <- time.Since(began)
		}
	})
	b.StopTimer()
	close(took)
	var all []time.Duration
	for t := range took {
		all = append(all, t)
	}
	quantiles(b, all, "ack")
}

// BenchmarkResume replays a session of 200 messages (800 events) from its beginning.
func BenchmarkResume(b *testing.B) {
	d := start(b, pgtest.New(b), echo, dialog.Options{})
	d.open()
	r := d.attach(dialog.Position{})
	for i := range 200 {
		d.post(fmt.Sprint("c", i), fmt.Sprint("question ", i))
		r.until(protocol.TypeMessageCompleted)
	}
	var all []time.Duration
	for b.Loop() {
		began := time.Now()
		sub, err := d.Attach(b.Context(), d.session, dialog.Position{})
		if err != nil {
			b.Fatal(err)
		}
		for seq := int64(0); seq < r.view.seq; {
			env, err := sub.Next(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			seq = max(seq, env.Seq)
		}
		all = append(all, time.Since(began))
		sub.Close()
	}
	quantiles(b, all, "resume")
}

// BenchmarkIdleReaders measures what one attached reader that hears nothing costs in memory.
func BenchmarkIdleReaders(b *testing.B) {
	d := start(b, pgtest.New(b), echo, dialog.Options{PollEvery: time.Hour})
	const readers = 1000
	used := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc + m.StackInuse)
	}
	for range b.N {
		d.open()
		before := used()
		subs := make([]*dialog.Subscription, readers)
		for i := range subs {
			d.open()
			sub, err := d.Attach(b.Context(), d.session, dialog.Position{})
			if err != nil {
				b.Fatal(err)
			}
			if _, err := sub.Next(b.Context()); err != nil {
				b.Fatal(err)
			}
			subs[i] = sub
		}
		b.ReportMetric(float64(used()-before)/readers, "B/reader")
		for _, sub := range subs {
			sub.Close()
		}
	}
}

// BenchmarkDelta measures one piece of text on its way to ten readers.
func BenchmarkDelta(b *testing.B) {
	started, release := make(chan shop.Output, 1), make(chan struct{})
	d := start(b, pgtest.New(b), script(func(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
		started <- out
		<-release
		return outcome(turn), nil
	}), dialog.Options{MaxAnswer: 1 << 40})
	d.open()
	readers := make([]*reader, 10)
	for i := range readers {
		readers[i] = d.attach(dialog.Position{})
	}
	d.post("c1", "go")
	out := <-started
	defer close(release)
	for _, r := range readers {
		for range 2 {
			r.until(protocol.TypeMessageCreated)
		}
		r.quiet(20 * time.Millisecond)
	}
	for b.Loop() {
		if err := out.Say(b.Context(), "x"); err != nil {
			b.Fatal(err)
		}
		for _, r := range readers {
			if _, err := r.Next(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
}
