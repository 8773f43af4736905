package web

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime/debug"
	"time"

	"floorwalker/dialog"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/gorilla/websocket"
)

// Errors of frames that are read past.
var (
	errTooLarge    = shop.Errorf(shop.CodeTooLarge, "A frame may hold %d KiB. Send less at a time.", protocol.MaxFrame>>10)
	errBinary      = shop.Errorf(protocol.CodeBadJSON, "The frame is binary. Send text frames.")
	errRate        = shop.Errorf(shop.CodeRateLimit, "Too many frames in too short a time. Slow down and send it again.")
	errMessageRate = shop.Errorf(shop.CodeRateLimit, "You write faster than we can read. Wait a moment and send it again.")
	errResumeFirst = shop.Errorf(protocol.CodeResumeFirst, "The first frame on a socket is session.resume. Send it, empty if you know nothing yet.")
	errResumed     = shop.Errorf(shop.CodeBadRequest, "This socket is resumed already. Connect again to resume elsewhere.")
	errOverloaded  = shop.Errorf(shop.CodeBusy, "The shop is very busy. Send it again in a moment.")
	errNoDesk      = shop.Errorf(shop.CodeBadRequest, "This shop has no desk.")
	errNoEvents    = shop.Errorf(shop.CodeBadRequest, "This shop keeps no events.")
	errEventRate   = shop.Errorf(shop.CodeRateLimit, "Too many events. Gather them and send them every few seconds.")
	errNoCarts     = shop.Errorf(shop.CodeBadRequest, "This shop keeps no carts here.")
)

// patienceOverRate is how many frames over the rate, in a row, close the socket.
const patienceOverRate = 100

// read reads frames until the socket ends, and does what they say. Its error says why it ended.
func (k *socket) read() error {
	t := k.s.c.Times
	k.conn.SetReadLimit(k.s.c.Limits.MaxDiscard)
	k.conn.SetPongHandler(func(string) error { return k.expect(t.Pong) })
	pings := k.s.c.Limits.Frames.limiter()
	k.conn.SetPingHandler(func(data string) error {
		if !pings.AllowN(k.s.c.Now(), 1) {
			k.close(protocol.CloseRateLimited)
			return nil
		}
		if err := k.expect(t.Pong); err != nil {
			return err
		}
		return k.conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(t.Write))
	})
	if err := k.expect(t.Pong); err != nil {
		return err
	}
	for {
		frame, err := k.next()
		switch {
		case k.shut.Load() && err == nil:
			// Read past until the client answers the close frame: ending the line with bytes unread could
			// take the frame from it.
		case err == nil:
			// A goroutine of its own, so that the stack that the work needs goes with it: the reader's stays small.
			done := make(chan struct{})
			go func() {
				defer close(done)
				k.handle(frame)
			}()
			<-done
		case errors.Is(err, errTooLarge), errors.Is(err, errBinary):
			k.unreadable(err, protocol.Envelope{})
		default:
			if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
				k.close(protocol.CloseIdle)
			}
			return err
		}
	}
}

// expect sets by when something must have come.
func (k *socket) expect(within time.Duration) error {
	return k.conn.SetReadDeadline(time.Now().Add(within))
}

// next reads one frame. What is too large is read past without being kept, so that the socket lives on.
func (k *socket) next() ([]byte, error) {
	kind, r, err := k.conn.NextReader()
	if err != nil {
		return nil, err
	}
	// From here the whole frame must come within its time, however many pieces it is in.
	if err := k.expect(k.s.c.Times.Message); err != nil {
		return nil, err
	}
	k.spoke()
	frame, err := io.ReadAll(io.LimitReader(r, protocol.MaxFrame+1))
	if err != nil {
		return nil, err
	}
	if len(frame) > protocol.MaxFrame {
		if _, err := io.Copy(io.Discard, r); err != nil {
			return nil, err
		}
		return nil, errors.Join(errTooLarge, k.expect(k.s.c.Times.Pong))
	}
	if kind != websocket.TextMessage {
		return nil, errors.Join(errBinary, k.expect(k.s.c.Times.Pong))
	}
	return frame, k.expect(k.s.c.Times.Pong)
}

// unreadable answers a frame that can't be read, and gives up on a client that sends nothing else.
func (k *socket) unreadable(err error, env protocol.Envelope) {
	k.s.metrics.frames.WithLabelValues("in", "unreadable").Inc()
	k.answer(err, env)
	if k.bad++; k.bad >= k.s.c.Limits.BadFrames {
		k.close(protocol.CloseBadProtocol)
	}
}

// answer tells the client that something could not be done.
func (k *socket) answer(err error, env protocol.Envelope) {
	named := env
	if k.desk == nil {
		named.Session = k.session
	}
	k.send(k.s.errorFrame(err, named))
}

// handle does what one frame says, and answers what can't be done.
func (k *socket) handle(frame []byte) {
	if !k.frames.AllowN(k.s.c.Now(), 1) {
		k.answer(errRate, protocol.Envelope{})
		if k.overrate++; k.overrate > patienceOverRate {
			k.close(protocol.CloseRateLimited)
		}
		return
	}
	k.overrate = 0
	decode := protocol.DecodeClient
	if k.desk != nil {
		decode = protocol.DecodeConsole
	}
	env, data, err := decode(frame)
	if err != nil {
		k.unreadable(err, env)
		return
	}
	k.bad = 0
	k.s.metrics.frames.WithLabelValues("in", string(env.Type)).Inc()
	defer func() {
		if p := recover(); p != nil {
			k.s.log.Error("a frame panicked", "type", env.Type, "panic", p, "stack", string(debug.Stack()))
			k.close(protocol.CloseInternal)
		}
	}()
	ctx, cancel := context.WithTimeout(k.ctx, k.s.c.Times.Request)
	defer cancel()
	if err := k.do(ctx, env, data); err != nil && k.ctx.Err() == nil {
		k.answer(err, env)
	}
}

// do is what each type asks for. Every frame goes to the session that the socket's ticket was for, whatever
// session it names; one that names another is refused.
func (k *socket) do(ctx context.Context, env protocol.Envelope, data any) error {
	if k.desk != nil {
		return k.doDesk(ctx, env, data)
	}
	if env.Session != "" && env.Session != k.session {
		return dialog.ErrNoSession
	}
	if resume, ok := data.(*protocol.SessionResume); ok {
		if k.sub != nil {
			return errResumed
		}
		k.resuming.Store(true)
		k.attach(ctx, env, resume)
		return nil
	}
	if _, ping := data.(*protocol.Ping); !ping && k.sub == nil {
		return errResumeFirst
	}
	reply, err := k.s.act(ctx, k.caller, env, data)
	if errors.Is(err, dialog.ErrSignedOut) {
		k.answer(err, env)
		k.close(protocol.CloseIdentityChanged)
		return nil
	}
	if reply != nil {
		k.send(*reply)
	}
	return err
}
