package dialog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// selectSummary is the summary and how many answers came since.
const selectSummary = `
SELECT coalesce(s.summary, ''), coalesce(s.upto_seq, 0), coalesce(s.by_model, false),
       (SELECT count(*) FROM messages m WHERE m.session_id = x.id AND m.role = 'assistant' AND m.final_seq > coalesce(s.upto_seq, 0))
FROM (SELECT $1::uuid AS id) x LEFT JOIN conversation_summaries s ON s.session_id = x.id`

func (s *store) summary(ctx context.Context, session string) (now Summary, err error) {
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		var since int
		return conn.QueryRow(ctx, selectSummary, session).Scan(&now.Text, &now.UpTo, &now.ByModel, &since)
	})
	return now, wrap(err, "read the summary of session %s", session)
}

// keepSummary stores a summary unless a later one, or one of the model for the same answers, is there.
func (s *store) keepSummary(ctx context.Context, session string, now Summary) error {
	err := s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		_, err := conn.Exec(ctx, `
			INSERT INTO conversation_summaries AS old (session_id, upto_seq, summary, by_model) VALUES ($1, $2, $3, $4)
			ON CONFLICT (session_id) DO UPDATE
				SET upto_seq = excluded.upto_seq, summary = excluded.summary, by_model = excluded.by_model, written_at = now()
				WHERE excluded.upto_seq > old.upto_seq OR excluded.upto_seq = old.upto_seq AND NOT old.by_model`,
			session, now.UpTo, now.Text, now.ByModel)
		return err
	})
	return wrap(err, "keep the summary of session %s", session)
}

// conversation is what a summary is made of, and the seq of the latest answer in it.
func (s *store) conversation(ctx context.Context, session string) (c shop.Conversation, last int64, err error) {
	err = s.retry(ctx, func(ctx context.Context, conn *pgxpool.Conn) error {
		c, last = shop.Conversation{}, 0
		var raw string
		err := conn.QueryRow(ctx, `SELECT state::text, lang, coalesce(nullif(customer, ''), id::text) FROM sessions WHERE id = $1`, session).Scan(&raw, &c.Lang, &c.Customer)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrNoSession
		}
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(raw), &c.State); err != nil {
			return final{fmt.Errorf("read stored state: %w", err)}
		}
		rows, err := conn.Query(ctx, `
			SELECT q.text, a.text, coalesce(e.data::text, '{}'), a.final_seq
			FROM messages a JOIN messages q ON q.id = a.reply_to LEFT JOIN events e ON e.session_id = a.session_id AND e.seq = a.final_seq
			WHERE a.session_id = $1 AND a.role = 'assistant' AND a.final_seq IS NOT NULL ORDER BY a.final_seq DESC LIMIT $2`, session, mostExchanges)
		if err != nil {
			return err
		}
		c.Exchanges, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e shop.Exchange, err error) {
			var data string
			var seq int64
			if err := row.Scan(&e.Asked, &e.Answered, &data, &seq); err != nil {
				return e, err
			}
			var ended protocol.MessageCompleted
			if err := json.Unmarshal([]byte(data), &ended); err != nil {
				return e, final{fmt.Errorf("read a stored answer: %w", err)}
			}
			e.Intent, last = ended.Intent, max(last, seq)
			if ended.Slots != nil {
				e.Slots = *ended.Slots
			}
			return e, nil
		})
		return err
	})
	slices.Reverse(c.Exchanges)
	return c, last, wrap(err, "read the conversation of session %s", session)
}
