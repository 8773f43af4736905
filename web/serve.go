package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"floorwalker/protocol"
)

// Serve answers on the listener until ctx ends. Then it stops in order, and returns when that is done: no new
// sockets; Parts.Drain, so that answers being written reach their readers; every socket closed with a code
// that says come back, each with a wait of its own, so that clients do not all return at once.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: s, ReadHeaderTimeout: s.c.Times.Handshake, ReadTimeout: 30 * time.Second,
		WriteTimeout: 60 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	var tasks sync.WaitGroup
	tasks.Go(func() { s.tickets.sweepUntil(s.base, s.log) })
	tasks.Go(func() { s.tendUntil(s.base) })
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	var served error
	select {
	case served = <-failed:
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.c.Times.Stop)
	defer cancel()
	err := s.stop(stopping, server)
	if served == nil {
		served = <-failed
	}
	tasks.Wait()
	if !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(fmt.Errorf("serve %s: %w", l.Addr(), served), err)
	}
	return err
}

// tendUntil pings the sockets, and closes those that are silent, too old or never resumed.
func (s *Server) tendUntil(ctx context.Context) {
	t := s.c.Times
	tick := time.NewTicker(min(max(min(t.Ping, t.Handshake, t.Idle, t.MaxAge)/20, 5*time.Millisecond), time.Second))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			age := s.age()
			s.sockets.each(func(k *socket) { k.tend(age) })
		}
	}
}

func (s *Server) stop(ctx context.Context, server *http.Server) error {
	s.stopping.Store(true)
	// This ends the listener and plain requests. Streams are requests too, and end with the sockets below.
	ended := make(chan error, 1)
	go func() { ended <- server.Shutdown(ctx) }()
	var errs []error
	if s.parts.Drain != nil {
		draining, cancel := context.WithTimeout(ctx, s.c.Times.Drain)
		if err := s.parts.Drain(draining); err != nil {
			errs = append(errs, fmt.Errorf("drain turns: %w", err))
		}
		cancel()
	}
	open := s.sockets.all()
	settle(ctx, open)
	for _, k := range open {
		k.close(protocol.CloseServiceRestart)
	}
	s.endBase()
	cut := context.AfterFunc(ctx, func() {
		for _, k := range open {
			k.cut()
		}
	})
	defer cut()
	s.sockets.wait()
	if err := <-ended; err != nil {
		errs = append(errs, fmt.Errorf("end requests: %w", err), server.Close())
	}
	return errors.Join(errs...)
}

// settle waits, not for long, until the sockets have what was logged so far: a close frame overtakes what is still on its way.
func settle(ctx context.Context, open []*socket) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for slices.ContainsFunc(open, func(k *socket) bool { return k.pumping.Load() > 0 }) {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
