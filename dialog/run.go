package dialog

import (
	"context"
	"fmt"
	"sync"
	"time"

	"floorwalker/protocol"

	"github.com/jackc/pgx/v5"
)

// Run ends what a crash left, then runs turns, renews leases and sweeps until ctx ends. It returns when
// everything that it started has stopped; turns that still run then end as interrupted.
func (m *Manager) Run(ctx context.Context) error {
	turns, stopTurns := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stopTurns(nil)
	// Leases are renewed for as long as a turn writes its end, which is after ctx ended.
	upkeep, stopUpkeep := context.WithCancel(context.WithoutCancel(ctx))
	defer stopUpkeep()
	var workers, keepers sync.WaitGroup
	for range m.o.Workers {
		workers.Go(func() { m.work(ctx, turns) })
	}
	keepers.Go(func() { m.keepLeases(upkeep) })
	keepers.Go(func() { m.every(ctx, m.o.SweepEvery, m.sweep) })
	keepers.Go(func() { m.poll(ctx) })
	keepers.Go(func() { m.every(ctx, placesEvery, m.tellPlaces) })
	keepers.Go(func() { m.summarise(ctx) })

	<-ctx.Done()
	m.line.close()
	stopTurns(errDrained)
	workers.Wait()
	stopUpkeep()
	keepers.Wait()
	return nil
}

// placesEvery is how often those who wait are told how far they moved up.
const placesEvery = time.Second

// work answers one session after another.
func (m *Manager) work(ctx, turns context.Context) {
	for {
		session, attached, ok := m.line.next(ctx)
		if !ok {
			return
		}
		more := m.answerNext(turns, session, attached)
		m.line.finish(session, more)
	}
}

// Drain refuses new messages with ErrDraining and waits until no turn runs or ctx ends; what still runs
// then is interrupted and stored. Questions that wait are left to other replicas or the next start.
// Attached readers keep reading. Run must still be running.
func (m *Manager) Drain(ctx context.Context) error {
	m.draining.Store(true)
	m.line.close()
	const look = 20 * time.Millisecond
	tick := time.NewTicker(look)
	defer tick.Stop()
	done := ctx.Done()
	for len(m.running()) > 0 {
		select {
		case <-done:
			for _, t := range m.running() {
				t.cancel(errDrained)
			}
			done = nil
		case <-tick.C:
		}
	}
	return nil
}

func (m *Manager) addTurn(t *turn) {
	m.turnsMu.Lock()
	defer m.turnsMu.Unlock()
	m.turns[t] = struct{}{}
}

func (m *Manager) removeTurn(t *turn) {
	m.turnsMu.Lock()
	defer m.turnsMu.Unlock()
	delete(m.turns, t)
}

func (m *Manager) running() []*turn {
	m.turnsMu.Lock()
	defer m.turnsMu.Unlock()
	all := make([]*turn, 0, len(m.turns))
	for t := range m.turns {
		all = append(all, t)
	}
	return all
}

// Interrupt stops the answer being written in the session, on whatever replica it runs. messageID limits
// the stop to that answer; empty means whichever is running. Nothing running is no error.
func (m *Manager) Interrupt(ctx context.Context, sessionID, messageID string) error {
	id, err := canonical(sessionID)
	if err != nil {
		return err
	}
	if messageID != "" {
		if messageID, err = canonical(messageID); err != nil {
			return nil
		}
	}
	if t := m.hub.running(id); t != nil && (messageID == "" || t.message == messageID) {
		t.cancel(errStopped)
		return nil
	}
	found, err := m.store.askStop(ctx, id, messageID)
	if err == nil && found {
		m.hub.tell(id, Notice{Stop: true})
	}
	return err
}

// every calls f at once and then again and again until ctx ends.
func (m *Manager) every(ctx context.Context, pause time.Duration, f func(ctx context.Context)) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		f(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// beatSoon renews the leases now rather than at the next heartbeat; it learns of stops by that.
func (m *Manager) beatSoon() {
	select {
	case m.beatNow <- struct{}{}:
	default:
	}
}

// keepLeases renews the leases of the turns that run here, and ends those that were asked to stop or have
// lost theirs.
func (m *Manager) keepLeases(ctx context.Context) {
	tick := time.NewTicker(m.o.Heartbeat)
	defer tick.Stop()
	renewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-m.beatNow:
		}
		running := m.running()
		if len(running) == 0 {
			renewed = time.Now()
			continue
		}
		if err := m.beat(ctx, running); err == nil {
			renewed = time.Now()
		} else if ctx.Err() == nil {
			m.log.Warn("leases not renewed", "turns", len(running), "error", err)
			if time.Since(renewed) > m.o.Lease {
				// Others may have taken these sessions over; what is still said here would be dropped.
				for _, t := range running {
					t.cancel(errLeaseLost)
				}
			}
		}
	}
}

func (m *Manager) beat(ctx context.Context, running []*turn) error {
	sessions, tokens := make([]string, len(running)), make([]int64, len(running))
	for i, t := range running {
		sessions[i], tokens[i] = t.session, t.fence.Token
	}
	ctx, cancel := context.WithTimeout(ctx, m.o.Lease/2)
	defer cancel()
	stop, err := m.store.beat(ctx, sessions, tokens, m.o.Lease)
	if err != nil {
		return err
	}
	for _, t := range running {
		switch asked, held := stop[t.session]; {
		case !held:
			// Either somebody else ended the message, or the turn has just ended by itself.
			t.cancel(errLeaseLost)
		case asked:
			t.cancel(errStopped)
		}
	}
	return nil
}

// CompareDatabase gives every session a new epoch where the database was restored since. Run does so again and again; a
// server does it once before it lets clients in, so that none goes on in a log that is gone.
func (m *Manager) CompareDatabase(ctx context.Context) error {
	renewed, err := m.store.renewEpochs(ctx)
	if renewed > 0 {
		m.log.Warn("this database was restored: every session has a new epoch", "sessions", renewed)
	}
	return err
}

// sweepBatch is how many abandoned sessions one sweep takes on.
const sweepBatch = 200

// sweep ends answers whose writer is gone, and takes up questions that nobody answers.
func (m *Manager) sweep(ctx context.Context) {
	if err := m.CompareDatabase(ctx); err != nil {
		m.logUnlessDone(ctx, "the log's database not checked", err)
	}
	expired, waiting, err := m.store.abandoned(ctx, m.o.SweepEvery/2, sweepBatch)
	if err != nil {
		m.logUnlessDone(ctx, "abandoned turns not looked for", err)
		return
	}
	for _, session := range expired {
		if err := m.recover(ctx, session); err != nil {
			m.logUnlessDone(ctx, "abandoned turn not ended", fmt.Errorf("session %s: %w", session, err))
			continue
		}
		m.enqueue(session, "")
	}
	for _, session := range waiting {
		m.enqueue(session, "")
	}
}

func (m *Manager) logUnlessDone(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		m.log.Error(what, "error", err)
	}
}

// recover ends the answer of a turn whose lease ran out.
func (m *Manager) recover(ctx context.Context, session string) error {
	var running answer
	read := func(b *pgx.Batch) {
		running = answer{}
		b.Queue(selectStreaming, session).QueryRow(running.scan)
	}
	return m.change(ctx, session, read, func(tx *sessionTx) error {
		if tx.row.TurnMessage == "" || !tx.row.Expired {
			return nil
		}
		return m.endAbandoned(tx, running)
	})
}

// endAbandoned ends the answer of the locked session's turn, whose lease ran out, with the text that was
// stored. It is never run again: it may have changed a cart already. A question whose turn had not begun
// has nothing to end, and is answered as if nothing had happened.
func (m *Manager) endAbandoned(tx *sessionTx, running answer) error {
	tx.set(endTurnFencing)
	if running.ID == "" {
		return nil
	}
	m.log.Warn("an abandoned answer ends as interrupted", "session", tx.row.ID, "message", running.ID)
	_, err := tx.endAnswer(protocol.MessageCompleted{MessageID: running.ID, ReplyTo: running.ReplyTo,
		State: protocol.StateInterrupted, Reason: errRestarted.Error(), Text: running.Text})
	return err
}

// pollBatch is how many sessions one query of the poll asks for.
const pollBatch = 1000

// poll looks how far the attached sessions are: often while no wake-ups come, seldom otherwise.
func (m *Manager) poll(ctx context.Context) {
	last := time.Now()
	tick := time.NewTicker(m.o.PollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		up := m.o.Wake != nil && m.o.Wake.Up()
		if up && time.Since(last) < m.o.PollCalm {
			continue
		}
		last = time.Now()
		if err := m.checkDevices(ctx); err != nil {
			m.logUnlessDone(ctx, "attached devices not checked", err)
		}
		watched := m.hub.watched()
		for len(watched) > 0 {
			n := min(pollBatch, len(watched))
			all, err := m.store.progress(ctx, watched[:n])
			if err != nil {
				m.logUnlessDone(ctx, "attached sessions not polled", err)
				break
			}
			for _, p := range all {
				m.hub.look(p.Session, p)
			}
			watched = watched[n:]
		}
	}
}
