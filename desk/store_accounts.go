package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const agentColumns = `id, name, role, queues, capacity, totp_secret <> '', disabled, present_until > clock_timestamp(), away`

func scanAgent(row pgx.CollectableRow) (a Agent, err error) {
	err = row.Scan(&a.ID, &a.Name, &a.Role, &a.Queues, &a.Capacity, &a.TOTP, &a.Disabled, &a.Present, &a.Away)
	return a, err
}

// account is an agent with what logging in needs.
type account struct {
	Agent
	hash, totp string
	step       int64
	blocked    bool
}

func (s *store) account(ctx context.Context, id string) (account, error) {
	var a account
	err := s.pool.QueryRow(ctx, `SELECT `+agentColumns+`, password_hash, totp_secret, totp_step, blocked_until > clock_timestamp()
		FROM desk_agents WHERE id = $1`, id).
		Scan(&a.ID, &a.Name, &a.Role, &a.Queues, &a.Capacity, &a.TOTP, &a.Disabled, &a.Present, &a.Away, &a.hash, &a.totp, &a.step, &a.blocked)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, errNoAgent
	}
	if err != nil {
		return a, fmt.Errorf("read an account: %w", err)
	}
	return a, nil
}

func (s *store) agent(ctx context.Context, id string) (Agent, error) {
	a, err := s.account(ctx, id)
	return a.Agent, err
}

func (s *store) agents(ctx context.Context) (all []Agent, err error) {
	b := &pgx.Batch{}
	queueAgents(b, &all)
	if err := s.send(ctx, b); err != nil {
		return nil, fmt.Errorf("list agents: %w", err)
	}
	return all, nil
}

func queueAgents(b *pgx.Batch, into *[]Agent) {
	b.Queue(`SELECT ` + agentColumns + ` FROM desk_agents ORDER BY id`).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, scanAgent)
		return err
	})
}

func (s *store) insertAgent(ctx context.Context, a Agent, hash, totp string) error {
	_, err := s.pool.Exec(ctx, `
		INSERT INTO desk_agents (id, name, role, queues, capacity, password_hash, totp_secret) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		a.ID, a.Name, string(a.Role), a.Queues, a.Capacity, hash, totp)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "23505" {
		return shop.Errorf(shop.CodeConflict, "There is an agent of this id already. Choose another.")
	}
	if err != nil {
		return fmt.Errorf("make an account: %w", err)
	}
	return nil
}

// disable closes the account; its logins end and its claims run out at once.
func (s *store) disable(ctx context.Context, id string, disabled bool) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE desk_agents SET disabled = $2, present_until = '-infinity' WHERE id = $1`, id, disabled)
		if err == nil && tag.RowsAffected() == 0 {
			return errNoAgent
		}
		if err != nil || !disabled {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM desk_logins WHERE agent_id = $1`, id); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE desk_cases SET lease_until = clock_timestamp() WHERE agent_id = $1 AND status = 'claimed'`, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("disable %s: %w", id, err)
	}
	return nil
}

func (s *store) setAway(ctx context.Context, id string, away bool) error {
	if _, err := s.pool.Exec(ctx, `UPDATE desk_agents SET away = $2 WHERE id = $1`, id, away); err != nil {
		return fmt.Errorf("note that %s is away: %w", id, err)
	}
	return nil
}

// failed counts a wrong attempt; after the free ones each doubles the time until the next.
func (s *store) failed(ctx context.Context, id string, free int, first, longest time.Duration) error {
	_, err := s.pool.Exec(ctx, `
		UPDATE desk_agents SET failures = failures + 1, blocked_until = CASE WHEN failures + 1 < $2 THEN blocked_until
			ELSE clock_timestamp() + least($3::interval * 2 ^ least(failures + 1 - $2, 20), $4::interval) END WHERE id = $1`,
		id, free, first, longest)
	if err != nil {
		return fmt.Errorf("count a wrong attempt: %w", err)
	}
	return nil
}

func (s *store) useStep(ctx context.Context, id string, step int64) (bool, error) {
	tag, err := s.pool.Exec(ctx, `UPDATE desk_agents SET totp_step = $2 WHERE id = $1 AND totp_step < $2`, id, step)
	if err != nil {
		return false, fmt.Errorf("use a code: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}

func (s *store) setTOTP(ctx context.Context, id, stored string) error {
	if _, err := s.pool.Exec(ctx, `UPDATE desk_agents SET totp_secret = $2 WHERE id = $1`, id, stored); err != nil {
		return fmt.Errorf("encrypt a second factor: %w", err)
	}
	return nil
}

func (s *store) insertLogin(ctx context.Context, hash []byte, agentID string, life time.Duration) error {
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE desk_agents SET failures = 0, blocked_until = '-infinity' WHERE id = $1`, agentID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO desk_logins (token_hash, agent_id, expires_at) VALUES ($1, $2, clock_timestamp() + $3::interval)`,
			hash, agentID, life)
		return err
	})
	if err != nil {
		return fmt.Errorf("keep a login: %w", err)
	}
	return nil
}

// login finds a living login. That it was seen is written at most twice a minute.
func (s *store) login(ctx context.Context, hash []byte, idle time.Duration) (a Agent, expires time.Time, err error) {
	var stale bool
	err = s.pool.QueryRow(ctx, `
		SELECT `+agentColumns+`, l.expires_at, l.seen_at < clock_timestamp() - interval '30 seconds'
		FROM desk_logins l JOIN desk_agents a ON a.id = l.agent_id
		WHERE l.token_hash = $1 AND l.expires_at > clock_timestamp() AND l.seen_at > clock_timestamp() - $2::interval AND NOT a.disabled`, hash, idle).
		Scan(&a.ID, &a.Name, &a.Role, &a.Queues, &a.Capacity, &a.TOTP, &a.Disabled, &a.Present, &a.Away, &expires, &stale)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, expires, ErrNoLogin
	}
	if err == nil && stale {
		_, err = s.pool.Exec(ctx, `UPDATE desk_logins SET seen_at = clock_timestamp() WHERE token_hash = $1`, hash)
	}
	if err != nil {
		return a, expires, fmt.Errorf("find a login: %w", err)
	}
	return a, expires, nil
}

func (s *store) deleteLogin(ctx context.Context, hash []byte) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM desk_logins WHERE token_hash = $1`, hash); err != nil {
		return fmt.Errorf("end a login: %w", err)
	}
	return nil
}

func (s *store) forgetLogins(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, `DELETE FROM desk_logins WHERE expires_at < clock_timestamp()`); err != nil {
		return fmt.Errorf("delete old logins: %w", err)
	}
	return nil
}

func (s *store) audit(ctx context.Context, agentID, action, sessionID, detail, address string) error {
	if _, err := s.pool.Exec(ctx, insertAudit, agentID, action, sessionID, detail, address); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}
