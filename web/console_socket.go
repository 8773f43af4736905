package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"floorwalker/desk"
	"floorwalker/dialog"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/gorilla/websocket"
)

// deskSide is what a socket has more where it is an agent's console: many conversations go over it, each
// frame says which.
type deskSide struct {
	login   desk.Login
	console *desk.Console
	// watched are the conversations that the console reads; only the socket's reader touches it.
	watched map[string]*dialog.Subscription
	once    sync.Once
}

// mostWatched is how many conversations one console reads at once.
const mostWatched = 64

// loginCheck is how often a console's login is looked at: logging out elsewhere closes it.
const loginCheck = 15 * time.Second

var (
	errWhich   = shop.Errorf(shop.CodeBadRequest, "Say in session which conversation it is.")
	errWatched = shop.Errorf(shop.CodeTooLarge, "You watch %d conversations already. Leave one first.", mostWatched)
)

// serveConsole upgrades a console: the cookie says who, the Origin must be on the console's list.
func (s *Server) serveConsole(w http.ResponseWriter, r *http.Request) {
	origins := r.Header.Values("Origin")
	if len(origins) != 1 || !s.consoleOrigins[origins[0]] || !s.consoleHost(r) {
		s.turnSocketAway(w, "origin", refuse(http.StatusForbidden, shop.CodeForbidden, "This page's origin is not on the console's list."))
		return
	}
	if !websocket.IsWebSocketUpgrade(r) {
		s.turnSocketAway(w, "handshake", refuse(http.StatusUpgradeRequired, shop.CodeBadRequest, "Connect with a WebSocket."))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.c.Times.Handshake)
	defer cancel()
	login, err := s.parts.Desk.Resume(ctx, cookieOf(r))
	if err != nil {
		if errors.Is(err, desk.ErrNoLogin) {
			code, message := shop.CodeOf(err)
			err = refuse(http.StatusUnauthorized, code, message)
		} else {
			err = s.fail(ctx, "login not found", err)
		}
		s.turnSocketAway(w, "login", err)
		return
	}
	console, err := s.parts.Desk.Open(ctx, login)
	if err != nil {
		s.turnSocketAway(w, "desk", s.fail(ctx, "console not opened", err))
		return
	}
	k := &socket{s: s, caller: caller{session: "console:" + login.Agent.ID}, frames: s.c.Limits.Frames.limiter(),
		desk: &deskSide{login: login, console: console, watched: map[string]*dialog.Subscription{}}}
	if !s.accept(w, r, k, "console") {
		console.Close()
	}
}

// beginDesk starts what brings the desk's own news to the socket.
func (k *socket) beginDesk() {
	k.works.Go(k.pumpDesk)
	k.works.Go(k.checkLogin)
}

// close ends everything that the console reads.
func (d *deskSide) close() {
	d.once.Do(func() {
		for _, sub := range d.watched {
			sub.Close()
		}
		d.console.Close()
	})
}

// pumpDesk moves what happens at the desk into the writer's queue.
func (k *socket) pumpDesk() {
	for {
		env, err := k.desk.console.Next(k.ctx)
		switch {
		case err == nil:
			k.send(env)
		case k.ctx.Err() != nil, errors.Is(err, dialog.ErrClosed):
			return
		case errors.Is(err, dialog.ErrSlowReader):
			k.close(protocol.CloseSlowReader)
			return
		default:
			k.close(protocol.CloseIdentityChanged)
			return
		}
	}
}

// checkLogin closes the console when its login has ended.
func (k *socket) checkLogin() {
	tick := time.NewTicker(loginCheck)
	defer tick.Stop()
	for {
		select {
		case <-k.ctx.Done():
			return
		case <-tick.C:
		}
		if _, err := k.s.parts.Desk.Resume(k.ctx, k.desk.login.Token); errors.Is(err, desk.ErrNoLogin) {
			k.close(protocol.CloseIdentityChanged)
			return
		}
	}
}

// doDesk is what each type of frame asks for on a console. Rights are looked at again for every frame that
// reads or tells.
func (k *socket) doDesk(ctx context.Context, env protocol.Envelope, data any) error {
	if _, ping := data.(*protocol.Ping); ping {
		pong, err := protocol.New(protocol.TypePong, protocol.Pong{}, k.s.c.Now())
		if err == nil {
			k.send(pong)
		}
		return err
	}
	if env.Session == "" {
		return errWhich
	}
	sessions, agent := k.s.parts.Sessions, k.desk.console.Agent()
	if _, leaving := data.(*protocol.SessionLeave); leaving {
		k.leave(env.Session)
		return nil
	}
	if err := k.s.parts.Desk.MaySee(ctx, agent, env.Session); err != nil {
		return err
	}
	switch d := data.(type) {
	case *protocol.SessionResume:
		return k.watch(ctx, env.Session, d)
	case *protocol.TypingStart:
		return sessions.Typing(ctx, env.Session, protocol.RoleAgent, agent.Name, true)
	case *protocol.TypingStop:
		return sessions.Typing(ctx, env.Session, protocol.RoleAgent, agent.Name, false)
	case *protocol.MessageRead:
		return sessions.Read(ctx, env.Session, protocol.RoleAgent, d.Seq)
	}
	return shop.Errorf(protocol.CodeUnknownType, "Consoles don't send %s. The desk's HTTP API does the rest.", env.Type)
}

// watch begins to read a conversation from a position on, as a customer's own socket would, and its notes.
func (k *socket) watch(ctx context.Context, session string, d *protocol.SessionResume) error {
	if k.desk.watched[session] != nil {
		k.leave(session)
	}
	if len(k.desk.watched) >= mostWatched {
		return errWatched
	}
	sub, err := k.s.parts.Sessions.Attach(ctx, session, dialog.Position{Epoch: d.Epoch, Seq: d.Seq})
	if err != nil {
		return err
	}
	if err := k.desk.console.Follow(ctx, session); err != nil {
		sub.Close()
		return fmt.Errorf("read the notes: %w", err)
	}
	k.desk.watched[session] = sub
	k.follow(sub)
	return nil
}

func (k *socket) leave(session string) {
	if sub := k.desk.watched[session]; sub != nil {
		sub.Close()
		delete(k.desk.watched, session)
	}
	k.desk.console.Unfollow(session)
}
