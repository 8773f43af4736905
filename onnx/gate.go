package onnx

import (
	"context"
	"sync"
)

// priority orders work for the processors.
type priority int

const (
	interactive priority = iota
	background
	priorities
)

type backgroundKey struct{}

// Background marks the work of ctx as able to wait: an import, a reindex. Whatever a customer waits for
// goes first.
func Background(ctx context.Context) context.Context {
	return context.WithValue(ctx, backgroundKey{}, true)
}

type onceKey struct{}

// Once is Background for work on texts that nobody will ask for again, such as a product's with a word left out: what a
// CrossEncoder reads for it is not kept, and takes no other reading's place.
func Once(ctx context.Context) context.Context {
	return context.WithValue(Background(ctx), onceKey{}, true)
}

func isOnce(ctx context.Context) bool { return ctx.Value(onceKey{}) != nil }

func priorityOf(ctx context.Context) priority {
	if ctx.Value(backgroundKey{}) != nil {
		return background
	}
	return interactive
}

// gate lets a bounded number of model runs go on at once over all models of a runtime, interactive ones
// first. A run can't be interrupted, so batches are kept short instead.
type gate struct {
	mu sync.Mutex
	// runs is how many may go on at once, free how many more of them.
	runs, free int
	waiting    [priorities][]chan struct{}
	// passed counts interactive runs that overtook background ones in a row.
	passed int
}

// overtake is how many interactive runs may pass before a waiting background run gets its turn, so that
// an import moves on a busy day too.
const overtake = 16

func newGate(runs int) *gate { return &gate{runs: runs, free: runs} }

// enter waits for a turn. Each enter is followed by one leave.
func (g *gate) enter(p priority) {
	g.mu.Lock()
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
		return
	}
	turn := make(chan struct{})
	g.waiting[p] = append(g.waiting[p], turn)
	g.mu.Unlock()
	<-turn
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	next := interactive
	switch {
	case len(g.waiting[background]) == 0:
		g.passed = 0
	case len(g.waiting[interactive]) == 0 || g.passed >= overtake:
		next, g.passed = background, 0
	default:
		g.passed++
	}
	if len(g.waiting[next]) == 0 {
		g.free++
		return
	}
	turn := g.waiting[next][0]
	g.waiting[next] = g.waiting[next][1:]
	close(turn)
}
