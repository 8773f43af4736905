package onnx

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func texts(lengths ...int) []Encoding {
	encodings := make([]Encoding, len(lengths))
	for i, n := range lengths {
		encodings[i] = Encoding{IDs: make([]int32, n), SecondFrom: n}
	}
	return encodings
}

// recorder is a model that takes a millisecond a batch and remembers what it was given.
type recorder struct {
	mu      sync.Mutex
	batches [][]int
	each    time.Duration
}

func (r *recorder) execute(batch []*job) {
	time.Sleep(r.each)
	lengths := make([]int, len(batch))
	for i, j := range batch {
		lengths[i] = len(j.IDs)
		j.result = []float32{float32(len(j.IDs))}
	}
	r.mu.Lock()
	r.batches = append(r.batches, lengths)
	r.mu.Unlock()
}

func TestBatchesHoldTextsOfLikeLength(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{each: time.Millisecond}
		b := newBatcher(newGate(1), r.execute)
		defer b.close()
		rng := rand.New(rand.NewPCG(1, 2))
		lengths := make([]int, 1000)
		for i := range lengths {
			lengths[i] = 4 + rng.IntN(60)
		}
		jobs, err := b.do(t.Context(), texts(lengths...))
		if err != nil {
			t.Fatal(err)
		}
		for i, j := range jobs {
			if j.result[0] != float32(lengths[i]) {
				t.Fatalf("text %d got the result of a text of %g tokens, it has %d", i, j.result[0], lengths[i])
			}
		}
		padded, real, rows := 0, 0, 0
		for _, batch := range r.batches {
			padded += len(batch) * slices.Max(batch)
			rows += len(batch)
			for _, n := range batch {
				real += n
			}
			if cost := len(batch) * slices.Max(batch); cost > batchTokens {
				t.Errorf("a batch of %d tokens, the limit is %d", cost, batchTokens)
			}
		}
		if rows != len(lengths) {
			t.Errorf("%d texts were run, %d were given", rows, len(lengths))
		}
		if waste := float64(padded)/float64(real) - 1; waste > 0.08 {
			t.Errorf("%.0f %% of padding in %d batches", waste*100, len(r.batches))
		}
	})
}

func TestConcurrentCallersShareABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{each: 10 * time.Millisecond}
		b := newBatcher(newGate(1), r.execute)
		defer b.close()
		var callers sync.WaitGroup
		for range 17 {
			callers.Go(func() {
				if _, err := b.do(t.Context(), texts(8)); err != nil {
					t.Error(err)
				}
			})
		}
		callers.Wait()
		if len(r.batches) > 2 {
			t.Errorf("17 callers of one text each took %d batches, want the first and one of the other 16", len(r.batches))
		}
	})
}

func TestWorkersShareWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{each: 10 * time.Millisecond}
		b := newBatcher(newGate(2), r.execute)
		defer b.close()
		began := time.Now()
		if _, err := b.do(t.Context(), texts(slices.Repeat([]int{32}, 8)...)); err != nil {
			t.Fatal(err)
		}
		// A half, then a quarter by each.
		if took := time.Since(began); took != 2*r.each || len(r.batches) != 3 {
			t.Errorf("8 texts were run as %v in %v; two workers are there for them", r.batches, took)
		}
	})
}

func TestAModelThatIsLoadedWhileAnotherRunsHasWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{each: time.Millisecond}
		g := newGate(1)
		g.enter(interactive)
		b := newBatcher(g, r.execute)
		defer b.close()
		g.leave()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.do(ctx, texts(8)); err != nil {
			t.Error(err)
		}
	})
}

func TestAQueryGoesBeforeBackgroundWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{each: 10 * time.Millisecond}
		g := newGate(1)
		bulk, other := newBatcher(g, r.execute), newBatcher(g, r.execute)
		defer bulk.close()
		defer other.close()
		var imports sync.WaitGroup
		imports.Go(func() {
			if _, err := bulk.do(Background(t.Context()), texts(slices.Repeat([]int{64}, 400)...)); err != nil { // 50 batches
				t.Error(err)
			}
		})
		time.Sleep(25 * time.Millisecond) // the third batch is under way
		for name, b := range map[string]*batcher{"the same model": bulk, "another model": other} {
			began := time.Now()
			if _, err := b.do(t.Context(), texts(5)); err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(began); waited > 20*time.Millisecond {
				t.Errorf("a query to %s waited %v, more than the batch under way and its own", name, waited)
			}
		}
		imports.Wait()
	})
}

func TestBackgroundWorkMovesOnABusyDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{each: time.Millisecond}
		b := newBatcher(newGate(1), r.execute)
		defer b.close()
		ctx, stop := context.WithCancel(t.Context())
		var customers sync.WaitGroup
		for range 8 {
			customers.Go(func() {
				for ctx.Err() == nil {
					_, _ = b.do(ctx, texts(500)) // each fills a batch
				}
			})
		}
		time.Sleep(5 * time.Millisecond)
		began := time.Now()
		if _, err := b.do(Background(t.Context()), texts(64)); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited > 2*overtake*time.Millisecond {
			t.Errorf("a background text waited %v", waited)
		}
		stop()
		customers.Wait()
	})
}

func TestACancelledCallReturnsAtOnceAndIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{each: 10 * time.Millisecond}
		b := newBatcher(newGate(1), r.execute)
		defer b.close()
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Millisecond)
		defer cancel()
		began := time.Now()
		_, err := b.do(ctx, texts(slices.Repeat([]int{64}, 800)...))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the deadline", err)
		}
		if took := time.Since(began); took != 15*time.Millisecond {
			t.Errorf("returned after %v, want 15ms", took)
		}
		if _, err := b.do(t.Context(), texts(5)); err != nil {
			t.Fatal(err)
		}
		if len(r.batches) > 3 {
			t.Errorf("%d batches were run, want the two that had begun and the new one", len(r.batches))
		}
		if _, err := b.do(ctx, texts(5)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a call whose context has ended: %v", err)
		}
	})
}

func TestClosingRefusesWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{each: 10 * time.Millisecond}
		b := newBatcher(newGate(1), r.execute)
		failed := make(chan error)
		go func() {
			_, err := b.do(t.Context(), texts(slices.Repeat([]int{64}, 800)...))
			failed <- err
		}()
		time.Sleep(5 * time.Millisecond)
		go b.close()
		if err := <-failed; !errors.Is(err, ErrClosed) {
			t.Errorf("waiting call: %v, want ErrClosed", err)
		}
		if _, err := b.do(t.Context(), texts(5)); !errors.Is(err, ErrClosed) {
			t.Errorf("call after close: %v, want ErrClosed", err)
		}
		if len(r.batches) > 1 {
			t.Errorf("%d batches were run after closing", len(r.batches)-1)
		}
	})
}
