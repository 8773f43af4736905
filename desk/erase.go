package desk

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
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
