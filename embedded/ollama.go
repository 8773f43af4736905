package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// OllamaOptions say what is served and where things are kept.
type OllamaOptions struct {
	// Cache is the folder for the program, the weights and the model made of them.
	Cache string
	// Model is the name under which the small model is served.
	Model string
	// Logger gets the states and restarts; nil discards.
	Logger *slog.Logger
	// Debug has the server write to ollama.log, in the cache folder, how much of each prompt it had read before.
	Debug bool
}

// Ollama is an Ollama server that this program builds, starts and watches. It listens on loopback only.
type Ollama struct {
	o       OllamaOptions
	port    *reservedPort
	log     *cappedLog
	process *process
	cancel  context.CancelFunc
	wg      sync.WaitGroup

	mu     sync.Mutex
	state  string
	detail string
	since  time.Time
}

// The states of the language model on its way.
const (
	OllamaFetching = "fetching"
	OllamaBuilding = "building"
	OllamaStarting = "starting"
	OllamaReady    = "ready"
	OllamaFailed   = "failed"
)

// Waits after a failure, such as a registry that can't be reached, until all is tried again.
const (
	firstRetry = time.Minute
	lastRetry  = time.Hour
)

// StartOllama returns at once; the server is fetched, built and started in the background, at low priority, so
// that the shop opens meanwhile. State says how far it is. What fails is tried again later.
func StartOllama(o OllamaOptions) (*Ollama, error) { return startOllama(o, firstRetry) }

func startOllama(o OllamaOptions, retry time.Duration) (*Ollama, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	port, err := reservePort(0)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &Ollama{o: o, port: port, cancel: cancel}
	l.set(OllamaFetching, "the program and the small model")
	l.wg.Go(func() { l.keep(ctx, retry) })
	return l, nil
}

// URL is the server's address, also before it answers.
func (l *Ollama) URL() string { return "http://" + l.port.address() }

// State says how far the server is, in one word and in a phrase for people.
func (l *Ollama) State() (state, detail string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == OllamaBuilding {
		return l.state, fmt.Sprintf("%s; for %s so far, about ten minutes on two cores, once", l.detail, time.Since(l.since).Round(time.Second))
	}
	return l.state, l.detail
}

// Wait blocks until the server is ready, has failed, or ctx ends.
func (l *Ollama) Wait(ctx context.Context) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		switch state, detail := l.State(); state {
		case OllamaReady:
			return nil
		case OllamaFailed:
			return errors.New(detail)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// Stop ends what is under way and the server, and waits. It may be called twice.
func (l *Ollama) Stop(ctx context.Context) error {
	l.cancel()
	l.wg.Wait()
	l.port.release()
	if l.process == nil {
		return nil
	}
	err := l.process.end(ctx, 5*time.Second)
	l.log.Close()
	return err
}

func (l *Ollama) set(state, detail string) {
	l.mu.Lock()
	changed := l.state != state
	if changed {
		l.since = time.Now()
	}
	l.state, l.detail = state, detail
	l.mu.Unlock()
	if changed {
		l.o.Logger.Info("language model", "state", state, "detail", detail)
	}
}

// keep brings the server up, again after failures, and then watches that it answers.
func (l *Ollama) keep(ctx context.Context, wait time.Duration) {
	for ; ; wait = min(2*wait, lastRetry) {
		err := l.bring(ctx)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return
		}
		l.set(OllamaFailed, err.Error())
		l.o.Logger.Error("the language model can't be used, answers come from templates", "error", err, "next try after", wait)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
	l.follow(ctx)
}

// bring fetches, builds, starts and loads the model, each only where it is missing.
func (l *Ollama) bring(ctx context.Context) error {
	building := func(percent int) { l.set(OllamaBuilding, fmt.Sprintf("%d %% done", percent)) }
	if err := fetchOllama(ctx, l.o.Cache, newProgress(logLines{l.o.Logger}), building); err != nil {
		return err
	}
	l.set(OllamaStarting, "the server")
	if l.process == nil {
		if err := l.start(); err != nil {
			return err
		}
	}
	if err := l.load(ctx); err != nil {
		return err
	}
	l.set(OllamaReady, l.o.Model)
	return nil
}

func (l *Ollama) start() error {
	endOrphanRunners(ollamaProgram(l.o.Cache))
	var err error
	if l.log, err = openCappedLog(filepath.Join(l.o.Cache, "ollama.log")); err != nil {
		return err
	}
	p := &process{name: "ollama", stop: syscall.SIGTERM, kill: syscall.SIGKILL, logger: l.o.Logger, command: func() *exec.Cmd {
		l.port.release()
		// Cards and searches come before the model's words where they compete for a core.
		cmd := exec.Command("nice", "-n", "5", ollamaProgram(l.o.Cache), "serve")
		cmd.Env = l.environment()
		cmd.Stdout, cmd.Stderr = l.log, l.log
		cmd.WaitDelay = time.Second // a runner that outlives the server holds the log open
		return cmd
	}}
	if err := p.run(); err != nil {
		l.log.Close()
		return fmt.Errorf("start Ollama: %w", err)
	}
	l.process = p
	return nil
}

// follow takes note when the server dies and when it is back.
func (l *Ollama) follow(ctx context.Context) {
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	seen, _, _ := l.process.exited()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		exits, last, _ := l.process.exited()
		if exits == seen {
			continue
		}
		l.set(OllamaStarting, fmt.Sprintf("again, after it ended (%v)", last))
		if err := l.load(ctx); err == nil {
			seen = exits
			l.set(OllamaReady, l.o.Model)
		}
	}
}
