package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// process keeps one child running: it is started again when it dies, and the kernel tells it to stop when this
// program dies, however that happens.
type process struct {
	name string
	// command makes a fresh command for each start.
	command func() *exec.Cmd
	// stop asks the child to end cleanly, kill ends it at once.
	stop, kill syscall.Signal
	logger     *slog.Logger

	mu       sync.Mutex
	child    *os.Process // nil while none runs
	exits    int
	lastExit error
	// crashed is true where the child was ended on purpose: that says nothing of its health.
	crashed bool

	stopping chan struct{}
	once     sync.Once
	done     chan struct{}
}

// Waits between an exit and the next start.
const (
	firstRestart = 200 * time.Millisecond
	lastRestart  = 10 * time.Second
	// steady is how long a child must have lived for the wait to begin anew.
	steady = time.Minute
)

// run starts the child for the first time and returns when it was started; from then on it is watched.
func (p *process) run() error {
	p.stopping, p.done = make(chan struct{}), make(chan struct{})
	started := make(chan error, 1)
	go p.watch(started)
	return <-started
}

// watch owns the child. The thread is locked because the death signal is tied to the thread that started the
// child.
func (p *process) watch(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	for wait := firstRestart; ; {
		cmd := p.command()
		if cmd.SysProcAttr == nil {
			cmd.SysProcAttr = &syscall.SysProcAttr{}
		}
		cmd.SysProcAttr.Pdeathsig = p.stop
		cmd.SysProcAttr.Setpgid = true // Ctrl-C in the terminal reaches us, and we stop the child in its turn
		began := time.Now()
		err := cmd.Start()
		if started != nil {
			started <- err
			started = nil
			if err != nil {
				return
			}
		}
		if err == nil {
			p.began(cmd.Process)
			err = cmd.Wait()
			// What the child itself had started and left behind goes too.
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}
		if crashed := p.ended(err); crashed || time.Since(began) > steady {
			wait = firstRestart
		}
		select {
		case <-p.stopping:
			return
		default:
		}
		p.logger.Error("a service ended and is started again", "service", p.name, "error", err, "after", wait)
		select {
		case <-p.stopping:
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, lastRestart)
	}
}

func (p *process) began(child *os.Process) {
	p.mu.Lock()
	p.child = child
	p.mu.Unlock()
	// end may have come between the last exit and this start: it saw no child to signal.
	select {
	case <-p.stopping:
		_ = child.Signal(p.stop)
	default:
	}
}

func (p *process) ended(err error) (crashed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	crashed = p.crashed
	p.child, p.lastExit, p.crashed = nil, err, false
	p.exits++
	return crashed
}

// crash ends the child at once, if one runs; it is started again without a longer wait for it.
func (p *process) crash() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child != nil {
		p.crashed = true
		_ = p.child.Kill()
	}
}

// exited says how often the child has ended and how it ended last; running tells whether one runs now.
func (p *process) exited() (times int, last error, running bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exits, p.lastExit, p.child != nil
}

// signal sends to the child, if one runs.
func (p *process) signal(s syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child != nil {
		_ = p.child.Signal(s)
	}
}

// end stops the child and waits for it; after grace or when ctx ends it is killed. It may be called twice.
func (p *process) end(ctx context.Context, grace time.Duration) error {
	p.once.Do(func() { close(p.stopping); p.signal(p.stop) })
	patience := time.NewTimer(grace)
	defer patience.Stop()
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	case <-patience.C:
	}
	for _, s := range []syscall.Signal{p.kill, syscall.SIGKILL} {
		p.signal(s)
		select {
		case <-p.done:
			return nil
		case <-time.After(5 * time.Second):
		}
	}
	return fmt.Errorf("stop %s: it did not end", p.name)
}
