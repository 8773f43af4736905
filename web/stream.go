package web

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"floorwalker/dialog"
	"floorwalker/protocol"
	"floorwalker/shop"
)

// Where clients go for whom WebSockets are blocked. The stream is a socket like any other, for which frames of the
// client come by POST, to any replica.
const (
	streamPath = "/api/stream"
	framesPath = "/api/frames"
)

var errStreamResumes = shop.Errorf(shop.CodeBadRequest, "A stream is resumed as it is opened: POST %s.", streamPath)

// serveStream answers session.resume, sent with a ticket, with the session's events.
func (s *Server) serveStream(w http.ResponseWriter, r *http.Request) {
	env, data, err := decodeBody(w, r)
	resume, ok := data.(*protocol.SessionResume)
	if err == nil && !ok {
		err = errResumeFirst
	}
	if err != nil {
		s.turnSocketAway(w, "handshake", s.fail(r.Context(), "stream not opened", err))
		return
	}
	c, why, err := s.redeem(r, bearer(r.Header.Get("Authorization")))
	if err == nil && env.Session != "" && env.Session != c.session {
		why, err = "session", refuse(http.StatusUnauthorized, shop.CodeForbidden, "This ticket is for another session.")
	}
	if err != nil {
		s.turnSocketAway(w, why, err)
		return
	}
	k := &socket{s: s, caller: c}
	if err := s.sockets.enter(k); err != nil {
		s.turnSocketAway(w, "full", err)
		return
	}
	defer s.sockets.leave(k)
	stream, err := newEventStream(w)
	if err != nil {
		s.log.Debug("stream not opened", "session", c.session, "error", err)
		return
	}
	s.metrics.accepted.WithLabelValues("stream").Inc()
	s.metrics.sockets.Inc()
	defer s.metrics.sockets.Dec()
	k.listen = func() error {
		select {
		case <-stream.gone:
			return nil
		case <-r.Context().Done():
			return r.Context().Err()
		}
	}
	k.resuming.Store(true)
	k.begin(stream)
	ctx, cancel := context.WithTimeout(k.ctx, s.c.Times.Request)
	k.attach(ctx, env, resume)
	cancel()
	k.run()
}

// framesAnswer is what the server says to a frame that came by POST.
type framesAnswer struct {
	// Frames are the acknowledgement, the error or the pong; empty where the answer comes by the stream.
	Frames []protocol.Envelope `json:"frames"`
}

// serveFrames does what one frame asks for, for a client that shows its session's secret.
func (s *Server) serveFrames(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), s.c.Times.Request)
	defer cancel()
	env, data, unreadable := decodeBody(w, r)
	session, err := s.authenticate(ctx, r.Header.Get("Authorization"), env.Session)
	switch {
	case err == nil && s.c.VerifiedOnly && session.Customer == "":
		err = errStranger
	case err == nil && !s.frameRate.allow(session.Device):
		err = s.fail(ctx, "frame not done", errRate)
	}
	if err != nil {
		writeError(w, err)
		return
	}
	answer := framesAnswer{Frames: []protocol.Envelope{}}
	reply, err := s.actBy(ctx, s.callerOf(r, session), env, data, unreadable)
	if errors.Is(err, dialog.ErrSignedOut) {
		code, message := shop.CodeOf(err)
		writeError(w, refuse(http.StatusUnauthorized, code, message))
		return
	}
	if err != nil {
		failed := s.errorFrame(err, env)
		reply = &failed
	}
	if reply != nil {
		answer.Frames = append(answer.Frames, *reply)
		s.metrics.frames.WithLabelValues("out", string(reply.Type)).Inc()
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(answer) //nolint:errcheck // the client has gone
}

// actBy is act for a frame that came by POST and may not be readable.
func (s *Server) actBy(ctx context.Context, c caller, env protocol.Envelope, data any, unreadable error) (*protocol.Envelope, error) {
	if unreadable != nil {
		s.metrics.frames.WithLabelValues("in", "unreadable").Inc()
		return nil, unreadable
	}
	s.metrics.frames.WithLabelValues("in", string(env.Type)).Inc()
	if _, ok := data.(*protocol.SessionResume); ok {
		return nil, errStreamResumes
	}
	return s.act(ctx, c, env, data)
}

// decodeBody reads the one frame that the request's body is.
func decodeBody(w http.ResponseWriter, r *http.Request) (protocol.Envelope, any, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, protocol.MaxFrame+1))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return protocol.Envelope{}, nil, errTooLarge
	}
	if err != nil {
		return protocol.Envelope{}, nil, &shop.Error{Code: protocol.CodeBadJSON, Message: "The body did not arrive whole. Send it again.", Cause: err}
	}
	return protocol.DecodeClient(raw)
}
