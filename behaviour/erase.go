package behaviour

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Export is what is known of what the client did and allowed, in the sessions too, table by table.
func Export(ctx context.Context, tx pgx.Tx, client string, sessions []string) (map[string][]json.RawMessage, error) {
	all := map[string][]json.RawMessage{}
	for table, sql := range map[string]string{
		"behaviour": `SELECT row_to_json(t) FROM behaviour_events t WHERE $1 <> '' AND client = $1 OR session = ANY ($2) ORDER BY event_time`,
		"consent":   `SELECT row_to_json(t) FROM behaviour_consent t WHERE $1 <> '' AND client = $1 OR client = ANY ($2) ORDER BY changed_at`,
	} {
		rows, err := tx.Query(ctx, sql, client, sessions)
		if err == nil {
			all[table], err = pgx.CollectRows(rows, pgx.RowTo[json.RawMessage])
		}
		if err != nil {
			return nil, fmt.Errorf("export %s: %w", table, err)
		}
	}
	return all, nil
}

// Erase deletes what is known of a client, or of a session, in the caller's transaction, and says how many events that
// were. A refusal stays, so that it is held to.
func Erase(ctx context.Context, tx pgx.Tx, who string) (int, error) {
	tag, err := tx.Exec(ctx, `DELETE FROM behaviour_events WHERE client = $1 OR session = $1`, who)
	if err == nil {
		_, err = tx.Exec(ctx, `DELETE FROM behaviour_consent WHERE client = $1 AND granted`, who)
	}
	if err != nil {
		return 0, fmt.Errorf("erase what a client did: %w", err)
	}
	return int(tag.RowsAffected()), nil
}
