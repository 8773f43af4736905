package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"floorwalker/protocol"
	"floorwalker/shop"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Conversations know what was said, and who hears it; *dialog.Manager.
type Conversations interface {
	// MessageNews is the message logged as seq, and whether its customer has read it. shop.CodeNotFound where it is not kept.
	MessageNews(ctx context.Context, sessionID string, seq int64) (protocol.MessageNews, bool, error)
	// Present is true while a device of the session is connected to any replica.
	Present(ctx context.Context, sessionID string) bool
}

// Options tune a Sender. URL and Secret are needed.
type Options struct {
	// URL is the receiver: https, or http to an address within Allow.
	URL string
	// Secret signs: "whsec_" and at least 24 bytes in base64.
	Secret string
	// Allow are networks that the URL may lead to although they are not public.
	Allow []netip.Prefix
	// Timeout bounds one try. Default 10 s.
	Timeout time.Duration
	// FirstRetry is after how long a delivery that failed is tried again; each wait is twice the one before, up to
	// MaxRetry, less up to half of it at random. Defaults 5 s and 1 h.
	FirstRetry, MaxRetry time.Duration
	// MaxAttempts is how often it is tried before it is dead. Default 15: about seven hours.
	MaxAttempts int
	// Doubt is after how long a customer who seemed to be connected and has not read is looked at again: a line that is
	// dead without a word is found by then. Default 75 s.
	Doubt time.Duration
	// Every is how often it looks for what is due. Default 1 s.
	Every time.Duration
	// Now is the clock of the signature's time stamp. Default time.Now.
	Now func() time.Time
	// Random spreads retries. Default seeded by the system.
	Random *rand.Rand
	// Logger gets what operators need. Default: discard.
	Logger *slog.Logger
}

func orElse[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

// Sender posts what is due. It may run in every replica.
type Sender struct {
	outbox *Outbox
	talk   Conversations
	o      Options
	sign   *standardwebhooks.Webhook
	http   *http.Client
	log    *slog.Logger
	random sync.Mutex
}

// NewSender makes a sender; Run makes it work. A URL that may not be posted to is an error.
func NewSender(outbox *Outbox, talk Conversations, o Options) (*Sender, error) {
	orElse(&o.Timeout, 10*time.Second)
	orElse(&o.FirstRetry, 5*time.Second)
	orElse(&o.MaxRetry, time.Hour)
	orElse(&o.MaxAttempts, 15)
	orElse(&o.Doubt, 75*time.Second)
	orElse(&o.Every, time.Second)
	orElse(&o.Logger, slog.New(slog.DiscardHandler))
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	sign, err := signer(o.Secret)
	if err != nil {
		return nil, err
	}
	client, err := guarded(o)
	if err != nil {
		return nil, err
	}
	return &Sender{outbox: outbox, talk: talk, o: o, sign: sign, http: client, log: o.Logger}, nil
}

const (
	// batch is how many deliveries one look takes, atOnce how many are posted at a time.
	batch, atOnce = 64, 8
	// keepEnded is how long ended deliveries are kept, to be replayed; forgetEvery how often they are looked for.
	keepEnded, forgetEvery = 30 * 24 * time.Hour, time.Hour
)

// Run posts until ctx ends. A try under way is then broken off and made again later.
func (s *Sender) Run(ctx context.Context) error {
	tick, old := time.NewTicker(s.o.Every), time.NewTicker(forgetEvery)
	defer tick.Stop()
	defer old.Stop()
	defer s.http.CloseIdleConnections()
	for {
		if err := s.round(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("webhook deliveries not looked for", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-old.C:
			if err := s.outbox.forget(ctx, keepEnded); err != nil && ctx.Err() == nil {
				s.log.Warn("old webhook deliveries not deleted", "error", err)
			}
		}
	}
}

// round looks after everything that is due.
func (s *Sender) round(ctx context.Context) error {
	for ctx.Err() == nil {
		// The lease is longer than all that one of the batch may wait for: its turn, and its try.
		due, err := s.outbox.take(ctx, batch, (batch/atOnce+1)*(s.o.Timeout+time.Second))
		if err != nil || len(due) == 0 {
			return err
		}
		var all sync.WaitGroup
		free := make(chan struct{}, atOnce)
		for _, d := range due {
			free <- struct{}{}
			all.Go(func() {
				defer func() { <-free }()
				if err := s.deliver(ctx, d); err != nil && ctx.Err() == nil {
					s.log.Warn("webhook delivery not noted", "delivery", d.ID, "error", err)
				}
			})
		}
		all.Wait()
	}
	return nil
}

// deliver does with one delivery what is to be done now.
func (s *Sender) deliver(ctx context.Context, d Delivery) error {
	news, read, err := s.talk.MessageNews(ctx, d.Session, d.Seq)
	if code, _ := shop.CodeOf(err); err != nil && code == shop.CodeNotFound {
		return s.outbox.end(ctx, d, StateDead, "the message is not kept any more")
	}
	if err != nil {
		return err
	}
	if !d.Replayed {
		if read {
			return s.outbox.end(ctx, d, StateSeen, "")
		}
		if s.talk.Present(ctx, d.Session) {
			if d.Doubted {
				return s.outbox.end(ctx, d, StateSeen, "")
			}
			d.Doubted = true
			return s.outbox.later(ctx, d, s.o.Doubt, d.LastError)
		}
	}
	failed := s.post(ctx, d, news)
	if ctx.Err() != nil {
		return ctx.Err() // the lease ends, and it is posted again
	}
	d.Attempts++
	switch {
	case failed == nil:
		return s.outbox.end(ctx, d, StateSent, "")
	case d.Attempts >= s.o.MaxAttempts, errors.Is(failed, errGone):
		s.log.Error("webhook delivery is given up; floorwalker webhook replay sends it again", "delivery", d.ID, "attempts", d.Attempts, "error", failed)
		return s.outbox.end(ctx, d, StateDead, failed.Error())
	default:
		wait := s.backoff(d.Attempts)
		s.log.Warn("webhook delivery failed, it is tried again", "delivery", d.ID, "attempts", d.Attempts, "wait", wait, "error", failed)
		return s.outbox.later(ctx, d, wait, failed.Error())
	}
}

// errGone is the receiver's 410: it wants this no more.
var errGone = errors.New("the receiver answered 410 Gone")

// post makes one try. The answer must be 2xx; nothing of it is kept but the status.
func (s *Sender) post(ctx context.Context, d Delivery, news protocol.MessageNews) error {
	body, err := json.Marshal(protocol.WebhookEvent{Type: protocol.TypeMessageCreated, Timestamp: news.TS, Data: news})
	if err != nil {
		return fmt.Errorf("write delivery: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.o.URL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	at, id := s.o.Now(), "msg_"+d.ID
	signature, err := s.sign.Sign(id, at, body)
	if err != nil {
		return fmt.Errorf("sign: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Floorwalker-Webhook/1")
	r.Header.Set(standardwebhooks.HeaderWebhookID, id)
	r.Header.Set(standardwebhooks.HeaderWebhookTimestamp, fmt.Sprint(at.Unix()))
	r.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	answer, err := s.http.Do(r)
	if err != nil {
		return short(err)
	}
	defer answer.Body.Close()
	const most = 64 << 10 // what is read lets the line be used again
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, most))
	switch {
	case answer.StatusCode >= 200 && answer.StatusCode < 300:
		return nil
	case answer.StatusCode == http.StatusGone:
		return errGone
	}
	return fmt.Errorf("the receiver answered %d", answer.StatusCode)
}

// short is an error without the address, which may hold a secret.
func short(err error) error {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		if !strings.Contains(inner.Error(), "://") {
			return inner
		}
	}
	return errors.New("the receiver can't be reached")
}

// backoff is the wait after so many failed tries.
func (s *Sender) backoff(attempts int) time.Duration {
	const most = 30 // doublings; MaxRetry is long reached
	wait := min(s.o.FirstRetry<<min(attempts-1, most), s.o.MaxRetry)
	if wait <= 0 {
		wait = s.o.MaxRetry
	}
	s.random.Lock()
	defer s.random.Unlock()
	return wait/2 + time.Duration(s.o.Random.Int64N(int64(wait/2)+1))
}
