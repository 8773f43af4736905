package web

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics count what passes through the door. Names and labels are bounded; no label holds what a client sent.
type metrics struct {
	sockets  prometheus.Gauge
	accepted *prometheus.CounterVec
	refused  *prometheus.CounterVec
	closed   *prometheus.CounterVec
	frames   *prometheus.CounterVec
	errors   *prometheus.CounterVec
	handler  http.Handler
}

func newMetrics(r *prometheus.Registry) *metrics {
	m := &metrics{
		sockets:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "floorwalker_sockets", Help: "Open WebSockets."}),
		accepted: counter("floorwalker_sockets_accepted_total", "WebSockets accepted.", "route"),
		refused:  counter("floorwalker_refused_total", "Requests refused at the door.", "why"),
		closed:   counter("floorwalker_sockets_closed_total", "WebSockets closed, by the name of the close code.", "code"),
		frames:   counter("floorwalker_frames_total", "Frames, by direction and type.", "direction", "type"),
		errors:   counter("floorwalker_error_frames_total", "Error frames sent, by code.", "code"),
	}
	if r != nil {
		r.MustRegister(m.sockets, m.accepted, m.refused, m.closed, m.frames, m.errors)
		m.handler = promhttp.HandlerFor(r, promhttp.HandlerOpts{})
	}
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

// serveMetrics answers /metrics to the admin token.
func (s *Server) serveMetrics(w http.ResponseWriter, r *http.Request) {
	if err := s.admit(r.Header.Get("Authorization")); err != nil {
		writeError(w, err)
		return
	}
	if s.metrics.handler == nil {
		http.NotFound(w, r)
		return
	}
	s.metrics.handler.ServeHTTP(w, r)
}
