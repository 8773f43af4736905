package web

import (
	"context"
	"errors"
	"net"
	"time"

	"floorwalker/dialog"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/gorilla/websocket"
)

// write is the only goroutine that writes data to the socket. It returns the code that it closed the socket
// with; the zero code when the client left or the line broke.
func (k *socket) write() (closed protocol.CloseCode) {
	t := k.s.c.Times
	ping, age := time.NewTicker(t.Ping), time.NewTimer(t.MaxAge)
	defer ping.Stop()
	defer age.Stop()
	for {
		select {
		case frame := <-k.out:
			if err := k.writeFrame(frame); err != nil {
				return k.givenUp(err)
			}
		case <-ping.C:
			if idle := k.s.c.Now().UnixNano() - k.said.Load(); time.Duration(idle) > t.Idle {
				k.close(protocol.CloseIdle)
				continue
			}
			if err := k.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(t.Write)); err != nil {
				k.cut()
				return closed
			}
		case <-age.C:
			k.close(protocol.CloseMaxAge)
		case code := <-k.closing:
			return k.writeClose(code)
		case <-k.ctx.Done():
			// Shutdown closes with a code first, so a code that waits goes before the end.
			select {
			case code := <-k.closing:
				return k.writeClose(code)
			default:
				return closed
			}
		}
	}
}

// writeFrame writes one frame within its time. After a failed write the socket is of no more use.
func (k *socket) writeFrame(frame []byte) error {
	if err := k.conn.SetWriteDeadline(time.Now().Add(k.s.c.Times.Write)); err != nil {
		return err
	}
	if err := k.conn.WriteMessage(websocket.TextMessage, frame); err != nil {
		return err
	}
	k.spoke()
	return nil
}

// givenUp ends a socket after a failed write. A client that took nothing for Times.Write is a slow reader; a
// close frame would not get through to it either.
func (k *socket) givenUp(err error) (code protocol.CloseCode) {
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		code = protocol.CloseSlowReader
	}
	select {
	case code = <-k.closing:
	default:
	}
	k.cut()
	return code
}

// writeClose sends what is queued, then the close frame, and gives the client a moment to answer it.
func (k *socket) writeClose(code protocol.CloseCode) protocol.CloseCode {
	for len(k.out) > 0 {
		if err := k.writeFrame(<-k.out); err != nil {
			k.cut()
			return code
		}
	}
	message := websocket.FormatCloseMessage(code.Code, k.s.closeReason(code))
	if err := k.conn.WriteControl(websocket.CloseMessage, message, time.Now().Add(k.s.c.Times.Write)); err != nil {
		k.cut()
		return code
	}
	// The reader ends by the client's answer or by this.
	k.cutter = time.AfterFunc(closeWait, k.cut)
	return code
}

// attach answers session.resume and begins to pump. After a position that can't be continued the client may try
// another; after a failure of ours it is told to come back.
func (k *socket) attach(ctx context.Context, d *protocol.SessionResume) error {
	sub, err := k.s.parts.Sessions.AttachDevice(ctx, k.session, k.by, dialog.Position{Epoch: d.Epoch, Seq: d.Seq})
	if err != nil {
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
		return err
	}
	k.sub = sub
	k.pumps.Go(func() { k.pump(sub) })
	return nil
}

// pump moves the session's events into the writer's queue. While the writer is held up, events gather in the
// subscription's own bounded inbox; when that runs over, the reader is slow.
func (k *socket) pump(sub *dialog.Subscription) {
	const patience = 6
	for failures := 0; ; {
		env, err := sub.Next(k.ctx)
		switch {
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
		select {
		case k.out <- frame:
			k.s.metrics.frames.WithLabelValues("out", string(env.Type)).Inc()
		case <-sub.Done():
			// The next look says why.
		case <-k.ctx.Done():
			return
		}
	}
}
