package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server that is measured.
type process struct {
	cmd *exec.Cmd
	url string
}

var address = regexp.MustCompile(`http://[0-9.:]+`)

// start runs a server and waits until it says its address. Its log goes to the file, where one is named.
func start(ctx context.Context, log, program string, args ...string) (*process, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	if log != "" {
		f, err := os.Create(log)
		if err != nil {
			return nil, err
		}
		cmd.Stderr = f
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	p := &process{cmd: cmd}
	opened := make(chan string, 1)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if url := address.FindString(lines.Text()); url != "" {
				select {
				case opened <- url:
				default:
				}
			}
		}
		close(opened)
	}()
	select {
	case p.url = <-opened:
		if p.url == "" {
			return nil, errors.Join(fmt.Errorf("%s ended before it was open", program), cmd.Wait())
		}
		return p, nil
	case <-time.After(10 * time.Minute):
		return nil, fmt.Errorf("%s is not open after ten minutes", program)
	}
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may have ended
	_ = p.cmd.Wait()                          //nolint:errcheck // the same
}

// resident is the process's memory in KiB. What the kernel keeps for sockets is not in it.
func (p *process) resident() (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strconv.ParseFloat(strings.Fields(rest)[0], 64)
		}
	}
	return 0, errors.New("no VmRSS")
}
