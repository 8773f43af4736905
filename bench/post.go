package main

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"sync"
	"time"
)

// post knows when each message was sent, and how long it took to arrive.
type post struct {
	mu    sync.Mutex
	next  int
	sent  map[int]time.Time
	took  []float64
	taken bool
}

func newPost() *post { return &post{sent: map[int]time.Time{}} }

// mark stands before a message's number in its text.
const mark = "message-no-"

// write is the text of the next message, sent now.
func (p *post) write() (text string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next++
	p.sent[p.next] = time.Now()
	return fmt.Sprintf("%s%d. Is the blue one still there, and would it come before Friday?", mark, p.next), p.next
}

// arrived notes the message in the frame, where there is one and it was under way still.
func (p *post) arrived(frame []byte) {
	at := time.Now()
	_, rest, ok := bytes.Cut(frame, []byte(mark))
	if !ok {
		return
	}
	digits, _, _ := bytes.Cut(rest, []byte("."))
	n, err := strconv.Atoi(string(digits))
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if began, ok := p.sent[n]; ok {
		delete(p.sent, n)
		if p.taken {
			p.took = append(p.took, float64(at.Sub(began).Microseconds())/1000)
		}
	}
}

// measure begins and ends the taking of times; it returns those taken.
func (p *post) measure(on bool) []float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	took := p.took
	p.took, p.taken = nil, on
	return took
}

// missing is how many messages have not arrived.
func (p *post) missing() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.sent)
}

func quantilesOf(values []float64) quantiles {
	slices.Sort(values)
	at := func(q float64) float64 {
		if len(values) == 0 {
			return 0
		}
		return math.Round(100*values[min(len(values)-1, int(q*float64(len(values))))]) / 100
	}
	return quantiles{len(values), at(0.5), at(0.99)}
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return math.Round(100*a/b) / 100
}
