package llm

import (
	"log/slog"
	"net/http"
	"time"
)

// Options set up a Client. The zero value of each field stands for its default.
type Options struct {
	// Concurrency is how many calls run at once; others wait in line. Default 1, right for a CPU.
	Concurrency int
	// Wait is the longest time in that line. Default 1 s.
	Wait time.Duration
	// JSONTimeout is the deadline of a JSON call without the time in line. Default 5 s.
	JSONTimeout time.Duration
	// FirstToken is the deadline for the first token of a stream. Default 4 s.
	FirstToken time.Duration
	// NextToken is the longest pause between tokens. Default 2 s.
	NextToken time.Duration
	// StreamTimeout is the deadline of a whole stream. Default 30 s.
	StreamTimeout time.Duration
	// JSONTokens and StreamTokens bound the length of an answer. Defaults 200 and 160.
	JSONTokens, StreamTokens int
	// MaxBytes bounds the text of an answer whatever the server says. Default 16 KiB.
	MaxBytes int
	// ContextTokens is the context window asked for. Default 2048.
	ContextTokens int
	// Temperature is for streams; JSON is always asked for at 0. Default 0.
	Temperature float64
	// Seed is fixed so that the same prompt gives the same answer. Default 1.
	Seed int
	// KeepAlive is how long the server keeps the model in memory after a call. Default 1 h.
	KeepAlive time.Duration
	// ProbeDown and ProbeUp are the pauses between looks at the server while the model is away and while it
	// is there. Defaults 2 s and 10 s.
	ProbeDown, ProbeUp time.Duration
	// ProbeTimeout is the deadline of one look. Default 3 s.
	ProbeTimeout time.Duration
	// LoadTimeout is how long loading the model into memory may take when it comes into use. Default 2 min.
	LoadTimeout time.Duration
	// Trip is how many failures in a row open the breaker. Default 3.
	Trip int
	// Rest is how long the breaker then stays open. Default 10 s.
	Rest time.Duration
	// Budget bounds what each payer may ask; nil bounds nobody.
	Budget Budget
	// Adapter makes the model where the server lacks it; nil where it is the server's own.
	Adapter *Adapter
	// HTTP makes the requests. Default a client of its own without an overall timeout.
	HTTP *http.Client
	// Logger gets what operators need. Default: discard.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	set := func(d *time.Duration, to time.Duration) {
		if *d <= 0 {
			*d = to
		}
	}
	count := func(n *int, to int) {
		if *n <= 0 {
			*n = to
		}
	}
	count(&o.Concurrency, 1)
	set(&o.Wait, time.Second)
	set(&o.JSONTimeout, 5*time.Second)
	set(&o.FirstToken, 4*time.Second)
	set(&o.NextToken, 2*time.Second)
	set(&o.StreamTimeout, 30*time.Second)
	count(&o.JSONTokens, 200)
	count(&o.StreamTokens, 160)
	count(&o.MaxBytes, 16<<10)
	count(&o.ContextTokens, 2048)
	count(&o.Seed, 1)
	set(&o.KeepAlive, time.Hour)
	set(&o.ProbeDown, 2*time.Second)
	set(&o.ProbeUp, 10*time.Second)
	set(&o.ProbeTimeout, 3*time.Second)
	set(&o.LoadTimeout, 2*time.Minute)
	count(&o.Trip, 3)
	set(&o.Rest, 10*time.Second)
	if o.HTTP == nil {
		o.HTTP = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}
