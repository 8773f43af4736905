package embedded

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cluster is PostgreSQL's data, the programs that serve them and the account that these run under.
type cluster struct {
	// install holds the programs.
	install string
	// folder holds the data, the password, the log and the lock.
	folder  string
	account *account
}

// rootsElsewhere is where root keeps PostgreSQL's files when its account can't enter the chosen folders.
const rootsElsewhere = "/var/lib/floorwalker"

// openCluster finds an installation and a data folder that PostgreSQL's account can enter. What lies below a folder
// that is closed to it, such as root's home, is kept elsewhere.
func openCluster(install, dataDir, elsewhere string, logger *slog.Logger) (*cluster, error) {
	folder, err := filepath.Abs(dataDir)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if install, err = filepath.Abs(install); err != nil {
		return nil, fmt.Errorf("cache folder: %w", err)
	}
	if err := makeFolder(folder); err != nil {
		return nil, fmt.Errorf("make the data folder (FLOORWALKER_DATA chooses another): %w", err)
	}
	c := &cluster{install: install, folder: folder}
	if c.account, err = serviceAccount(c.data()); err != nil {
		return nil, err
	}
	if !c.account.reaches(folder) {
		sum := sha256.Sum256([]byte(folder))
		c.folder = filepath.Join(elsewhere, hex.EncodeToString(sum[:6]))
		if err := makeFolder(c.folder); err != nil {
			return nil, fmt.Errorf("PostgreSQL's account can't enter %s, and no other place can be made: %w", folder, err)
		}
		logger.Info("PostgreSQL's account can't enter the data folder; its data lie elsewhere", "asked", folder, "used", c.folder)
		if c.account, err = serviceAccount(c.data()); err != nil {
			return nil, err
		}
	}
	if !c.account.reaches(install) {
		if err := c.copyInstallation(elsewhere); err != nil {
			return nil, fmt.Errorf("copy PostgreSQL to where its account can run it: %w", err)
		}
	}
	return c, nil
}

// copyInstallation puts the programs where the account can run them.
func (c *cluster) copyInstallation(elsewhere string) error {
	target := filepath.Join(elsewhere, filepath.Base(c.install))
	if _, err := os.Stat(target); err == nil {
		c.install = target
		return nil
	}
	if err := makeFolder(elsewhere); err != nil {
		return err
	}
	partial, err := os.MkdirTemp(elsewhere, partialPrefix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(partial)
	whole := filepath.Join(partial, "whole")
	if err := copyTree(c.install, whole); err != nil {
		return err
	}
	// Another start may have been faster: then its copy is as good.
	if err := os.Rename(whole, target); err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, syscall.ENOTEMPTY) {
		return err
	}
	c.install = target
	return nil
}

// data is the folder that belongs to PostgreSQL alone. It names the major version, whose files another can't read.
func (c *cluster) data() string { return filepath.Join(c.folder, "pg18") }

// initialise makes the data on first use and returns the password, which only this user can read.
func (c *cluster) initialise(ctx context.Context, unsafe bool) (password string, err error) {
	secret := filepath.Join(c.folder, "postgres.password")
	if _, err := os.Stat(c.data()); err == nil {
		stored, err := os.ReadFile(secret)
		if err != nil {
			return "", fmt.Errorf("read the database's password: %w", err)
		}
		return strings.TrimSpace(string(stored)), nil
	}
	random := make([]byte, 24)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("make a password: %w", err)
	}
	password = hex.EncodeToString(random)
	// What an earlier, killed initdb left is of no use: it is made again beside and moved into place whole.
	fresh, handed := c.data()+".new", filepath.Join(c.folder, "initdb.password")
	if err := errors.Join(os.RemoveAll(fresh), os.RemoveAll(handed)); err != nil {
		return "", fmt.Errorf("clear what an earlier start left: %w", err)
	}
	if err := os.Mkdir(fresh, 0o700); err != nil {
		return "", fmt.Errorf("make the data folder: %w", err)
	}
	defer os.RemoveAll(fresh)
	if err := os.WriteFile(handed, []byte(password+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("hand over the password: %w", err)
	}
	defer os.Remove(handed)
	if err := errors.Join(c.account.own(fresh), c.account.own(handed)); err != nil {
		return "", fmt.Errorf("give the data folder to PostgreSQL's account: %w", err)
	}
	if err := c.initdb(ctx, fresh, handed, unsafe); err != nil {
		return "", err
	}
	// The password is in place before the data are: data without their password can't be used.
	if err := os.WriteFile(secret, []byte(password+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep the password: %w", err)
	}
	if err := os.Rename(fresh, c.data()); err != nil {
		return "", fmt.Errorf("put the data folder in place: %w", err)
	}
	return password, nil
}

// initdb lets only who knows the password in, and sorts text alike on every machine.
func (c *cluster) initdb(ctx context.Context, data, passwordFile string, unsafe bool) error {
	args := []string{"-D", data, "-U", databaseName, "--pwfile", passwordFile, "--auth", "scram-sha-256", "--encoding", "UTF8",
		"--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C", "--no-instructions"}
	if unsafe {
		args = append(args, "--no-sync")
	}
	cmd := command(ctx, program(c.install, "initdb"), args...)
	c.account.lend(cmd.SysProcAttr)
	cmd.Dir = data
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin"}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := finish(cmd); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, lastLines(output.String(), 5))
	}
	return nil
}

// endOrphan stops a server that still runs on the data although no Floorwalker holds the lock.
func (c *cluster) endOrphan(ctx context.Context) error {
	pid, err := c.lastServer()
	if err != nil {
		return err
	}
	if !c.servedBy(pid) {
		return nil // its file is stale; PostgreSQL clears it by itself
	}
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
		_ = syscall.Kill(pid, s) // it may have ended meanwhile
		for range 100 {
			if !c.servedBy(pid) {
				return nil
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	return fmt.Errorf("an old PostgreSQL (process %d) does not stop; end it by hand", pid)
}

// lastServer is the process that the data say serves them; 0 when there is none.
func (c *cluster) lastServer() (pid int, err error) {
	text, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read postmaster.pid: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err = strconv.Atoi(line)
	if err != nil {
		return 0, nil // half-written by a server that was killed
	}
	return pid, nil
}

// servedBy reports whether the process is a PostgreSQL server on these data: a pid can be another's by now.
func (c *cluster) servedBy(pid int) bool {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	arguments := strings.Split(string(line), "\x00")
	if err != nil || filepath.Base(arguments[0]) != "postgres" {
		return false
	}
	for i, a := range arguments[:len(arguments)-1] {
		if a == "-D" && arguments[i+1] == c.data() {
			return true
		}
	}
	return false
}
