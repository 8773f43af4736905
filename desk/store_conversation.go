package desk

import (
	"context"
	"errors"
	"fmt"

	"floorwalker/protocol"

	"github.com/jackc/pgx/v5"
)

// queuesOf are the queues that the session's handoffs stood in.
func (s *store) queuesOf(ctx context.Context, session string) ([]string, error) {
	rows, err := s.pool.Query(ctx, `SELECT DISTINCT queue_id FROM desk_cases WHERE session_id = $1`, session)
	if err != nil {
		return nil, fmt.Errorf("read the queues of session %s: %w", session, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("read the queues of session %s: %w", session, err)
	}
	return all, nil
}

// latestCase is the session's newest case; the zero case where there never was one.
func (s *store) latestCase(ctx context.Context, session string) (c protocol.Case, err error) {
	err = s.pool.QueryRow(ctx, `
		SELECT handoff_id::text, session_id::text, queue_id, lang, reason, note, customer, status, urgent, coalesce(agent_id, ''), owner_epoch,
		       asked_at, waiting_since
		FROM desk_cases WHERE session_id = $1 ORDER BY asked_at DESC LIMIT 1`, session).
		Scan(&c.HandoffID, &c.Session, &c.Queue, &c.Lang, &c.Reason, &c.Note, &c.Customer, &c.Status, &c.Urgent, &c.AgentID, &c.OwnerEpoch,
			&c.AskedAt, &c.WaitingSince)
	if err = none(err); err != nil {
		return c, fmt.Errorf("read the case of session %s: %w", session, err)
	}
	c.AskedAt, c.WaitingSince = protocol.Stamp(c.AskedAt), protocol.Stamp(c.WaitingSince)
	return c, nil
}

func (s *store) insertNote(ctx context.Context, session string, a Agent, clientMsgID, text string) error {
	if _, err := s.pool.Exec(ctx, insertNote, newID(), session, a.ID, a.Name, clientMsgID, text); err != nil {
		return fmt.Errorf("keep a note: %w", err)
	}
	return nil
}

// mostNotes is how many notes of a session are shown, the latest.
const mostNotes = 200

func (s *store) notes(ctx context.Context, session string) ([]protocol.Note, error) {
	rows, err := s.pool.Query(ctx, `
		SELECT * FROM (SELECT id::text, session_id::text, agent_id, author, text, created_at FROM desk_notes
		               WHERE session_id = $1 ORDER BY created_at DESC, id LIMIT $2) latest ORDER BY created_at, id`, session, mostNotes)
	if err != nil {
		return nil, fmt.Errorf("read the notes of session %s: %w", session, err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (n protocol.Note, err error) {
		err = row.Scan(&n.ID, &n.Session, &n.AgentID, &n.Author, &n.Text, &n.TS)
		n.TS = protocol.Stamp(n.TS)
		return n, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the notes of session %s: %w", session, err)
	}
	if all == nil {
		all = []protocol.Note{}
	}
	return all, nil
}

const ticketColumns = `id, session_id::text, queue_id, name, email, text, lang, status, created_at, closed_by, closed_at`

// mostTickets is how many open tickets are listed.
const mostTickets = 500

func (s *store) tickets(ctx context.Context) ([]Ticket, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+ticketColumns+` FROM desk_tickets WHERE status = 'open' ORDER BY created_at, id LIMIT $1`, mostTickets)
	if err != nil {
		return nil, fmt.Errorf("list tickets: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Ticket])
	if err != nil {
		return nil, fmt.Errorf("list tickets: %w", err)
	}
	return all, nil
}

func (s *store) ticket(ctx context.Context, id int64) (Ticket, error) {
	rows, err := s.pool.Query(ctx, `SELECT `+ticketColumns+` FROM desk_tickets WHERE id = $1`, id)
	if err != nil {
		return Ticket{}, fmt.Errorf("read ticket %d: %w", id, err)
	}
	t, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Ticket])
	if errors.Is(err, pgx.ErrNoRows) {
		return t, errNoTicket
	}
	if err != nil {
		return t, fmt.Errorf("read ticket %d: %w", id, err)
	}
	return t, nil
}

func (s *store) closeTicket(ctx context.Context, id int64, by string) error {
	_, err := s.pool.Exec(ctx, `UPDATE desk_tickets SET status = 'closed', closed_by = $2, closed_at = now() WHERE id = $1 AND status = 'open'`, id, by)
	if err != nil {
		return fmt.Errorf("close ticket %d: %w", id, err)
	}
	return nil
}
