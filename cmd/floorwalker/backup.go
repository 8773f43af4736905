package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"floorwalker/embedded"

	"github.com/jackc/pgx/v5"
)

// backupCmd writes everything that can't be made again into one file: the database, and the secrets of the data folder.
type backupCmd struct {
	File string `arg:"" help:"Where to; never over a file that is there."`
	services
}

// restoreCmd puts a backup in place of what is in the database.
type restoreCmd struct {
	File    string `arg:"" help:"A file that backup wrote."`
	Replace bool   `help:"Throw away what the database holds now."`
	services
}

// The entries of a backup, in this order.
const (
	backupAbout    = "about.json"
	backupDatabase = "database.sql.gz"
)

// backupSecrets are the files of the data folder that a shop on another machine goes on with.
var backupSecrets = []string{"admin.token", "checkout.key", secretKey, webhookKey}

// about says what a backup is of.
type about struct {
	Format  int       `json:"format"`
	Version string    `json:"version"`
	Made    time.Time `json:"made"`
}

const backupFormat = 1

// Run dumps the database, as it is at one moment, while the shop goes on.
func (c *backupCmd) Run(ctx context.Context, std streams) (err error) {
	out, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already; name another file", c.File)
	}
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	defer func() {
		if err = errors.Join(err, out.Close()); err != nil {
			err = errors.Join(err, os.Remove(c.File)) // half a backup is none
		}
	}()
	db, err := openDatabase(ctx, c.services, warnings(std.err))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(context.WithoutCancel(ctx))) }()
	dump, err := os.CreateTemp(filepath.Dir(c.File), ".floorwalker-dump-")
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	defer func() { err = errors.Join(err, dump.Close(), os.Remove(dump.Name())) }()
	squeezed := gzip.NewWriter(dump)
	if err := c.tool(ctx, db.url, squeezed, "pg_dump", "--schema", "public", "--extension", "vector", "--no-owner", "--no-privileges"); err != nil {
		return err
	}
	if err := squeezed.Close(); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	if err := c.pack(out, dump); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	size, err := out.Seek(0, io.SeekEnd)
	fmt.Fprintf(std.out, "%s: %.1f MiB. It holds conversations and secrets: keep it as safe as the shop itself.\n", c.File, float64(size)/(1<<20))
	return err
}

func (c *backupCmd) pack(out *os.File, dump *os.File) error {
	w := tar.NewWriter(out)
	add := func(name string, size int64, r io.Reader) error {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: time.Now().UTC()}); err != nil {
			return err
		}
		_, err := io.Copy(w, r)
		return err
	}
	what, err := json.Marshal(about{backupFormat, version, time.Now().UTC()})
	if err != nil {
		return err
	}
	if err := add(backupAbout, int64(len(what)), bytes.NewReader(what)); err != nil {
		return err
	}
	for _, name := range backupSecrets {
		text, err := os.ReadFile(filepath.Join(c.dataDir(), name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = add(name, int64(len(text)), bytes.NewReader(text))
		}
		if err != nil {
			return err
		}
	}
	size, err := dump.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = dump.Seek(0, io.SeekStart)
	}
	if err != nil {
		return err
	}
	return errors.Join(add(backupDatabase, size, dump), w.Close(), out.Sync())
}

// Run replaces the database's content in one transaction: after a failure everything is as it was.
func (c *restoreCmd) Run(ctx context.Context, std streams) (err error) {
	work, err := os.MkdirTemp("", "floorwalker-restore-")
	if err != nil {
		return fmt.Errorf("unpack the backup: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	what, err := unpack(c.File, work)
	if err != nil {
		return fmt.Errorf("read %s: %w", c.File, err)
	}
	if c.DatabaseURL == "" && embedded.InUse(c.dataDir()) {
		return errors.New("a server runs on this data; stop it first")
	}
	db, err := openDatabase(ctx, c.services, warnings(std.err))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(context.WithoutCancel(ctx))) }()
	db.pool.Close() // its connections would hold locks
	if err := c.empty(ctx, db.url); err != nil {
		return err
	}
	if err := c.tool(ctx, db.url, nil, "psql", "--quiet", "--no-psqlrc", "--single-transaction", "--set", "ON_ERROR_STOP=1",
		"--command", "SET lock_timeout = '10s'; SET client_min_messages = warning; DROP SCHEMA public CASCADE", "--file", filepath.Join(work, backupDatabase), "--output", os.DevNull); err != nil {
		return fmt.Errorf("%w (nothing was changed)", err)
	}
	if err := c.keepSecrets(work); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "The shop is as it was on %s. Clients that saw more are told to begin anew.\n", what.Made.Format(time.RFC1123))
	return nil
}

// unpack puts the entries into the folder. It takes none that backup does not write.
func unpack(file, folder string) (what about, err error) {
	f, err := os.Open(file)
	if err != nil {
		return what, err
	}
	defer f.Close()
	seen := map[string]bool{}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return what, fmt.Errorf("it is no backup, or is damaged: %w", err)
		}
		if h.Name != backupAbout && h.Name != backupDatabase && !slices.Contains(backupSecrets, h.Name) {
			return what, fmt.Errorf("it is no backup: it holds %q", h.Name)
		}
		if err := unpackEntry(filepath.Join(folder, h.Name), h.Name == backupDatabase, r); err != nil {
			return what, fmt.Errorf("it is damaged: %w", err)
		}
		seen[h.Name] = true
	}
	if !seen[backupAbout] || !seen[backupDatabase] {
		return what, errors.New("it is no backup, or is cut off")
	}
	text, err := os.ReadFile(filepath.Join(folder, backupAbout))
	if err != nil {
		return what, err
	}
	if err := json.Unmarshal(text, &what); err != nil {
		return what, fmt.Errorf("it is damaged: %w", err)
	}
	if what.Format != backupFormat {
		return what, fmt.Errorf("it has format %d and this program reads %d; restore it with version %s", what.Format, backupFormat, what.Version)
	}
	return what, nil
}

// unpackEntry writes one entry whole, with its checksum compared before anything is done with it.
func unpackEntry(path string, squeezed bool, r io.Reader) (err error) {
	if squeezed {
		if r, err = gzip.NewReader(r); err != nil {
			return err
		}
	}
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the name is one of our own
	if err != nil {
		return err
	}
	_, err = io.Copy(out, r) //nolint:gosec // it is the operator's own file
	return errors.Join(err, out.Close())
}

// empty refuses a database that holds something, unless that was asked for, and one that a shop is using.
func (c *restoreCmd) empty(ctx context.Context, address string) error {
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return fmt.Errorf("look at the database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var holds bool
	var others int
	// What ends, our own look at the schema among it, takes a moment to be gone.
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM sessions) OR EXISTS (SELECT FROM products),
			(SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend')`).
			Scan(&holds, &others); err != nil {
			return fmt.Errorf("look at the database: %w", err)
		}
		if others == 0 || time.Since(began) > 5*time.Second {
			break
		}
	}
	switch {
	case others > 0:
		return fmt.Errorf("%d others are connected to the database; stop the servers first", others)
	case holds && !c.Replace:
		return errors.New("the database holds products or conversations; --replace throws them away")
	}
	return nil
}

// keepSecrets puts the backup's secrets into the data folder, in place of those there.
func (c *restoreCmd) keepSecrets(work string) error {
	if err := os.MkdirAll(c.dataDir(), 0o755); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	for _, name := range backupSecrets {
		text, err := os.ReadFile(filepath.Join(work, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(c.dataDir(), name), text, 0o600)
		}
		if err != nil {
			return fmt.Errorf("keep secret %s: %w", name, err)
		}
	}
	return nil
}

// tool runs one of PostgreSQL's own programs from the cache on the database. The password
// goes by the environment: others on the machine can read arguments.
func (s services) tool(ctx context.Context, address string, out io.Writer, name string, args ...string) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return errors.New("this needs DATABASE_URL in the form postgres://user:password@host/database")
	}
	if err := embedded.Fetch(ctx, s.cacheDir(), embedded.Needed(), io.Discard); err != nil {
		return err
	}
	environment := os.Environ()
	if password, ok := u.User.Password(); ok {
		environment = append(environment, "PGPASSWORD="+password)
		u.User = url.User(u.User.Username())
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, embedded.PostgresProgram(s.cacheDir(), name), append(args, "--dbname", u.String())...)
	cmd.Stdout, cmd.Stderr, cmd.Env = out, &said, environment
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(said.Bytes()))
	}
	return nil
}
