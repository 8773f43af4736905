package dialog

import (
	"context"
	"sync"
)

// line is where sessions wait for a worker. A session stands in it once, however many of its questions
// wait, and goes to its end after each answer: so one that asks much does not keep others waiting.
type line struct {
	mu sync.Mutex
	// waiting are the sessions in their order; standing says what is known of each that waits or runs.
	waiting  []string
	standing map[string]*place
	limit    int
	// idle counts workers that wait for a session.
	idle    int
	arrived chan struct{}
	closed  bool
}

// place is one session in the line or at a worker.
type place struct {
	running bool
	// again is set when the session joined while it ran: it may have more to answer.
	again bool
	// attached is whether it had a reader here when it joined.
	attached bool
	// answer is the message that it waits for, told the position that its readers were told last.
	answer string
	told   int
}

// standing is where a session stands in the line.
type standing struct {
	session, answer string
	position        int
}

func newLine(limit int) *line {
	return &line{standing: map[string]*place{}, limit: limit, arrived: make(chan struct{}, 1)}
}

// full is true when no further session may join.
func (l *line) full() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting) >= l.limit
}

// join puts the session at the end of the line. position is from 1 when it must wait for others, 0 when a
// worker is free or when it is answered already.
func (l *line) join(session, answer string, attached bool) (position int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0
	}
	if p := l.standing[session]; p != nil {
		p.attached = p.attached || attached
		p.again = p.running
		return 0
	}
	l.waiting = append(l.waiting, session)
	position = max(0, len(l.waiting)-l.idle)
	l.standing[session] = &place{attached: attached, answer: answer, told: position}
	l.signal()
	return position
}

// moved lists the sessions whose position is another than their readers were told last.
func (l *line) moved() []standing {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []standing
	for i, session := range l.waiting {
		p := l.standing[session]
		if position := i + 1; p.answer != "" && p.told > 0 && p.told != position {
			p.told = position
			all = append(all, standing{session, p.answer, position})
		}
	}
	return all
}

// next waits for the first session of the line; ok is false when the line is closed or ctx ended.
func (l *line) next(ctx context.Context) (session string, attached, ok bool) {
	l.mu.Lock()
	l.idle++
	defer func() { l.idle--; l.mu.Unlock() }()
	for {
		if l.closed || ctx.Err() != nil {
			// The next worker must not sleep on a signal that this one took.
			l.signal()
			return "", false, false
		}
		if len(l.waiting) > 0 {
			session = l.waiting[0]
			l.waiting = l.waiting[1:]
			p := l.standing[session]
			p.running = true
			if len(l.waiting) > 0 {
				l.signal()
			}
			return session, p.attached, true
		}
		l.mu.Unlock()
		select {
		case <-l.arrived:
		case <-ctx.Done():
		}
		l.mu.Lock()
	}
}

// finish says that the worker is done with the session; more puts it at the end of the line again.
func (l *line) finish(session string, more bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.standing[session]
	if p == nil {
		return
	}
	if (more || p.again) && !l.closed {
		p.running, p.again = false, false
		l.waiting = append(l.waiting, session)
		l.signal()
		return
	}
	delete(l.standing, session)
}

// close lets nobody join any more and sends the workers home; what waits is left to other replicas.
func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.waiting = nil
	l.signal()
}

func (l *line) signal() {
	select {
	case l.arrived <- struct{}{}:
	default:
	}
}
