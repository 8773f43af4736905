package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"floorwalker/behaviour"
	"floorwalker/dialog"
	"floorwalker/protocol"
	"floorwalker/shop"
)

// caller is whose frames are done: a customer's device in its session.
type caller struct {
	session string
	// by is whose right it has, and where that device is.
	by dialog.Device
	// owner is whose cart it is: the verified customer, else the session.
	owner string
}

// callerOf is the device that authenticated for the session, where the request comes from.
func (s *Server) callerOf(r *http.Request, session dialog.Session) caller {
	c := caller{session: session.ID, by: dialog.Device{ID: session.Device, Network: addressKey(s.clientAddress(r)), Platform: session.Platform}, owner: session.Customer}
	orElse(&c.owner, session.ID)
	return c
}

// act does what one frame of a customer asks for; session.resume is the line's own. The reply is what goes back to
// the caller alone. dialog.ErrSignedOut says that the device has no right to its session any more: it is looked at with
// each frame, so that nothing is done for one that logged out elsewhere.
func (s *Server) act(ctx context.Context, c caller, env protocol.Envelope, data any) (reply *protocol.Envelope, err error) {
	sessions := s.parts.Sessions
	if err := sessions.Authorise(ctx, c.by.ID); err != nil {
		return nil, err
	}
	ctx = behaviour.WithPlatform(ctx, c.by.Platform)
	switch d := data.(type) {
	case *protocol.MessageSend:
		if !s.messageRate.allow(c.owner) || !s.addressMessageRate.allow(c.by.Network) {
			return nil, errMessageRate
		}
		post := dialog.PostRequest{ClientMsgID: env.ClientMsgID, Text: d.Text, Locale: d.Locale, Replaces: d.Replaces, LessLike: d.LessLike, Platform: c.by.Platform}
		if d.Picture != "" {
			if s.parts.Pictures == nil {
				return nil, errNoPictures
			}
			sent, err := s.parts.Pictures.Send(ctx, c.session, d.Picture)
			if err != nil {
				return nil, err
			}
			post.Picture = &sent
		}
		ack, err := sessions.Post(ctx, c.session, post)
		if err != nil {
			return nil, err
		}
		accepted := protocol.AcceptedEnvelope(ack, c.session, s.c.Now())
		return &accepted, nil
	case *protocol.TurnStop:
		return nil, sessions.Interrupt(ctx, c.session, d.MessageID)
	case *protocol.TypingStart:
		return nil, sessions.Typing(ctx, c.session, protocol.RoleCustomer, "", true)
	case *protocol.TypingStop:
		return nil, sessions.Typing(ctx, c.session, protocol.RoleCustomer, "", false)
	case *protocol.MessageRead:
		return nil, sessions.Read(ctx, c.session, protocol.RoleCustomer, d.Seq)
	case *protocol.HandoffRequest:
		_, err := sessions.AskPerson(ctx, c.session, "customer_asked", "")
		return nil, err
	case *protocol.ContactSend:
		if s.parts.Desk == nil {
			return nil, errNoDesk
		}
		return nil, s.parts.Desk.Contact(ctx, c.session, env.ClientMsgID, *d)
	case *protocol.SatisfactionSend:
		if s.parts.Desk == nil {
			return nil, errNoDesk
		}
		return nil, s.parts.Desk.Satisfied(ctx, c.session, *d)
	case *protocol.CartSet:
		if s.parts.Carts == nil {
			return nil, errNoCarts
		}
		ctx := behaviour.WithPlace(ctx, behaviour.Place{RankingID: d.RankingID, Position: d.Position})
		cart, err := s.parts.Carts.Set(ctx, c.owner, d.SKU, d.Quantity)
		if err != nil {
			return nil, err
		}
		return nil, sessions.CartChanged(ctx, c.session, cart)
	case *protocol.CardDecline:
		return nil, sessions.Decline(ctx, c.session, *d)
	case *protocol.ContextSet:
		return nil, sessions.SetPage(ctx, c.session, shop.Page{Product: d.Product, Title: d.Page})
	case *protocol.EventsSend:
		receipt, err := s.events(ctx, c, d)
		if err != nil {
			return nil, err
		}
		return s.replyTo(env, c, protocol.TypeEventsAccepted, receipt)
	case *protocol.Ping:
		return s.replyTo(env, c, protocol.TypePong, protocol.Pong{})
	}
	return nil, fmt.Errorf("no handler for %s", env.Type)
}

// replyTo answers a frame of the caller's with another.
func (s *Server) replyTo(to protocol.Envelope, c caller, typ protocol.Type, data any) (*protocol.Envelope, error) {
	env, err := protocol.New(typ, data, s.c.Now())
	if err != nil {
		return nil, err
	}
	env.Session, env.ClientMsgID = c.session, to.ClientMsgID
	return &env, nil
}

// errorFrame tells a client that the frame could not be done, and the operators where that is our fault.
func (s *Server) errorFrame(err error, env protocol.Envelope) protocol.Envelope {
	if errors.Is(err, context.DeadlineExceeded) {
		err = errOverloaded
	}
	if code, _ := shop.CodeOf(err); code == shop.CodeInternal {
		s.log.Error("frame not done", "session", env.Session, "type", env.Type, "error", err)
	}
	reply := protocol.ErrorEnvelope(err, env, s.c.Now())
	var data protocol.Error
	if reply.Into(&data) == nil {
		s.metrics.errors.WithLabelValues(data.Code).Inc()
	}
	return reply
}
