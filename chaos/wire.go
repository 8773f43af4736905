package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// phase is where in a commit a victim is killed.
type phase int

const (
	// before: PostgreSQL never hears of the commit.
	before phase = iota
	// during: PostgreSQL hears of it, the server never hears its answer.
	during
	// after: the server has the answer, and perhaps began to tell of it.
	after
	phases
)

func (p phase) String() string { return [...]string{"before", "during", "after"}[p] }

// place is a phase of a commit point. A commit point is named by what it writes: "sessions+events+messages".
type place struct {
	point string
	phase phase
}

// holds is true for the place's point. One that begins with a star is any that writes the table it names.
func (p place) holds(point string) bool {
	if table, ok := strings.CutPrefix(p.point, "*"); ok {
		return slices.Contains(strings.Split(point, "+"), table)
	}
	return p.point == point
}

// strike is an order to a wire: at the place, hit, after it was passed skip times.
type strike struct {
	at   place
	skip int
	hit  func()
	done chan struct{}
}

// wire is a proxy between one server and PostgreSQL.
type wire struct {
	listener net.Listener
	target   string

	// hasty, where set, may answer a commit in PostgreSQL's place; PostgreSQL then hears of it only after the pause.
	hasty func(point string, batch []byte) (answer []byte, pause time.Duration)

	mu sync.Mutex
	// seen is when each commit point last passed; starting are those that have passed only before the server was open.
	seen     map[string]time.Time
	starting map[string]bool
	open     bool
	armed    *strike
	conns    map[net.Conn]bool
	serving  sync.WaitGroup
}

func newWire(target string) (*wire, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen before PostgreSQL: %w", err)
	}
	w := &wire{listener: listener, target: target, seen: map[string]time.Time{}, starting: map[string]bool{}, conns: map[net.Conn]bool{}}
	w.serving.Go(w.serve)
	return w, nil
}

func (w *wire) address() string { return w.listener.Addr().String() }

func (w *wire) serve() {
	for {
		conn, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.serving.Go(func() { w.carry(conn) })
	}
}

// close ends the wire and everything on it.
func (w *wire) close() {
	w.listener.Close()
	w.mu.Lock()
	for conn := range w.conns {
		conn.Close()
	}
	w.mu.Unlock()
	w.serving.Wait()
}

// points lists the commit points that passed within the time.
func (w *wire) points(within time.Duration) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var fresh []string
	for _, point := range slices.Sorted(maps.Keys(w.seen)) {
		if time.Since(w.seen[point]) < within {
			fresh = append(fresh, point)
		}
	}
	return fresh
}

// opened notes whether the server is open: what passes before belongs to its start.
func (w *wire) opened(open bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open = open
}

// atStart is true for a commit point that passes as the server starts, and at no other time.
func (w *wire) atStart(point string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.starting[point]
}

// arm sets the next strike; the channel is closed when it has hit.
func (w *wire) arm(at place, hit func()) <-chan struct{} {
	s := &strike{at: at, hit: hit, done: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed = s
	return s.done
}

// skip lets the armed strike pass over so many commits first.
func (w *wire) skip(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.armed != nil {
		w.armed.skip = n
	}
}

// disarm takes the strike back; false when it has begun.
func (w *wire) disarm() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	was := w.armed != nil
	w.armed = nil
	return was
}

// passing notes a commit and returns the strike that is for it.
func (w *wire) passing(point string) *strike {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, before := w.seen[point]
	w.seen[point] = time.Now()
	if w.open {
		delete(w.starting, point)
	} else if !before {
		w.starting[point] = true
	}
	s := w.armed
	if s == nil || !s.at.holds(point) {
		return nil
	}
	if s.skip--; s.skip >= 0 {
		return nil
	}
	w.armed = nil
	return s
}

func (s *strike) now() { s.hit(); close(s.done) }

// link is one connection on the wire.
type link struct {
	w          *wire
	near, far  net.Conn
	from       *bufio.Reader // what the server sends
	statements map[string]string
	// batch are the messages since the last Sync, writes what they and the open transaction write.
	batch         []byte
	writes        []string
	begun, commit bool

	mu sync.Mutex
	// open is true inside a transaction, as PostgreSQL said last; later is a strike for its next answer. swallow counts
	// PostgreSQL's answers that were given in its place already.
	open    bool
	later   *strike
	swallow int
}

func (w *wire) carry(near net.Conn) {
	defer near.Close()
	far, err := net.Dial("tcp", w.target)
	if err != nil {
		return
	}
	defer far.Close()
	w.mu.Lock()
	w.conns[near], w.conns[far] = true, true
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.conns, near)
		delete(w.conns, far)
		w.mu.Unlock()
	}()
	l := &link{w: w, near: near, far: far, statements: map[string]string{}}
	var both sync.WaitGroup
	both.Go(func() { _ = l.back(); near.Close() })
	_ = l.forth() //nolint:errcheck // either side has gone
	far.Close()
	both.Wait()
}

// maxMessage bounds one message of PostgreSQL's protocol, in bytes.
const maxMessage = 64 << 20

func readMessage(r *bufio.Reader, typed bool) ([]byte, error) {
	head := 4
	if typed {
		head = 5
	}
	raw := make([]byte, head)
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, err
	}
	size := int(binary.BigEndian.Uint32(raw[head-4:]))
	if size < 4 || size > maxMessage {
		return nil, errors.New("no PostgreSQL message")
	}
	body := make([]byte, size-4)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	return append(raw, body...), nil
}

// forth carries what the server sends.
func (l *link) forth() error {
	l.from = bufio.NewReader(l.near)
	hello, err := readMessage(l.from, false)
	if err != nil {
		return err
	}
	if _, err := l.far.Write(hello); err != nil {
		return err
	}
	for {
		m, err := readMessage(l.from, true)
		if err != nil {
			return err
		}
		l.batch = append(l.batch, m...)
		switch m[0] {
		case 'P':
			name, rest, _ := strings.Cut(string(m[5:]), "\x00")
			sql, _, _ := strings.Cut(rest, "\x00")
			l.statements[name] = sql
			continue
		case 'B':
			_, rest, _ := strings.Cut(string(m[5:]), "\x00")
			name, _, _ := strings.Cut(rest, "\x00")
			l.note(l.statements[name])
			continue
		case 'Q':
			sql, _, _ := strings.Cut(string(m[5:]), "\x00")
			l.note(sql)
		case 'D', 'E', 'C':
			continue
		}
		if err := l.send(m[0]); err != nil {
			return err
		}
	}
}

var writing = regexp.MustCompile(`(?is)\binsert\s+into\s+([a-z_]+)|\bdelete\s+from\s+([a-z_]+)|\bupdate\s+([a-z_]+)\s+(?:[a-z]\s+)?set\b`)

// note keeps what a statement of the batch writes.
func (l *link) note(statement string) {
	switch strings.ToLower(strings.TrimSpace(statement)) {
	case "begin":
		l.begun, l.writes = true, nil
	case "commit":
		l.commit = true
	case "rollback":
		l.writes, l.begun = nil, false
	}
	for _, m := range writing.FindAllStringSubmatch(statement, -1) {
		table := m[1] + m[2] + m[3]
		if !slices.Contains(l.writes, table) {
			l.writes = append(l.writes, table)
		}
	}
}

var errStruck = errors.New("struck")

// send passes the batch on, and strikes where it is a commit that is waited for.
func (l *link) send(last byte) error {
	var s *strike
	if last == 'S' || last == 'Q' {
		l.mu.Lock()
		inside := (l.open || l.begun) && !l.commit
		l.mu.Unlock()
		if !inside && len(l.writes) > 0 {
			point := strings.Join(l.writes, "+")
			s = l.w.passing(point)
			if err := l.haste(point); err != nil {
				return err
			}
		}
		if !inside {
			l.writes, l.begun, l.commit = nil, false, false
		}
	}
	batch := l.batch
	l.batch = nil
	if s != nil && s.at.phase == before {
		s.now()
		return errStruck
	}
	if s != nil && s.at.phase == after {
		l.mu.Lock()
		l.later = s
		l.mu.Unlock()
	}
	if _, err := l.far.Write(batch); err != nil {
		return err
	}
	if s != nil && s.at.phase == during {
		s.now()
		return errStruck
	}
	return nil
}

// haste answers in PostgreSQL's place, where the wire does that. Where the server has died meanwhile, what it believes
// to have committed is gone.
func (l *link) haste(point string) error {
	if l.w.hasty == nil {
		return nil
	}
	answer, pause := l.w.hasty(point, l.batch)
	if answer == nil {
		return nil
	}
	l.mu.Lock()
	l.swallow, l.open = l.swallow+1, false
	l.mu.Unlock()
	if _, err := l.near.Write(answer); err != nil {
		return err
	}
	time.Sleep(pause)
	if err := l.near.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return err
	}
	if _, err := l.from.Peek(1); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return l.near.SetReadDeadline(time.Time{})
}

// back carries PostgreSQL's answers.
func (l *link) back() error {
	r := bufio.NewReader(l.far)
	for {
		m, err := readMessage(r, true)
		var s *strike
		l.mu.Lock()
		if err != nil || m[0] == 'Z' && len(m) > 5 {
			s, l.later = l.later, nil
			l.open = err == nil && m[5] != 'I'
		}
		l.mu.Unlock()
		if err == nil && !l.given(m[0] == 'Z') {
			_, err = l.near.Write(m)
		}
		if s != nil {
			time.Sleep(rand.N(3 * time.Millisecond))
			s.now()
		}
		if err != nil {
			return err
		}
	}
}

// given is true for an answer that the server has already; end is true for its last message.
func (l *link) given(end bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.swallow > 0
	if was && end {
		l.swallow--
	}
	return was
}
