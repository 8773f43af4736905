package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// addresses is how many loopback addresses the load comes from, as customers come from many.
const addresses = 60

var nextAddress atomic.Int64

// dialer connects from one of the addresses.
func dialer() *net.Dialer {
	n := nextAddress.Add(1) % addresses
	return &net.Dialer{Timeout: 20 * time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(2+n))}}
}

// callers are HTTP clients, each from an address of its own.
var callers = func() (all []*http.Client) {
	for range addresses {
		d := dialer()
		all = append(all, &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DialContext: d.DialContext, MaxIdleConnsPerHost: 4}})
	}
	return all
}()

// call makes one HTTP call from the i-th address and returns the body.
func call(ctx context.Context, i int, method, url, body string, header http.Header) ([]byte, http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	if header != nil {
		r.Header = header.Clone()
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := callers[i%addresses].Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, nil, err
	}
	if answer.StatusCode >= 300 {
		return nil, nil, fmt.Errorf("%s %s: %s: %s", method, url, answer.Status, raw)
	}
	return raw, answer.Header, nil
}

// line is one WebSocket whose frames go to each, one at a time.
type line struct {
	conn    *websocket.Conn
	writing sync.Mutex
}

// open connects; each is called for every frame until the line ends.
func open(ctx context.Context, url string, protocols []string, header http.Header, each func(l *line, frame []byte)) (*line, error) {
	l, err := connect(ctx, url, protocols, header)
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			_, frame, err := l.conn.ReadMessage()
			if err != nil {
				return
			}
			each(l, frame)
		}
	}()
	return l, nil
}

// connect connects without reading.
func connect(ctx context.Context, url string, protocols []string, header http.Header) (*line, error) {
	return connectBy(ctx, dialer(), url, protocols, header)
}

// connectBy is connect with a dialer of its own.
func connectBy(ctx context.Context, by *net.Dialer, url string, protocols []string, header http.Header) (*line, error) {
	d := websocket.Dialer{NetDialContext: by.DialContext, HandshakeTimeout: 20 * time.Second, Subprotocols: protocols,
		ReadBufferSize: 1 << 10, WriteBufferSize: 1 << 10, WriteBufferPool: &sync.Pool{}}
	conn, answer, err := d.DialContext(ctx, "ws"+strings.TrimPrefix(url, "http"), header)
	if err != nil {
		if answer != nil {
			raw, _ := io.ReadAll(answer.Body) //nolint:errcheck // the status says enough
			return nil, fmt.Errorf("%s: %s", answer.Status, raw)
		}
		return nil, err
	}
	return &line{conn: conn}, nil
}

func (l *line) say(frame string) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.conn.SetWriteDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	return l.conn.WriteMessage(websocket.TextMessage, []byte(frame))
}
