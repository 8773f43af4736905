package onnx

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Batches are short enough that a customer's query waits little behind one (10 to 50 ms for MiniLM int8), and long enough that
// longer ones would not be faster. Those of an import are longer: int8 scales its activations by a batch, and the more there is in each
// the more alike are the scales, and the better the vectors compare (recall@50 of Icecat's products by vectors 0.72 by 512, 0.71 by 256).
const (
	batchTokens      = 256
	backgroundTokens = 512
	batchRows        = 64
	// leastTokens is what is not parted among several workers.
	leastTokens = 64
	// batchWindow is how many waiting texts are looked at for ones of like length.
	batchWindow = 256
)

// batcher gathers the texts of concurrent callers into batches of like length and has a model run them.
type batcher struct {
	lanes   [priorities]lane
	workers sync.WaitGroup
}

// lane is the queue of one priority. Its workers enter the gate by that priority.
type lane struct {
	workers, tokens int

	mu     sync.Mutex
	filled *sync.Cond
	queue  []*job
	closed bool
}

// job is one text on its way through the model.
type job struct {
	Encoding
	request *request
	// result, reading and err are the model's to set.
	result  []float32
	reading *reading
	err     error
}

// request is what one caller asked for.
type request struct {
	jobs    []job
	left    atomic.Int64
	done    chan struct{}
	dropped atomic.Bool
}

// newBatcher starts the workers. execute gets jobs of like length and sets each one's result or err; it
// may be called by several workers at once.
func newBatcher(g *gate, execute func(batch []*job)) *batcher {
	b := &batcher{}
	for p := range b.lanes {
		l := &b.lanes[p]
		l.workers, l.tokens = g.runs, batchTokens
		if priority(p) == background {
			l.tokens = backgroundTokens
		}
		l.filled = sync.NewCond(&l.mu)
		for range g.runs {
			b.workers.Go(func() { l.work(g, priority(p), execute) })
		}
	}
	return b
}

// do has the texts run and returns the jobs in their order. When ctx ends it returns at once; texts that
// have not begun are then dropped.
func (b *batcher) do(ctx context.Context, texts []Encoding) ([]job, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("run model on %d texts: %w", len(texts), err)
	}
	r := &request{jobs: make([]job, len(texts)), done: make(chan struct{})}
	r.left.Store(int64(len(texts)))
	for i, text := range texts {
		r.jobs[i] = job{Encoding: text, request: r}
	}
	if err := b.lanes[priorityOf(ctx)].add(r); err != nil {
		return nil, err
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		r.dropped.Store(true)
		return nil, fmt.Errorf("run model on %d texts: %w", len(texts), ctx.Err())
	}
	for i := range r.jobs {
		if err := r.jobs[i].err; err != nil {
			return nil, fmt.Errorf("run model on text %d of %d: %w", i+1, len(texts), err)
		}
	}
	return r.jobs, nil
}

// close ends the workers after the batches that they are in; what still waits gets ErrClosed.
func (b *batcher) close() {
	for p := range b.lanes {
		b.lanes[p].close()
	}
	b.workers.Wait()
}

func (l *lane) add(r *request) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("run model on %d texts: %w", len(r.jobs), ErrClosed)
	}
	for i := range r.jobs {
		l.queue = append(l.queue, &r.jobs[i])
	}
	l.filled.Broadcast()
	return nil
}

func (l *lane) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, j := range l.queue {
		j.err = ErrClosed
		j.finish()
	}
	l.queue = nil
	l.filled.Broadcast()
}

func (l *lane) work(g *gate, p priority, execute func([]*job)) {
	for l.wait() {
		// The batch is formed after the turn has come, from what is waiting by then.
		g.enter(p)
		batch := l.take()
		if len(batch) > 0 {
			execute(batch)
		}
		g.leave()
		for _, j := range batch {
			j.finish()
		}
	}
}

// wait returns when there is something to do, false when the lane is closed.
func (l *lane) wait() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue) == 0 && !l.closed {
		l.filled.Wait()
	}
	return !l.closed
}

// take removes one batch from the queue: the oldest text and those of the window nearest to it in length.
func (l *lane) take() []*job {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = slices.DeleteFunc(l.queue, func(j *job) bool { return j.request.dropped.Load() })
	if len(l.queue) == 0 {
		return nil
	}
	oldest := l.queue[0]
	window := slices.Clone(l.queue[:min(len(l.queue), batchWindow)])
	slices.SortStableFunc(window, func(a, b *job) int { return len(a.IDs) - len(b.IDs) })
	waiting := 0
	for _, j := range window {
		waiting += len(j.IDs)
	}
	// No worker takes more than its share, else the others would be done before it.
	from, to := nearest(window, slices.Index(window, oldest), min(l.tokens, max(waiting/l.workers, leastTokens)))
	batch := window[from:to]
	taken := make(map[*job]bool, len(batch))
	for _, j := range batch {
		taken[j] = true
	}
	l.queue = slices.DeleteFunc(l.queue, func(j *job) bool { return taken[j] })
	return batch
}

// nearest extends from the job at position at, to shorter and longer neighbours, as far as a batch of so
// many tokens goes.
func nearest(byLength []*job, at, tokens int) (from, to int) {
	from, to = at, at+1
	for to-from < batchRows {
		longest, own := len(byLength[to-1].IDs), len(byLength[at].IDs)
		down, up := from > 0, to < len(byLength)
		if up && down && own-len(byLength[from-1].IDs) <= len(byLength[to].IDs)-own {
			up = false
		}
		switch {
		case up && (to-from+1)*len(byLength[to].IDs) <= tokens:
			to++
		case down && (to-from+1)*longest <= tokens:
			from--
		default:
			return from, to
		}
	}
	return from, to
}

// finish tells the caller when the last of its texts is done.
func (j *job) finish() {
	if j.request.left.Add(-1) == 0 {
		close(j.request.done)
	}
}
