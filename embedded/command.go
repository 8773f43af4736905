package embedded

import (
	"context"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// command prepares a child that does one thing and ends. It is interrupted together with its own children when
// ctx ends, and by the kernel when this program dies, so that no download or build goes on behind our back.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGINT}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 3 * time.Second
	return cmd
}

// finish runs a prepared command to its end. It has a thread of its own meanwhile: the death signal comes when
// the thread that started the child ends, not when the program does.
func finish(cmd *exec.Cmd) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		done <- cmd.Run()
	}()
	err := <-done
	if err != nil && cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what did not heed the interrupt
	}
	return err
}
