package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"floorwalker/conformance"
)

// conformanceCmd proves that a client of the protocol keeps to it.
type conformanceCmd struct {
	Listen  string        `help:"Address of the test server." default:"127.0.0.1:0"`
	Only    []string      `help:"Points to try; all when empty."`
	List    bool          `help:"Show the points and what each proves, and try none."`
	Wait    time.Duration `help:"How long to wait for the client's adapter." default:"2m"`
	Command []string      `arg:"" optional:"" passthrough:"" help:"Starts the client's adapter, which finds the test server in FLOORWALKER_CONFORMANCE_URL. Without it one is waited for."`
}

// Run tries the points and prints for each whether the client passed.
func (c *conformanceCmd) Run(ctx context.Context, std streams) error {
	points, err := conformance.Script()
	if err != nil {
		return err
	}
	if points, err = chosen(points, c.Only); err != nil {
		return err
	}
	if c.List {
		for _, p := range points {
			fmt.Fprintf(std.out, "%-16s %s\n", p.Name, p.Proves)
		}
		return nil
	}
	kit, err := conformance.Listen(c.Listen)
	if err != nil {
		return err
	}
	defer kit.Close()
	fmt.Fprintf(std.err, "the test server is at %s\n", kit.URL())
	ended, stop, err := c.start(ctx, kit.URL(), std)
	if err != nil {
		return err
	}
	defer stop()
	waiting, cancel := context.WithTimeout(ctx, c.Wait)
	defer cancel()
	context.AfterFunc(ended, cancel)
	client, err := kit.Await(waiting)
	if err != nil {
		return err
	}
	failed := 0
	for _, p := range points {
		r := kit.Play(ctx, client, p)
		switch {
		case r.Skipped:
			fmt.Fprintf(std.out, "--    %-16s %s does not claim %q\n", p.Name, client.Client, p.Needs)
		case r.Err != nil:
			failed++
			fmt.Fprintf(std.out, "FAIL  %-16s %s\n      %v\n", p.Name, p.Proves, r.Err)
		default:
			fmt.Fprintf(std.out, "pass  %-16s %s\n", p.Name, p.Proves)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if failed > 0 {
		fmt.Fprintf(std.out, "%s fails %d of %d points\n", client.Client, failed, len(points))
		return errors.Join(exitCode(1), kit.End(ctx))
	}
	fmt.Fprintf(std.out, "%s passes\n", client.Client)
	return kit.End(ctx)
}

// chosen are the points of the names; all where there are none.
func chosen(points []conformance.Point, names []string) ([]conformance.Point, error) {
	for _, name := range names {
		if known := conformance.Names(points); !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no point %q; there are %s", name, strings.Join(known, ", "))
		}
	}
	if len(names) == 0 {
		return points, nil
	}
	return slices.DeleteFunc(points, func(p conformance.Point) bool { return !slices.Contains(names, p.Name) }), nil
}

// start runs the adapter, where a command is given. ended ends with it; stop ends it and waits for that.
func (c *conformanceCmd) start(ctx context.Context, at string, std streams) (ended context.Context, stop func(), err error) {
	args := c.Command
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		return ctx, func() {}, nil
	}
	running, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(running, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "FLOORWALKER_CONFORMANCE_URL="+at)
	cmd.Stdout, cmd.Stderr = std.err, std.err
	const patience = 5 * time.Second
	cmd.WaitDelay = patience
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, nil, fmt.Errorf("start the client's adapter: %w", err)
	}
	ended, over := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer over()
		_ = cmd.Wait() //nolint:errcheck // what it failed at shows in the points
	}()
	return ended, func() {
		select {
		case <-done:
		case <-time.After(patience):
		}
		cancel()
		<-done
	}, nil
}
