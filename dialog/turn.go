package dialog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// turn is one answer being written in this process. It is the assistant's shop.Output.
type turn struct {
	m       *Manager
	session string
	// message is the answer's id, replyTo the question's; seq is the answer's message.created.
	message, replyTo string
	seq              int64
	fence            fence
	asked            shop.Turn
	cancel           context.CancelCauseFunc
	// attached is true where the question came from somebody who was listening.
	attached bool
	// since is how many answers came after the last summary.
	since int

	mu   sync.Mutex
	text []byte
	// runes counts the code points of text, stored the bytes of it that PostgreSQL has.
	runes, stored int
	// tail are bytes that do not make a whole code point yet.
	tail []byte
	// private is true once the text holds what tells who the customer is.
	private bool
}

// claim takes the session's lease for its oldest waiting question. It returns nil where none waits, another
// replica answers, or a person has the conversation.
func (m *Manager) claim(ctx context.Context, session string) (*turn, error) {
	var (
		q       *question
		running answer
		summary Summary
		since   int
		t       *turn
	)
	read := func(b *pgx.Batch) {
		q, running, t = nil, answer{}, nil
		b.Queue(selectPending+" LIMIT 1", session).Query(func(rows pgx.Rows) error {
			found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[question])
			if len(found) > 0 {
				q = &found[0]
			}
			return err
		})
		b.Queue(selectStreaming, session).QueryRow(running.scan)
		b.Queue(selectSummary, session).QueryRow(func(row pgx.Row) error {
			return row.Scan(&summary.Text, &summary.UpTo, &summary.ByModel, &since)
		})
	}
	work := func(tx *sessionTx) error {
		row := &tx.row
		if row.TurnMessage != "" {
			if !row.Expired {
				return nil
			}
			return m.endAbandoned(tx, running)
		}
		if q == nil || row.Owner == protocol.OwnerAgent {
			return nil
		}
		t = &turn{m: m, session: session, message: q.AnswerID, replyTo: q.ID,
			fence: fence{Session: session, Message: q.AnswerID, Token: row.LeaseToken + 1, OwnerEpoch: row.OwnerEpoch}}
		if err := t.ask(row, q); err != nil {
			return err
		}
		t.asked.Summary, t.since = summary.Text, since
		seq, err := tx.append(protocol.TypeMessageCreated, protocol.MessageCreated{MessageID: t.message,
			Role: protocol.RoleAssistant, State: protocol.StateStreaming, ReplyTo: t.replyTo})
		if err != nil {
			return err
		}
		t.seq = seq
		tx.queue(beginAnswer, t.message, seq, t.fence.Token)
		tx.set(takeLease, t.message, m.o.Replica, t.fence.Token, m.o.Lease)
		return nil
	}
	if err := m.change(ctx, session, read, work); err != nil {
		return nil, fmt.Errorf("begin a turn: %w", err)
	}
	return t, nil
}

// ask puts together what the assistant is asked.
func (t *turn) ask(row *sessionRow, q *question) error {
	t.asked = shop.Turn{SessionID: t.session, Customer: row.Customer, Verified: row.Customer != "", Platform: row.Platform,
		Network: t.m.hub.network(t.session), MessageID: t.message, Text: q.Text, Locale: shop.Lang(q.Locale), Page: row.Page, Picture: q.Picture, LessLike: q.LessLike}
	if !t.asked.Verified {
		t.asked.Customer = t.session
	}
	if t.asked.Locale == "" {
		t.asked.Locale = shop.Lang(row.Lang)
	}
	if err := json.Unmarshal(row.State, &t.asked.State); err != nil {
		return fmt.Errorf("read stored state: %w", err)
	}
	for _, sku := range row.Declined {
		if !slices.Contains(t.asked.State.Rejected, sku) {
			t.asked.State.Rejected = append(t.asked.State.Rejected, sku)
		}
	}
	return nil
}

// answerNext runs one turn of the session; more is true where further questions wait.
func (m *Manager) answerNext(ctx context.Context, session string, attached bool) (more bool) {
	room := m.hub.hold(session)
	defer m.hub.release(room)
	t, err := m.claim(ctx, session)
	if err != nil {
		// The question is in PostgreSQL; a sweep finds it again.
		m.log.Error("turn not begun", "session", session, "error", err)
		return false
	}
	if t == nil {
		return false
	}
	t.attached = attached
	return t.run(ctx, room)
}

// run lets the assistant answer, and ends the message in exactly one state whatever happens.
func (t *turn) run(base context.Context, room *room) (more bool) {
	m, began := t.m, time.Now()
	ctx, cancel := context.WithCancelCause(base)
	defer cancel(nil)
	ctx, stopClock := context.WithTimeoutCause(ctx, m.o.TurnTimeout, errLate)
	defer stopClock()
	t.cancel = cancel
	m.addTurn(t)
	m.hub.begin(room, t)

	watchers, stopWatching := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() { t.keepText(watchers) })
	wg.Go(func() { t.watchReaders(watchers, room) })
	outcome, err := t.callAssistant(ctx)
	stopWatching()
	wg.Wait()

	d, state := t.verdict(ctx, base, outcome, err)
	// From here readers find the text in PostgreSQL, so none is given the words of an answer that has ended.
	m.hub.end(room)
	more = t.end(base, d, state, outcome.Handoff)
	m.removeTurn(t)
	if t.since+1 >= outgrown || outcome.Handoff != nil {
		m.wantSummary(t.session)
	}
	m.log.Info("turn ended", "session", t.session, "message", t.message, "state", d.State, "reason", d.Reason,
		"intent", d.Intent, "took", time.Since(began))
	return more
}

// callAssistant keeps a panic of the assistant inside the turn.
func (t *turn) callAssistant(ctx context.Context) (outcome shop.Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			t.m.log.Error("the assistant panicked", "session", t.session, "message", t.message,
				"panic", p, "stack", string(debug.Stack()))
			outcome, err = shop.Outcome{}, fmt.Errorf("the assistant panicked: %v", p)
		}
	}()
	outcome, err = t.m.assistant.Answer(ctx, t.asked, t)
	if err == nil {
		err = t.sayTail()
	}
	return outcome, err
}

// verdict is the final state of the answer, and the assistant's state to store (nil keeps the old one).
func (t *turn) verdict(ctx, base context.Context, outcome shop.Outcome, err error) (protocol.MessageCompleted, []byte) {
	d := protocol.MessageCompleted{MessageID: t.message, ReplyTo: t.replyTo, State: protocol.StateComplete, Text: t.said()}
	if outcome.Parse.Intent != "" {
		slots, trace := outcome.Parse.Slots, outcome.Trace
		d.Intent, d.Slots, d.Lang, d.Trace = outcome.Parse.Intent, &slots, outcome.Parse.Lang, &trace
		d.Cites, d.CheckoutURL = outcome.Cites, outcome.CheckoutURL
	}
	if err != nil {
		cause := err
		if ctx.Err() != nil {
			cause = context.Cause(ctx)
		}
		switch {
		case base.Err() != nil:
			d.State, d.Reason = protocol.StateInterrupted, errDrained.Error()
		case errors.Is(cause, errStopped), errors.Is(cause, errLeft), errors.Is(cause, errDrained), errors.Is(cause, errTakenOver):
			d.State, d.Reason = protocol.StateInterrupted, cause.Error()
		case errors.Is(cause, errLeaseLost):
			d.State, d.Reason = protocol.StateInterrupted, errRestarted.Error()
		default:
			code, message := shop.CodeOf(cause)
			d.State, d.Reason, d.Error = protocol.StateFailed, "", &protocol.Error{Code: code, Message: message}
			t.m.log.Error("turn failed", "session", t.session, "message", t.message, "code", code, "error", err)
		}
	}
	if outcome.Parse.Intent == "" {
		return d, nil
	}
	state, err := json.Marshal(outcome.State)
	if err != nil {
		t.m.log.Error("the assistant's state can't be stored", "session", t.session, "error", err)
		return d, nil
	}
	return d, state
}

// end writes the final state, and tries until PostgreSQL takes it or the lease is surely gone: then
// whoever finds the session ends the message instead.
func (t *turn) end(base context.Context, d protocol.MessageCompleted, state []byte, handoff *shop.HandoffRequest) (more bool) {
	const patience = 30 * time.Second
	ctx, cancel := context.WithTimeout(context.WithoutCancel(base), patience)
	defer cancel()
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		more, err := t.tryEnd(ctx, d, state, handoff)
		switch {
		case err == nil:
			return more
		case errors.Is(err, errLeaseLost):
			t.m.log.Warn("the turn lost its session", "session", t.session, "message", t.message)
			t.m.hub.look(t.session, progress{Seq: everything})
			return false
		case base.Err() != nil && ctx.Err() == nil && pause > 500*time.Millisecond, ctx.Err() != nil:
			t.m.log.Error("final state not stored; the next sweep ends the message", "session", t.session,
				"message", t.message, "error", err)
			return false
		}
		t.m.log.Warn("final state not stored yet", "session", t.session, "message", t.message, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (t *turn) tryEnd(ctx context.Context, d protocol.MessageCompleted, state []byte, handoff *shop.HandoffRequest) (more bool, err error) {
	m := t.m
	var pending []question
	var route func(PersonRequest) (Route, error)
	read := func(b *pgx.Batch) {
		if handoff != nil {
			route = m.route(b)
		}
		b.Queue(selectPending, t.session).Query(func(rows pgx.Rows) (err error) {
			pending, err = pgx.CollectRows(rows, pgx.RowToStructByPos[question])
			return err
		})
	}
	outboxed := false
	err = m.change(ctx, t.session, read, func(tx *sessionTx) error {
		outboxed = false
		if !t.fence.holds(tx.row) {
			return errLeaseLost
		}
		d.Handoff = handoff != nil && d.State == protocol.StateComplete
		seq, err := tx.endAnswer(d)
		if err != nil {
			return err
		}
		tx.answered(m.o.Push, seq, d, m.hub.attached(t.session))
		owner := tx.row.Owner
		if d.Handoff && owner == protocol.OwnerAssistant {
			owner, outboxed = protocol.OwnerQueued, true
			person := PersonRequest{Session: t.session, Customer: tx.row.Customer, Lang: d.Lang, MessageID: t.message,
				Reason: handoff.Reason, Note: handoff.Note, Intent: d.Intent}
			to, err := route(person)
			if err != nil {
				return fmt.Errorf("find a queue: %w", err)
			}
			if _, err := m.ask(tx, person, to); err != nil {
				return err
			}
		}
		if d.Reason == errLeft.Error() {
			// Nobody is there to read the answers to what waits behind.
			if err := tx.endPending(pending, errLeft); err != nil {
				return err
			}
			pending = nil
		}
		tx.set(endTurn, state, string(d.Lang), string(owner))
		return nil
	})
	if err == nil && outboxed {
		m.tellDesk(t.session)
		if m.o.Relay != nil {
			m.o.Relay.Poke()
		}
	}
	return len(pending) > 0, err
}

// endPending ends answers that never began.
func (t *sessionTx) endPending(pending []question, why error) error {
	for _, q := range pending {
		_, err := t.endAnswer(protocol.MessageCompleted{MessageID: q.AnswerID, ReplyTo: q.ID,
			State: protocol.StateInterrupted, Reason: why.Error()})
		if err != nil {
			return err
		}
	}
	return nil
}

// said is the answer's text so far.
func (t *turn) said() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// check looks in PostgreSQL whether the turn should go on; somebody said that it should not.
func (t *turn) check() { t.m.beatSoon() }
