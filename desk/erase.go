package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Export is what the desk keeps of the sessions' customers, table by table. Notes are agents' words about them.
func Export(ctx context.Context, tx pgx.Tx, sessions []string) (map[string][]json.RawMessage, error) {
	all := map[string][]json.RawMessage{}
	for table, sql := range map[string]string{
		"tickets":      `SELECT row_to_json(t) FROM desk_tickets t WHERE session_id = ANY ($1::uuid[]) ORDER BY id`,
		"satisfaction": `SELECT row_to_json(t) FROM desk_satisfaction t WHERE session_id = ANY ($1::uuid[]) ORDER BY created_at`,
		"notes":        `SELECT row_to_json(t) FROM desk_notes t WHERE session_id = ANY ($1::uuid[]) ORDER BY created_at`,
		"cases":        `SELECT row_to_json(t) FROM desk_cases t WHERE session_id = ANY ($1::uuid[]) ORDER BY asked_at`,
	} {
		rows, err := tx.Query(ctx, sql, sessions)
		if err == nil {
			all[table], err = pgx.CollectRows(rows, pgx.RowTo[json.RawMessage])
		}
		if err != nil {
			return nil, fmt.Errorf("export %s: %w", table, err)
		}
	}
	return all, nil
}

// Erase takes the sessions out of the audit log, which stays as far as it is about agents. The desk's other tables go
// with the sessions themselves.
func Erase(ctx context.Context, tx pgx.Tx, sessions []string) error {
	if _, err := tx.Exec(ctx, `UPDATE desk_audit SET session_id = NULL, detail = '' WHERE session_id = ANY ($1::uuid[])`, sessions); err != nil {
		return fmt.Errorf("erase sessions from the audit log: %w", err)
	}
	return nil
}

// Awaited lists those of the sessions in which somebody waits for an answer to a ticket.
func Awaited(ctx context.Context, tx pgx.Tx, sessions []string) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT DISTINCT session_id::text FROM desk_tickets WHERE session_id = ANY ($1::uuid[]) AND status = 'open'`, sessions)
	if err != nil {
		return nil, fmt.Errorf("look for open tickets: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look for open tickets: %w", err)
	}
	return all, nil
}

// ForgetWords deletes notes, answered tickets and answers to the satisfaction question of before the time, at most limit
// of each, and says how many rows that were.
func ForgetWords(ctx context.Context, pool *pgxpool.Pool, before time.Time, limit int) (gone int64, err error) {
	for _, sql := range []string{
		`DELETE FROM desk_notes WHERE id IN (SELECT id FROM desk_notes WHERE created_at < $1 LIMIT $2)`,
		`DELETE FROM desk_tickets WHERE id IN (SELECT id FROM desk_tickets WHERE closed_at < $1 LIMIT $2)`,
		`DELETE FROM desk_satisfaction WHERE handoff_id IN (SELECT handoff_id FROM desk_satisfaction WHERE created_at < $1 LIMIT $2)`,
	} {
		tag, err := pool.Exec(ctx, sql, before, limit)
		if err != nil {
			return gone, fmt.Errorf("delete old notes and tickets: %w", err)
		}
		gone += tag.RowsAffected()
	}
	return gone, nil
}

// ForgetAudit deletes lines of the audit log of before the time, at most limit, and says how many those were.
func ForgetAudit(ctx context.Context, pool *pgxpool.Pool, before time.Time, limit int) (int64, error) {
	tag, err := pool.Exec(ctx, `DELETE FROM desk_audit WHERE id IN (SELECT id FROM desk_audit WHERE at < $1 ORDER BY id LIMIT $2)`, before, limit)
	if err != nil {
		return 0, fmt.Errorf("delete old lines of the audit log: %w", err)
	}
	return tag.RowsAffected(), nil
}

// Audit writes into the audit log, in the caller's transaction, what somebody did outside of the desk.
func Audit(ctx context.Context, tx pgx.Tx, agentID, action, detail, address string) error {
	if _, err := tx.Exec(ctx, insertAudit, agentID, action, "", detail, address); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}
