package dialog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// RelayOptions tune a Relay. The zero value works.
type RelayOptions struct {
	// Stream is the JetStream stream that keeps the events; made where it is missing. Default FLOORWALKER_HANDOFF.
	Stream string
	// Every is how often the outbox is looked at without a poke. Default 1 s.
	Every time.Duration
	// Duplicates is for how long the stream itself drops a message that it has; receivers drop it by its id at any
	// time. Default 1 h.
	Duplicates time.Duration
	// MaxAttempts is how often one message may be refused before it is put aside. An outage is no refusal. Default 10.
	MaxAttempts int
	// Logger gets what operators need. Default: discard.
	Logger *slog.Logger
}

// Relay brings what transactions wrote into the outbox to NATS JetStream, at least once, each with its
// Nats-Msg-Id, in order. It may run in every replica: one at a time holds a row.
type Relay struct {
	pool *pgxpool.Pool
	nc   *nats.Conn
	o    RelayOptions
	poke chan struct{}
}

// NewRelay makes a relay; Run makes it work. The connection stays the caller's to close.
func NewRelay(pool *pgxpool.Pool, nc *nats.Conn, o RelayOptions) *Relay {
	o.Stream, o.Every, o.MaxAttempts = or(o.Stream, "FLOORWALKER_HANDOFF"), or(o.Every, time.Second), or(o.MaxAttempts, 10)
	o.Duplicates, o.Logger = or(o.Duplicates, time.Hour), or(o.Logger, slog.New(slog.DiscardHandler))
	return &Relay{pool: pool, nc: nc, o: o, poke: make(chan struct{}, 1)}
}

// Poke makes the relay look now.
func (r *Relay) Poke() {
	select {
	case r.poke <- struct{}{}:
	default:
	}
}

// Run sends until ctx ends. What can't be sent stays in the outbox.
func (r *Relay) Run(ctx context.Context) error {
	js, err := jetstream.New(r.nc)
	if err != nil {
		return fmt.Errorf("open JetStream: %w", err)
	}
	tick := time.NewTicker(r.o.Every)
	defer tick.Stop()
	known, checked, reconnects := nothing, time.Now(), uint64(0)
	for {
		// After a break it looks whether the stream can still give everything; now and then, whether it is still
		// the one that it filled.
		if again := r.nc.Stats().Reconnects; again != reconnects {
			known, checked, reconnects = nothing, time.Now(), again
		} else if time.Since(checked) > checkEvery {
			known, checked = min(known, theMessages), time.Now()
		}
		if r.nc.IsConnected() {
			if err := r.round(ctx, js, &known); err != nil && ctx.Err() == nil {
				known = min(known, theMessages)
				r.o.Logger.Warn("outbox not sent yet", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-r.poke:
		}
	}
}

// knowledge is what a relay has made sure of since the stream may last have changed.
type knowledge int

const (
	nothing knowledge = iota
	// theMessages are read back and whole.
	theMessages
	// theStream is the one that the relay filled.
	theStream
)

const (
	// checkEvery is how often the stream is compared with the outbox while nothing breaks.
	checkEvery = time.Minute
	// keepSent is how long the stream, and the outbox for it, keep a message.
	keepSent = 30 * 24 * time.Hour
)

// round sends everything that is due.
func (r *Relay) round(ctx context.Context, js jetstream.JetStream, known *knowledge) error {
	if *known < theStream {
		stream, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: r.o.Stream,
			Description: "Who has which conversation, for other systems", Subjects: []string{"floorwalker.handoff.>"},
			Storage: jetstream.FileStorage, Duplicates: r.o.Duplicates, MaxAge: keepSent})
		if err != nil {
			return fmt.Errorf("make stream %s: %w", r.o.Stream, err)
		}
		if err := r.compare(ctx, stream.CachedInfo()); err != nil {
			return err
		}
		if *known < theMessages {
			if err := r.readBack(ctx, stream); err != nil {
				return err
			}
		}
		*known = theStream
	}
	if err := r.forget(ctx, js); err != nil {
		return err
	}
	for {
		sent, err := r.some(ctx, js)
		if err != nil || sent == 0 {
			return err
		}
	}
}

// compare finds what the stream has lost, after its store was wiped or a power cut took its end, and marks it
// to be sent again. Receivers drop what they had by its id.
func (r *Relay) compare(ctx context.Context, stream *jetstream.StreamInfo) error {
	created := stream.Created.UTC().Format(time.RFC3339Nano)
	var lost int64
	err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO outbox_stream (name, created) VALUES ($1, $2) ON CONFLICT DO NOTHING`, r.o.Stream, created)
		if err != nil {
			return err
		}
		var known string
		if err := tx.QueryRow(ctx, `SELECT created FROM outbox_stream WHERE name = $1 FOR UPDATE`, r.o.Stream).Scan(&known); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `UPDATE outbox SET sent_at = NULL, stream_seq = NULL WHERE sent_at IS NOT NULL AND ($1 OR stream_seq > $2)`,
			known != created, int64(stream.State.LastSeq))
		if err != nil {
			return err
		}
		lost = tag.RowsAffected()
		if _, err := tx.Exec(ctx, `UPDATE outbox_stream SET created = $2 WHERE name = $1`, r.o.Stream, created); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM outbox WHERE sent_at < clock_timestamp() - $1::interval`, keepSent)
		return err
	})
	if err != nil {
		return fmt.Errorf("compare stream %s with the outbox: %w", r.o.Stream, err)
	}
	if lost > 0 {
		r.o.Logger.Warn("the stream lost messages, they are sent again", "stream", r.o.Stream, "messages", lost)
	}
	return nil
}

// readBack looks whether the stream can still give each message, and marks the others to be sent again: JetStream
// passes over what it finds damaged in its files.
func (r *Relay) readBack(ctx context.Context, stream jetstream.Stream) error {
	state := stream.CachedInfo().State
	if state.Msgs == 0 {
		return nil
	}
	held, err := readable(ctx, stream, state.LastSeq)
	if err != nil {
		return fmt.Errorf("read stream %s back: %w", r.o.Stream, err)
	}
	tag, err := r.pool.Exec(ctx, `UPDATE outbox SET sent_at = NULL, stream_seq = NULL
		WHERE sent_at IS NOT NULL AND stream_seq BETWEEN $1 AND $2 AND stream_seq <> ALL ($3)`, int64(state.FirstSeq), int64(state.LastSeq), held)
	if err != nil {
		return fmt.Errorf("mark what stream %s can't give: %w", r.o.Stream, err)
	}
	if n := tag.RowsAffected(); n > 0 {
		r.o.Logger.Warn("messages of the stream are damaged, they are sent again", "stream", r.o.Stream, "messages", n)
	}
	return nil
}

// readable lists the numbers up to the last of the messages that the stream can give.
func readable(ctx context.Context, stream jetstream.Stream, last uint64) (held []int64, err error) {
	// The last ones may be those that are damaged: then nothing more comes, and it does not wait for ever.
	const batch, wait, patience = 500, time.Second, 3
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{HeadersOnly: true, AckPolicy: jetstream.AckNonePolicy,
		MemoryStorage: true, InactiveThreshold: 10 * wait})
	if err != nil {
		return nil, err
	}
	for silent := 0; silent < patience; {
		messages, err := consumer.Fetch(batch, jetstream.FetchMaxWait(wait))
		if err != nil {
			return nil, err
		}
		silent++
		for m := range messages.Messages() {
			meta, err := m.Metadata()
			if err != nil {
				return nil, err
			}
			silent, held = 0, append(held, int64(meta.Sequence.Stream))
			if meta.Sequence.Stream >= last {
				return held, nil
			}
		}
		if err := messages.Error(); err != nil && !errors.Is(err, nats.ErrTimeout) {
			return nil, err
		}
	}
	return held, nil
}

// relayBatch is how many messages go out in one transaction.
const relayBatch = 50

type outgoing struct {
	ID       int64
	Subject  string
	MsgID    string
	Payload  string
	Attempts int
}

// some sends the oldest messages. Its rows stay locked meanwhile, so other relays wait for their turn and
// the order is kept; a crash between publishing and marking sends again, which the message id makes harmless.
func (r *Relay) some(ctx context.Context, js jetstream.JetStream) (sent int, err error) {
	err = pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `
			SELECT id, subject, msg_id, payload::text, attempts FROM outbox
			WHERE sent_at IS NULL AND NOT dead AND next_at <= clock_timestamp() ORDER BY id LIMIT $1 FOR UPDATE`, relayBatch)
		if err != nil {
			return fmt.Errorf("read the outbox: %w", err)
		}
		due, err := pgx.CollectRows(rows, pgx.RowToStructByPos[outgoing])
		if err != nil {
			return fmt.Errorf("read the outbox: %w", err)
		}
		for _, o := range due {
			if err := r.send(ctx, tx, js, o); err != nil {
				return err
			}
			sent++
		}
		return nil
	})
	return sent, err
}

// send publishes one message and marks it. A refusal of this message alone is noted and does not hold up
// the others; anything else ends the round, and the message is tried again.
func (r *Relay) send(ctx context.Context, tx pgx.Tx, js jetstream.JetStream, o outgoing) error {
	ack, err := js.PublishMsg(ctx, &nats.Msg{Subject: o.Subject, Data: []byte(o.Payload)}, jetstream.WithMsgID(o.MsgID))
	refused := err != nil && (errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrBadSubject))
	switch {
	case refused:
		dead := o.Attempts+1 >= r.o.MaxAttempts
		r.o.Logger.Error("NATS refuses a message", "msg_id", o.MsgID, "subject", o.Subject, "dead", dead, "error", err)
		_, err = tx.Exec(ctx, `
			UPDATE outbox SET attempts = attempts + 1, dead = $2, last_error = $3,
			       next_at = clock_timestamp() + least(interval '1 second' * 2 ^ attempts, interval '5 minutes') WHERE id = $1`,
			o.ID, dead, err.Error())
	case err != nil:
		return fmt.Errorf("publish %s: %w", o.Subject, err)
	default:
		_, err = tx.Exec(ctx, `UPDATE outbox SET sent_at = clock_timestamp(), stream_seq = $2 WHERE id = $1`, o.ID, int64(ack.Sequence))
	}
	if err != nil {
		return fmt.Errorf("mark message %s: %w", o.MsgID, err)
	}
	return nil
}
