package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"floorwalker/demo"
	"floorwalker/desk"
	"floorwalker/shop"
)

// agentCmd keeps the accounts of the people who answer.
type agentCmd struct {
	Add     agentAddCmd     `cmd:"" help:"Make an account. Its password is chosen and shown once."`
	List    agentListCmd    `cmd:"" help:"List the accounts."`
	Disable agentDisableCmd `cmd:"" help:"Close an account: logged out everywhere, its conversations go back to their queues."`
}

type agentAddCmd struct {
	ID       string   `arg:"" help:"What the person logs in with: lower-case letters, digits and . _ -"`
	Name     string   `help:"What customers see." required:""`
	Role     string   `help:"What the person may do." enum:"agent,supervisor,admin" default:"agent"`
	Queues   []string `help:"Queues that the person may answer; all when empty."`
	Capacity int      `help:"How many conversations the person takes at once." default:"4"`
	TOTP     bool     `name:"totp" help:"Ask for an authenticator app's code at login."`
	services
}

type agentListCmd struct {
	services
}

type agentDisableCmd struct {
	ID   string `arg:"" help:"The account's id."`
	Undo bool   `help:"Open the account again."`
	services
}

// withDesk opens the database that a server uses, or would use, and the desk on it.
func withDesk(ctx context.Context, s services, std streams, work func(d *desk.Desk) error) error {
	return withDatabase(ctx, s, std, func(db *database) error {
		key, err := s.key()
		if err != nil {
			return err
		}
		return work(desk.New(db.pool, desk.Options{Key: key, Logger: warnings(std.err)}))
	})
}

// Run makes the account and shows what is never shown again.
func (c *agentAddCmd) Run(ctx context.Context, std streams) error {
	return withDesk(ctx, c.services, std, func(d *desk.Desk) error {
		password, totp, err := d.AddAgent(ctx, desk.Agent{ID: c.ID, Name: c.Name, Role: desk.Role(c.Role), Queues: c.Queues, Capacity: c.Capacity}, "", c.TOTP)
		if err != nil {
			return err
		}
		fmt.Fprintf(std.out, "id:       %s\npassword: %s\n", c.ID, password)
		if totp != "" {
			fmt.Fprintf(std.out, "totp:     %s\n", desk.TOTPAddress(c.ID, totp))
		}
		return nil
	})
}

// Run lists the accounts, one a line.
func (c *agentListCmd) Run(ctx context.Context, std streams) error {
	return withDesk(ctx, c.services, std, func(d *desk.Desk) error {
		all, err := d.Agents(ctx)
		if err != nil {
			return err
		}
		for _, a := range all {
			state := ""
			if a.Disabled {
				state = "disabled"
			}
			fmt.Fprintln(std.out, strings.TrimRight(fmt.Sprintf("%-20s %-20s %-10s %-20s %3d %s", a.ID, a.Name, a.Role, strings.Join(a.Queues, ","), a.Capacity, state), " "))
		}
		return nil
	})
}

// Run closes or opens the account.
func (c *agentDisableCmd) Run(ctx context.Context, std streams) error {
	return withDesk(ctx, c.services, std, func(d *desk.Desk) error { return d.Disable(ctx, c.ID, !c.Undo) })
}

// seatDemoAgents makes the demo's agents with a queue for each language, once. Their passwords are chosen and kept in the
// data folder.
func seatDemoAgents(ctx context.Context, wanted bool, d *desk.Desk, dataDir string, out io.Writer) error {
	if !wanted {
		return nil
	}
	there, err := d.Agents(ctx)
	if err != nil || len(there) > 0 {
		return err
	}
	agents, err := demo.Agents()
	if err != nil {
		return err
	}
	for _, a := range agents {
		password, err := secret(dataDir, a.ID+".password")
		if err != nil {
			return err
		}
		_, _, err = d.AddAgent(ctx, desk.Agent{ID: a.ID, Name: a.Name, Role: desk.RoleAgent, Capacity: a.Capacity,
			Queues: demoQueues(a.Langs)}, password, false)
		if code, _ := shop.CodeOf(err); err != nil && code != shop.CodeConflict { // another replica was first
			return err
		}
		fmt.Fprintf(out, "agent %s: the password for /console lies in %s\n", a.ID, a.ID+".password of the data folder")
	}
	return d.SeatQueues(ctx, []desk.Queue{
		{ID: "english", Name: "English", Langs: []string{string(shop.English)}},
		{ID: "chinese", Name: "中文", Langs: []string{string(shop.Chinese)}}})
}

// demoQueues are the queues of the languages that an agent speaks.
func demoQueues(langs []shop.Lang) []string {
	queues := []string{"general"}
	if slices.Contains(langs, shop.English) {
		queues = append(queues, "english")
	}
	if slices.Contains(langs, shop.Chinese) {
		queues = append(queues, "chinese")
	}
	return queues
}
