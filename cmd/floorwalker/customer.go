package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"floorwalker/agent/spending"
	"floorwalker/behaviour"
	"floorwalker/desk"
	"floorwalker/dialog"
	"floorwalker/experiments"
	"floorwalker/orders"
	"floorwalker/pictures"
	"floorwalker/sponsored"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// customerCmd answers customers who ask what is stored of them, and those who want it gone.
type customerCmd struct {
	Export customerExportCmd `cmd:"" help:"Write everything that is stored of a customer as JSON."`
	Erase  customerEraseCmd  `cmd:"" help:"Delete everything that is stored of a customer. It can't be undone; backups keep what they hold."`
}

// person is whose data is meant.
type person struct {
	ID      string `arg:"" help:"The shop's id of the customer; with --session, a visitor's session."`
	Session bool   `help:"The id is that of a session of a visitor who never logged in."`
}

type customerExportCmd struct {
	person
	services
}

type customerEraseCmd struct {
	person
	services
}

// within finds the person's sessions, locked, and runs work in the same transaction.
func (p person) within(ctx context.Context, s services, std streams, work func(tx pgx.Tx, customer string, sessions []string) error) error {
	if p.ID == "" {
		return errors.New("name the customer")
	}
	return withDatabase(ctx, s, std, func(db *database) error {
		return pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
			if p.Session {
				id, err := uuid.Parse(p.ID)
				if err != nil {
					return fmt.Errorf("%q is no session's id: %w", p.ID, err)
				}
				return work(tx, "", []string{id.String()})
			}
			sessions, err := dialog.SessionsOf(ctx, tx, p.ID)
			if err != nil {
				return err
			}
			return work(tx, p.ID, sessions)
		})
	})
}

// Run writes one JSON object: an array for each kind of thing.
func (c *customerExportCmd) Run(ctx context.Context, std streams) error {
	return c.within(ctx, c.services, std, func(tx pgx.Tx, customer string, sessions []string) error {
		all, err := dialog.Export(ctx, tx, sessions)
		if err != nil {
			return err
		}
		more, err := desk.Export(ctx, tx, sessions)
		if err != nil {
			return err
		}
		maps.Copy(all, more)
		if more, err = orders.Export(ctx, tx, customer, sessions); err != nil {
			return err
		}
		maps.Copy(all, more)
		if more, err = experiments.Export(ctx, tx, customer, sessions); err != nil {
			return err
		}
		maps.Copy(all, more)
		if more, err = sponsored.Export(ctx, tx, customer, sessions); err != nil {
			return err
		}
		maps.Copy(all, more)
		if more, err = behaviour.Export(ctx, tx, customer, sessions); err != nil {
			return err
		}
		maps.Copy(all, more)
		if more, err = pictures.Export(ctx, tx, sessions); err != nil {
			return err
		}
		maps.Copy(all, more)
		for table, rows := range all {
			if rows == nil {
				all[table] = []json.RawMessage{}
			}
		}
		out := json.NewEncoder(std.out)
		out.SetIndent("", " ")
		out.SetEscapeHTML(false)
		return out.Encode(all)
	})
}

// Run deletes in one transaction. Sockets of the customer that are open are closed by the servers.
func (c *customerEraseCmd) Run(ctx context.Context, std streams) error {
	return c.within(ctx, c.services, std, func(tx pgx.Tx, customer string, sessions []string) error {
		for _, who := range named(customer, sessions) {
			if _, err := behaviour.Erase(ctx, tx, who); err != nil {
				return err
			}
			if err := sponsored.Erase(ctx, tx, who); err != nil {
				return err
			}
			if err := experiments.Erase(ctx, tx, who); err != nil {
				return err
			}
		}
		if err := eraseSessions(ctx, tx, customer, sessions); err != nil {
			return err
		}
		fmt.Fprintf(std.err, "%d sessions are erased with all that hung on them\n", len(sessions))
		return nil
	})
}

// named are the names under which things of a customer, who may be "", and of sessions are kept.
func named(customer string, sessions []string) []string {
	names := slices.Clone(sessions)
	if customer != "" {
		names = append(names, customer)
	}
	return names
}

// eraseSessions deletes the sessions with all that hangs on them, and a customer's cart, orders and use of the model. What
// was done in them is behaviour's.
func eraseSessions(ctx context.Context, tx pgx.Tx, customer string, sessions []string) error {
	if err := desk.Erase(ctx, tx, sessions); err != nil {
		return err
	}
	if err := orders.Erase(ctx, tx, customer, sessions); err != nil {
		return err
	}
	if err := spending.Erase(ctx, tx, named(customer, sessions)); err != nil {
		return err
	}
	return dialog.Erase(ctx, tx, customer, sessions)
}
