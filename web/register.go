package web

import (
	"net/http"
	"sync"

	"floorwalker/shop"
)

// register knows every open socket of this process.
type register struct {
	most, perSession int

	mu       sync.Mutex
	shut     bool
	sockets  map[*socket]struct{}
	sessions map[string]int
	gone     sync.WaitGroup
}

func newRegister(most, perSession int) *register {
	return &register{most: most, perSession: perSession, sockets: map[*socket]struct{}{}, sessions: map[string]int{}}
}

// enter takes a place for the socket, or says why there is none. leave gives it back.
func (r *register) enter(k *socket) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.shut:
		return refuse(http.StatusServiceUnavailable, "draining", "This server is going down. Connect again.")
	case len(r.sockets) >= r.most:
		return refuse(http.StatusServiceUnavailable, shop.CodeBusy, "This server is full. Wait a little and connect again.")
	case r.sessions[k.session] >= r.perSession:
		return refuse(http.StatusTooManyRequests, shop.CodeRateLimit, "This conversation is open in too many places. Close one of them.")
	}
	r.sockets[k] = struct{}{}
	r.sessions[k.session]++
	r.gone.Add(1)
	return nil
}

func (r *register) leave(k *socket) {
	r.mu.Lock()
	delete(r.sockets, k)
	if r.sessions[k.session]--; r.sessions[k.session] == 0 {
		delete(r.sessions, k.session)
	}
	r.mu.Unlock()
	r.gone.Done()
}

// all lists the open sockets and lets no more in.
func (r *register) all() []*socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shut = true
	open := make([]*socket, 0, len(r.sockets))
	for k := range r.sockets {
		open = append(open, k)
	}
	return open
}

// each calls f for every open socket.
func (r *register) each(f func(k *socket)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for k := range r.sockets {
		f(k)
	}
}

// wait returns when every socket has left; all was called before.
func (r *register) wait() { r.gone.Wait() }
