package web

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"floorwalker/dialog"
	"floorwalker/protocol"
	"floorwalker/shop"
)

// send queues an envelope for the client. It waits for room, and no longer than the socket lives: a client that
// sends more than it reads is so held up itself.
func (k *socket) send(env protocol.Envelope) {
	frame, err := env.Encode()
	if err != nil {
		k.s.log.Error("frame not written", "session", k.session, "type", env.Type, "error", err)
		return
	}
	if k.enqueue(frame) {
		k.s.metrics.frames.WithLabelValues("out", string(env.Type)).Inc()
	}
}

// enqueue puts a frame into the writer's queue as soon as there is room. It is false where the socket takes no more.
func (k *socket) enqueue(frame []byte) bool {
	for {
		k.mu.Lock()
		if !k.writable || k.code.Code != 0 {
			k.mu.Unlock()
			return false
		}
		if len(k.out) < k.s.c.Limits.Queue {
			k.out = append(k.out, frame)
			k.wakeLocked()
			k.mu.Unlock()
			return true
		}
		if k.space == nil {
			k.space = make(chan struct{})
		}
		space := k.space
		k.mu.Unlock()
		select {
		case <-space:
		case <-k.ctx.Done():
			return false
		}
	}
}

// wakeLocked sets the writer to work, unless it is.
func (k *socket) wakeLocked() {
	if k.writable && !k.writing {
		k.writing = true
		k.works.Go(k.write)
	}
}

// end lets nothing more be written but a close frame that is due.
func (k *socket) end() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.code.Code == 0 {
		k.endLocked()
		k.wire.Close() // frees a writer that is stuck in it
	}
}

func (k *socket) endLocked() {
	k.writable, k.out = false, nil
	k.madeRoomLocked()
}

func (k *socket) madeRoomLocked() {
	if k.space != nil {
		close(k.space)
		k.space = nil
	}
}

// write writes what waits, and returns when nothing does. No other goroutine writes data to the socket.
func (k *socket) write() {
	for k.writeNext() {
	}
}

func (k *socket) writeNext() (more bool) {
	k.mu.Lock()
	var frame []byte
	ping, code := k.ping, k.code
	switch {
	case !k.writable:
		ping, code = false, protocol.CloseCode{}
	case ping:
		k.ping = false
	case len(k.out) > 0:
		if frame, k.out = k.out[0], k.out[1:]; len(k.out) == 0 {
			k.out = nil // a silent socket keeps no memory for what once waited
		}
		k.madeRoomLocked()
	}
	k.writing = ping || frame != nil || code.Code != 0
	more = k.writing
	k.mu.Unlock()
	var err error
	switch {
	case ping:
		err = k.wire.ping(time.Now().Add(k.s.c.Times.Write))
	case frame != nil:
		err = k.writeFrame(frame)
	case code.Code != 0:
		err = k.writeClose(code)
	}
	if err != nil {
		k.givenUp(err)
	}
	return more
}

// writeFrame writes one frame within its time. After a failed write the socket is of no more use.
func (k *socket) writeFrame(frame []byte) error {
	if err := k.wire.frame(frame, time.Now().Add(k.s.c.Times.Write)); err != nil {
		return err
	}
	k.spoke()
	return nil
}

// givenUp ends a socket after a failed write. A client that took nothing for Times.Write is a slow reader; a
// close frame would not get through to it either.
func (k *socket) givenUp(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		k.closed = protocol.CloseSlowReader
	}
	if k.code.Code != 0 {
		k.closed = k.code
	}
	k.endLocked()
	k.wire.Close()
}

// writeClose writes the close frame, the last of all, and gives the client a moment to answer it.
func (k *socket) writeClose(code protocol.CloseCode) error {
	if err := k.wire.bye(code.Code, k.s.closeReason(code), time.Now().Add(k.s.c.Times.Write)); err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = code
	k.endLocked()
	// The reader ends by the client's answer or by this.
	k.cutter = time.AfterFunc(closeWait, k.cut)
	return nil
}

// attach answers session.resume and begins to pump. After a position that can't be continued the client may try
// another; after a failure of ours it is told to come back.
func (k *socket) attach(ctx context.Context, env protocol.Envelope, d *protocol.SessionResume) {
	sub, err := k.s.parts.Sessions.AttachDevice(ctx, k.session, k.by, dialog.Position{Epoch: d.Epoch, Seq: d.Seq})
	if err != nil {
		k.answer(err, env)
		code, _ := shop.CodeOf(err)
		switch {
		case errors.Is(err, dialog.ErrNoSession):
			k.close(protocol.CloseSessionUnknown)
		case errors.Is(err, dialog.ErrSignedOut):
			k.close(protocol.CloseIdentityChanged)
		case code == shop.CodeBusy:
			k.close(protocol.CloseOverloaded)
		case code == shop.CodeInternal:
			k.close(protocol.CloseInternal)
		}
		return
	}
	k.sub = sub
	k.resumed.Store(true)
	k.follow(sub)
}

// pump moves a session's events into the writer's queue. It works while there are any; the subscription wakes it.
type pump struct {
	k   *socket
	sub *dialog.Subscription

	mu sync.Mutex
	// working is true while run is at work; again is true when there may be more than it saw.
	working, again bool
}

// follow lets the events of a subscription reach the client from now on, until the subscription is closed.
func (k *socket) follow(sub *dialog.Subscription) {
	sub.Notify((&pump{k: k, sub: sub}).wake)
}

func (p *pump) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.again = p.working; !p.working {
		p.working = true
		p.k.pumping.Add(1)
		p.k.works.Go(func() {
			defer p.k.pumping.Add(-1)
			p.run()
		})
	}
}

// rest is true when there is nothing more to do.
func (p *pump) rest() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.working, p.again = p.again, false
	return !p.working
}

// run gives out what there is. While the writer is held up, events gather in the subscription's own bounded inbox;
// when that runs over, the reader is slow. When the socket or the subscription has ended, it does not come to rest,
// so that it is not woken again.
func (p *pump) run() {
	const patience = 6
	k, failures := p.k, 0
	for {
		env, ok, err := p.sub.Take(k.ctx)
		switch {
		case err == nil && !ok:
			if p.rest() {
				return
			}
			continue
		case err == nil:
			failures = 0
		case k.ctx.Err() != nil, errors.Is(err, dialog.ErrClosed):
			return
		case errors.Is(err, dialog.ErrSlowReader):
			k.close(protocol.CloseSlowReader)
			return
		case errors.Is(err, dialog.ErrSignedOut):
			k.close(protocol.CloseIdentityChanged)
			return
		case errors.Is(err, dialog.ErrNoSession):
			k.close(protocol.CloseSessionUnknown)
			return
		default:
			// PostgreSQL may be back in a moment; nothing is lost by asking again.
			failures++
			k.s.log.Warn("events not read", "session", k.session, "failures", failures, "error", err)
			if failures == patience {
				k.close(protocol.CloseInternal)
				return
			}
			select {
			case <-time.After(100 * time.Millisecond << failures):
			case <-k.ctx.Done():
				return
			}
			continue
		}
		frame, err := env.Encode()
		if err != nil {
			k.s.log.Error("event not written", "session", k.session, "type", env.Type, "error", err)
			k.close(protocol.CloseInternal)
			return
		}
		if !k.enqueue(frame) {
			return
		}
		k.s.metrics.frames.WithLabelValues("out", string(env.Type)).Inc()
	}
}
