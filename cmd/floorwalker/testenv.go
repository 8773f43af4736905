package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"floorwalker/embedded"
)

// testenvCmd runs a command, such as go test, beside a throw-away PostgreSQL that all packages share.
type testenvCmd struct {
	LLM     bool     `name:"llm" help:"Also start Ollama with the small model and set OLLAMA_HOST."`
	Command []string `arg:"" passthrough:"" help:"The command and its arguments."`
}

// Run starts the server, runs the command with TEST_DATABASE_URL and ONNXRUNTIME_LIB set, and stops the server.
func (c *testenvCmd) Run(ctx context.Context, std streams) error {
	command := c.Command
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	if len(command) == 0 {
		return errors.New("testenv needs a command: floorwalker testenv -- go test ./...")
	}
	cache := embedded.DefaultCache()
	if err := embedded.Fetch(ctx, cache, embedded.Needed(), std.err); err != nil {
		return err
	}
	library, err := embedded.ONNXRuntime(cache)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "floorwalker-testenv-")
	if err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return fmt.Errorf("open data folder: %w", err)
	}
	pg, err := embedded.StartPostgres(ctx, embedded.PostgresOptions{Cache: cache, DataDir: dir, Unsafe: true})
	if err != nil {
		return err
	}
	defer pg.Stop(context.Background()) //nolint:errcheck // nothing of value is in it
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = std.in, std.out, std.err
	cmd.Env = append(os.Environ(), "TEST_DATABASE_URL="+pg.URL(), "ONNXRUNTIME_LIB="+library, "FLOORWALKER_CACHE="+cache)
	if c.LLM {
		ollama, err := embedded.StartOllama(embedded.OllamaOptions{Cache: cache, Model: "smollm2", Debug: true})
		if err != nil {
			return err
		}
		defer ollama.Stop(context.Background()) //nolint:errcheck // nothing of value is in it
		if err := ollama.Wait(ctx); err != nil {
			return err
		}
		cmd.Env = append(cmd.Env, "FLOORWALKER_TEST_OLLAMA="+ollama.URL())
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 20 * time.Second
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exitCode(max(exit.ExitCode(), 1))
	}
	return err
}
