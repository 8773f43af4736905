package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// jam are readers that are stuck: much waits for each, and it takes one frame every few seconds, just often enough
// not to be cut off. So the server has a full line, a full queue and a waiting writer for every one, all the while.
type jam struct{ readers []*stuck }

type stuck struct {
	through, gone atomic.Bool
}

// stuck is how many are stuck still: neither through with what waited, nor cut off.
func (j *jam) stuck() (n int) {
	for _, k := range j.readers {
		if !k.through.Load() && !k.gone.Load() {
			n++
		}
	}
	return n
}

// jam connects n stuck readers, some devices a session; each resumes a long conversation.
func (s *shop) jam(ctx context.Context, n int) (*jam, error) {
	// More than what the two kernels and the server's queue hold together.
	const messages, devices = 250, 16
	long := strings.Repeat("much ", 780)
	a, err := s.sit(ctx, "jam")
	if err != nil {
		return nil, err
	}
	j := &jam{}
	var o session
	for i := range n {
		if i%devices == 0 {
			if o, err = s.conversation(ctx, i, a, messages, long); err != nil {
				return nil, fmt.Errorf("a long conversation: %w", err)
			}
		}
		k, err := s.stick(ctx, i, o, fmt.Appendf(nil, "message %d. much", messages-1))
		if err != nil {
			return nil, err
		}
		j.readers = append(j.readers, k)
	}
	say("%d readers are stuck", j.stuck())
	return j, nil
}

// stick connects one of them. Its kernel takes little on its behalf.
func (s *shop) stick(ctx context.Context, i int, o session, last []byte) (*stuck, error) {
	offer, err := s.offer(ctx, i, o)
	if err != nil {
		return nil, err
	}
	narrow := func(_, _ string, c syscall.RawConn) error {
		var set error
		err := c.Control(func(fd uintptr) { set = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 8<<10) })
		return errors.Join(err, set)
	}
	by := dialer()
	by.Control = narrow
	l, err := connectBy(ctx, by, s.url+"/ws/app", offer, nil)
	if err != nil {
		return nil, err
	}
	if err := l.say(resume); err != nil {
		return nil, err
	}
	k := &stuck{}
	go func() {
		for ctx.Err() == nil {
			time.Sleep(3 * time.Second)
			_, frame, err := l.conn.ReadMessage()
			if err != nil {
				k.gone.Store(true)
				return
			}
			if bytes.Contains(frame, last) {
				k.through.Store(true)
			}
		}
	}()
	return k, nil
}
