package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"floorwalker/protocol"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// findings are what a check found, by kind.
type findings struct {
	lost, duplicated, gaps, doubleOwned []string
}

// mostPrinted is how many findings of a kind are said.
const mostPrinted = 8

func (f *findings) print() {
	for kind, all := range map[string][]string{"lost": f.lost, "duplicated": f.duplicated, "gap": f.gaps, "double owned": f.doubleOwned} {
		for i, text := range all {
			if i == mostPrinted {
				say("%s: and %d more", strings.ToUpper(kind), len(all)-i)
				break
			}
			say("%s: %.600s", strings.ToUpper(kind), text)
		}
	}
}

func (f *findings) none() bool {
	return len(f.lost)+len(f.duplicated)+len(f.gaps)+len(f.doubleOwned) == 0
}

// record is everything that clients were told.
type record struct {
	acked  []told
	claims []claim
	deeds  []deed
	// views are what each session's customer was shown; resets where history broke off.
	views  map[string][]string
	resets map[string]int
}

func (l *load) record() record {
	r := record{views: map[string][]string{}, resets: map[string]int{}}
	for _, k := range l.customers {
		k.mu.Lock()
		r.acked = append(r.acked, k.acked...)
		r.views[k.Credentials().Session] = k.view[:len(k.view):len(k.view)]
		r.resets[k.Credentials().Session] = k.resets
		k.mu.Unlock()
	}
	for _, a := range l.agents {
		a.mu.Lock()
		r.acked = append(r.acked, a.acked...)
		r.claims = append(r.claims, a.claims...)
		a.mu.Unlock()
	}
	for _, p := range l.passers {
		p.mu.Lock()
		r.deeds = append(r.deeds, p.deeds...)
		p.mu.Unlock()
	}
	return r
}

// check compares the database with what clients were told. quiet is true when nobody talks and everything has come to
// its end: then every message must have its final state, and every client must have been shown everything.
func check(ctx context.Context, pool *pgxpool.Pool, r record, quiet bool) (*findings, error) {
	f := &findings{}
	logs, err := readLogs(ctx, pool)
	if err != nil {
		return nil, err
	}
	for _, look := range []func(context.Context, *pgxpool.Pool, record, map[string]*sessionLog, *findings) error{checkAcked, checkStates, checkOwners, checkDeeds} {
		if err := look(ctx, pool, r, logs, f); err != nil {
			return nil, err
		}
	}
	for session, l := range logs {
		for i, e := range l.events {
			if e.Seq != int64(i+1) {
				f.gaps = append(f.gaps, fmt.Sprintf("session %s: event %d has seq %d", session, i+1, e.Seq))
				break
			}
		}
		if n := int64(len(l.events)); l.next != n+1 {
			f.gaps = append(f.gaps, fmt.Sprintf("session %s: next is %d after %d events", session, l.next, n))
		}
	}
	checkViews(r, logs, quiet, f)
	if quiet {
		return f, checkEnds(ctx, pool, f)
	}
	return f, nil
}

// sessionLog is a session as the database has it.
type sessionLog struct {
	epoch, owner, agent string
	next, ownerEpoch    int64
	events              []protocol.Envelope
	frames              []string
}

// readLogs reads every log in one snapshot.
func readLogs(ctx context.Context, pool *pgxpool.Pool) (map[string]*sessionLog, error) {
	logs := map[string]*sessionLog{}
	err := pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id::text, epoch, next_seq, owner, owner_epoch, agent FROM sessions`)
		if err != nil {
			return err
		}
		var id string
		var l sessionLog
		if _, err := pgx.ForEachRow(rows, []any{&id, &l.epoch, &l.next, &l.owner, &l.ownerEpoch, &l.agent}, func() error {
			one := l
			logs[id] = &one
			return nil
		}); err != nil {
			return err
		}
		rows, err = tx.Query(ctx, `SELECT session_id::text, seq, type, data::text, ts FROM events ORDER BY session_id, seq`)
		if err != nil {
			return err
		}
		var data string
		var e protocol.Envelope
		_, err = pgx.ForEachRow(rows, []any{&id, &e.Seq, &e.Type, &data, &e.TS}, func() error {
			l := logs[id]
			env := protocol.Envelope{V: protocol.Version, Type: e.Type, ID: fmt.Sprintf("%s-%d", l.epoch, e.Seq), Session: id, Seq: e.Seq,
				Epoch: l.epoch, TS: protocol.Stamp(e.TS), Data: json.RawMessage(data)}
			frame, err := env.Encode()
			if err != nil {
				return err
			}
			l.events, l.frames = append(l.events, env), append(l.frames, string(frame))
			return nil
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the logs: %w", err)
	}
	return logs, nil
}

// checkAcked looks for every acknowledged message: one row, one event, as it was acknowledged.
func checkAcked(ctx context.Context, pool *pgxpool.Pool, r record, logs map[string]*sessionLog, f *findings) error {
	type row struct{ id, text string }
	stored := map[[2]string][]row{}
	rows, err := pool.Query(ctx, `SELECT session_id::text, client_msg_id, id::text, text FROM messages WHERE client_msg_id IS NOT NULL`)
	if err != nil {
		return err
	}
	var session, name string
	var m row
	if _, err := pgx.ForEachRow(rows, []any{&session, &name, &m.id, &m.text}, func() error {
		stored[[2]string{session, name}] = append(stored[[2]string{session, name}], m)
		return nil
	}); err != nil {
		return fmt.Errorf("read messages: %w", err)
	}
	created := map[[2]string][]protocol.Envelope{}
	texts := map[string]string{}
	for session, l := range logs {
		for _, e := range l.events {
			if e.Type != protocol.TypeMessageCreated {
				continue
			}
			var d protocol.MessageCreated
			if err := e.Into(&d); err != nil {
				return err
			}
			texts[d.MessageID] = d.Text
			if d.ClientMsgID == "" {
				continue
			}
			name := d.ClientMsgID
			if d.Role == protocol.RoleAgent {
				name = "agent/" + name
			}
			created[[2]string{session, name}] = append(created[[2]string{session, name}], e)
		}
	}
	for key, events := range created {
		if len(events) > 1 {
			f.duplicated = append(f.duplicated, fmt.Sprintf("session %s: %d events of message %s", key[0], len(events), key[1]))
		}
	}
	for _, t := range r.acked {
		key := [2]string{t.session, t.clientMsgID}
		if t.agent != "" {
			key[1] = "agent/" + key[1]
		}
		rows, events := stored[key], created[key]
		want := strings.ReplaceAll(t.text, "\x00", "")
		switch {
		case len(rows) == 0 || len(events) == 0:
			f.lost = append(f.lost, fmt.Sprintf("session %s: message %s was acknowledged; %d rows, %d events", key[0], key[1], len(rows), len(events)))
		case len(rows) > 1:
			f.duplicated = append(f.duplicated, fmt.Sprintf("session %s: %d rows of message %s", key[0], len(rows), key[1]))
		case rows[0].id != t.messageID || events[0].Seq != t.seq || rows[0].text != want || texts[t.messageID] != want:
			f.lost = append(f.lost, fmt.Sprintf("session %s: message %s was acknowledged as %s at %d and is %s at %d, %q", key[0], key[1], t.messageID, t.seq, rows[0].id, events[0].Seq, rows[0].text))
		}
	}
	return nil
}

// checkStates looks that no message ends twice, and that rows and log agree on how it ended.
func checkStates(_ context.Context, _ *pgxpool.Pool, _ record, logs map[string]*sessionLog, f *findings) error {
	for session, l := range logs {
		begun, ended := map[string]int{}, map[string]int{}
		for _, e := range l.events {
			switch e.Type {
			case protocol.TypeMessageCreated:
				var d protocol.MessageCreated
				if err := e.Into(&d); err != nil {
					return err
				}
				begun[d.MessageID]++
			case protocol.TypeMessageCompleted:
				var d protocol.MessageCompleted
				if err := e.Into(&d); err != nil {
					return err
				}
				ended[d.MessageID]++
			}
		}
		for id, n := range begun {
			if n > 1 {
				f.duplicated = append(f.duplicated, fmt.Sprintf("session %s: message %s begins %d times", session, id, n))
			}
		}
		for id, n := range ended {
			if n > 1 {
				f.duplicated = append(f.duplicated, fmt.Sprintf("session %s: message %s ends %d times", session, id, n))
			}
		}
	}
	return nil
}

// checkOwners walks every log: who has the conversation, and whether anybody else wrote in it.
func checkOwners(ctx context.Context, pool *pgxpool.Pool, r record, logs map[string]*sessionLog, f *findings) error {
	claimed := map[string]string{}
	for session, l := range logs {
		owner, agent, epoch := protocol.OwnerAssistant, "", int64(1)
		wrong := func(e protocol.Envelope, format string, args ...any) {
			f.doubleOwned = append(f.doubleOwned, fmt.Sprintf("session %s, seq %d: ", session, e.Seq)+fmt.Sprintf(format, args...))
		}
		for _, e := range l.events {
			switch e.Type {
			case protocol.TypeHandoffRequested:
				owner = protocol.OwnerQueued
			case protocol.TypeHandoffClaimed, protocol.TypeHandoffTransferred, protocol.TypeHandoffReleased, protocol.TypeHandoffResolved:
				var d protocol.HandoffChanged
				if err := e.Into(&d); err != nil {
					return err
				}
				if d.OwnerEpoch != epoch+1 {
					wrong(e, "owner epoch %d after %d", d.OwnerEpoch, epoch)
				}
				owner, agent, epoch = d.Owner, d.Agent, d.OwnerEpoch
				if d.Owner == protocol.OwnerAgent {
					claimed[fmt.Sprint(session, d.OwnerEpoch)] = d.Agent
				}
			case protocol.TypeMessageCreated:
				var d protocol.MessageCreated
				if err := e.Into(&d); err != nil {
					return err
				}
				if d.Role == protocol.RoleAgent && (owner != protocol.OwnerAgent || d.Author != agent) {
					wrong(e, "%s writes while %s %s has it", d.Author, owner, agent)
				}
				if d.Role == protocol.RoleAssistant && owner == protocol.OwnerAgent {
					wrong(e, "the assistant begins to write while %s has it", agent)
				}
			}
		}
		if string(owner) != l.owner || epoch != l.ownerEpoch || agent != l.agent {
			f.doubleOwned = append(f.doubleOwned, fmt.Sprintf("session %s: the log says %s %s %d, the row %s %s %d", session, owner, agent, epoch, l.owner, l.agent, l.ownerEpoch))
		}
	}
	for _, c := range r.claims {
		if by := claimed[fmt.Sprint(c.session, c.epoch)]; by != c.agent {
			f.doubleOwned = append(f.doubleOwned, fmt.Sprintf("session %s: %s was told to have it at owner epoch %d, the log says %q", c.session, c.agent, c.epoch, by))
		}
	}
	rows, err := pool.Query(ctx, `
		SELECT s.id::text, s.owner, count(c.*) FILTER (WHERE c.status = 'claimed' AND c.owner_epoch = s.owner_epoch), count(c.*), count(h.*)
		FROM sessions s LEFT JOIN desk_cases c ON c.session_id = s.id AND c.status IN ('queued', 'claimed')
		LEFT JOIN handoffs h ON h.session_id = s.id AND h.status IN ('queued', 'claimed') GROUP BY s.id`)
	if err != nil {
		return err
	}
	var session, owner string
	var held, open, handoffs int
	_, err = pgx.ForEachRow(rows, []any{&session, &owner, &held, &open, &handoffs}, func() error {
		want := 0
		if owner == "agent" || owner == "queued" {
			want = 1
		}
		if open != want || handoffs != want || (owner == "agent") != (held == 1) {
			f.doubleOwned = append(f.doubleOwned, fmt.Sprintf("session %s is %s with %d open cases, %d held, %d open handoffs", session, owner, open, held, handoffs))
		}
		return nil
	})
	return err
}

// checkViews compares what clients were shown with the log, byte for byte.
func checkViews(r record, logs map[string]*sessionLog, quiet bool, f *findings) {
	for session, view := range r.views {
		l := logs[session]
		if l == nil {
			f.lost = append(f.lost, fmt.Sprintf("session %s is not there", session))
			continue
		}
		if r.resets[session] > 0 {
			f.gaps = append(f.gaps, fmt.Sprintf("session %s: history broke off %d times", session, r.resets[session]))
		}
		for i, frame := range view {
			if i < len(l.frames) && frame != l.frames[i] {
				f.gaps = append(f.gaps, fmt.Sprintf("session %s: shown %s, stored %s", session, frame, l.frames[i]))
				break
			}
		}
		if n := len(l.frames); len(view) > n || quiet && len(view) < n {
			f.gaps = append(f.gaps, fmt.Sprintf("session %s: %d events shown, %d stored", session, len(view), len(l.frames)))
		}
	}
}

// checkEnds looks that every message has ended, and that other systems' events are sent.
func checkEnds(ctx context.Context, pool *pgxpool.Pool, f *findings) error {
	rows, err := pool.Query(ctx, `
		SELECT m.session_id::text, m.id::text, m.status, count(e.*) FROM messages m
		LEFT JOIN events e ON e.session_id = m.session_id AND e.type = 'message.completed' AND e.data ->> 'message_id' = m.id::text
		GROUP BY m.id HAVING m.status IN ('pending', 'streaming') OR m.role = 'assistant' AND count(e.*) <> 1`)
	if err != nil {
		return err
	}
	var session, id, status string
	var ends int
	_, err = pgx.ForEachRow(rows, []any{&session, &id, &status, &ends}, func() error {
		f.lost = append(f.lost, fmt.Sprintf("session %s: message %s is %s and ended %d times", session, id, status, ends))
		return nil
	})
	return err
}
