package desk

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"floorwalker/shop"
)

// AddAgent makes an account; the password is chosen where it is empty. It returns the password and, where
// withTOTP, the second factor's secret: both are shown once.
func (d *Desk) AddAgent(ctx context.Context, a Agent, password string, withTOTP bool) (chosen, totp string, err error) {
	a.Name, a.Role, a.Capacity = strings.TrimSpace(a.Name), or(a.Role, RoleAgent), or(a.Capacity, 4)
	if len(a.Queues) == 0 {
		a.Queues = []string{AllQueues}
	}
	if err := a.check(); err != nil {
		return "", "", err
	}
	if password == "" {
		password = NewPassword()
	}
	if n := utf8.RuneCountInString(password); n < minPassword || n > maxPassword {
		return "", "", shop.Errorf(shop.CodeBadRequest, "A password has %d to %d characters. Leave it out to have one chosen.", minPassword, maxPassword)
	}
	hash, err := d.hash(ctx, password)
	if err != nil {
		return "", "", fmt.Errorf("hash a password: %w", err)
	}
	stored := ""
	if withTOTP {
		totp = newTOTP()
		if stored, err = d.seal(a.ID, totp); err != nil {
			return "", "", err
		}
	}
	if err := d.store.insertAgent(ctx, a, hash, stored); err != nil {
		return "", "", err
	}
	return password, totp, d.store.audit(ctx, a.ID, "account_added", "", string(a.Role), "")
}

// Agents lists all accounts.
func (d *Desk) Agents(ctx context.Context) ([]Agent, error) { return d.store.agents(ctx) }

// Disable closes or opens an account. A closed one is logged out everywhere, and its conversations return to
// their queues.
func (d *Desk) Disable(ctx context.Context, id string, disabled bool) error {
	if err := d.store.disable(ctx, id, disabled); err != nil {
		return err
	}
	d.Changed("")
	action := "account_enabled"
	if disabled {
		action = "account_disabled"
	}
	return d.store.audit(ctx, id, action, "", "", "")
}

// SetAway says whether the agent wants new conversations.
func (d *Desk) SetAway(ctx context.Context, a Agent, away bool) error {
	if err := d.store.setAway(ctx, a.ID, away); err != nil {
		return err
	}
	d.Changed("")
	return nil
}

// Audit notes that the agent saw or did something.
func (d *Desk) Audit(ctx context.Context, a Agent, action, sessionID, detail, address string) error {
	return d.store.audit(ctx, a.ID, action, sessionID, detail, address)
}
