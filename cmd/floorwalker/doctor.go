package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"floorwalker/embedded"
	"floorwalker/migrations"
	"floorwalker/retrieval"
	"floorwalker/web"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/nats-io/nats.go"
	"github.com/ollama/ollama/api"
)

// doctorCmd looks at everything that serve would use, with the same flags and environment, and starts nothing.
type doctorCmd struct {
	serveCmd
	JSON bool `name:"json" help:"Print one JSON array instead of lines."`
}

// The results of a check. Only a failure keeps the shop from working as it is set up.
const (
	checkOK   = "ok"
	checkWarn = "warn"
	checkFail = "fail"
)

// finding is what one check saw, and what to do about it unless it is fine.
type finding struct {
	Check  string `json:"check"`
	State  string `json:"state"`
	Detail string `json:"detail"`
	Do     string `json:"do,omitempty"`
}

func fine(check, detail string, args ...any) finding {
	return finding{Check: check, State: checkOK, Detail: fmt.Sprintf(detail, args...)}
}

func doubt(check, detail, do string) finding { return finding{check, checkWarn, detail, do} }

func fault(check, detail, do string) finding { return finding{check, checkFail, detail, do} }

// checkPatience bounds one server's checks.
const checkPatience = 10 * time.Second

// Run prints the findings and ends with status 1 where one of them is a failure.
func (c *doctorCmd) Run(ctx context.Context, std streams) error {
	var all []finding
	for _, check := range []func(context.Context) []finding{c.database, c.messages, c.language, c.onnx, c.room, c.address, c.secrets, c.webhook} {
		limited, cancel := context.WithTimeout(ctx, checkPatience)
		all = append(all, check(limited)...)
		cancel()
	}
	if err := c.print(std.out, all); err != nil {
		return err
	}
	for _, f := range all {
		if f.State == checkFail {
			return exitCode(1)
		}
	}
	return nil
}

func (c *doctorCmd) print(out io.Writer, all []finding) error {
	if c.JSON {
		return json.NewEncoder(out).Encode(all)
	}
	for _, f := range all {
		if _, err := fmt.Fprintf(out, "%-5s %-14s %s\n", f.State, f.Check, f.Detail); err != nil {
			return err
		}
		if f.Do != "" {
			if _, err := fmt.Fprintf(out, "%21s%s\n", "", f.Do); err != nil {
				return err
			}
		}
	}
	return nil
}

// database looks at the given PostgreSQL, or at the embedded one where a server runs it.
func (c *doctorCmd) database(ctx context.Context) []finding {
	address := c.DatabaseURL
	if address == "" {
		note, err := os.ReadFile(filepath.Join(c.dataDir(), runningFile))
		switch {
		case err != nil && embedded.PostgresFetched(c.cacheDir()):
			return []finding{fine("postgres", "embedded, not running: serve starts it")}
		case err != nil:
			return []finding{doubt("postgres", "embedded, not fetched yet", "make run fetches it; make fetch does so beforehand.")}
		}
		address = string(note)
	}
	pool, err := pgxpool.New(ctx, address)
	if err == nil {
		defer pool.Close()
		err = pool.Ping(ctx)
	}
	if err != nil && c.DatabaseURL == "" {
		return []finding{doubt("postgres", "embedded, not running since a server was killed", "make run starts it again and recovers.")}
	}
	if err != nil {
		return []finding{fault("postgres", err.Error(), "Start PostgreSQL, or set DATABASE_URL to postgres://user:password@host:port/database.")}
	}
	return append(postgres(ctx, pool, address), clock(ctx, pool))
}

// The oldest PostgreSQL and pgvector that work: 16, and 0.8, the first with iterative scans.
const (
	oldestPostgres = 160000
	oldestVector   = "0.8.0"
)

func postgres(ctx context.Context, pool *pgxpool.Pool, address string) []finding {
	var number int
	var version, vector, offered string
	err := pool.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_version'),
		coalesce((SELECT extversion FROM pg_extension WHERE extname = 'vector'), ''),
		coalesce((SELECT default_version FROM pg_available_extensions WHERE name = 'vector'), '')`).Scan(&number, &version, &vector, &offered)
	if err != nil {
		return []finding{fault("postgres", err.Error(), "Give the account the right to read the catalogue tables of PostgreSQL.")}
	}
	var all []finding
	if number < oldestPostgres {
		all = append(all, fault("postgres", "version "+version, "Upgrade to PostgreSQL 16 or newer."))
	} else {
		all = append(all, fine("postgres", "version %s", version))
	}
	if vector == "" {
		vector = offered
	}
	switch {
	case vector == "":
		return append(all, fault("pgvector", "not installed on the server", "Install pgvector 0.8 or newer (package postgresql-NN-pgvector)."))
	case olderThan(vector, oldestVector):
		all = append(all, fault("pgvector", "version "+vector, "Upgrade pgvector to 0.8 or newer, then ALTER EXTENSION vector UPDATE."))
	default:
		all = append(all, fine("pgvector", "version %s", vector))
	}
	pending, err := migrations.Pending(ctx, address)
	switch {
	case err != nil:
		return append(all, fault("schema", err.Error(), "Let the account create tables, or give it the database that serve uses."))
	case pending > 0:
		return append(all, doubt("schema", fmt.Sprintf("%d migrations to run", pending), "serve runs them at its start; back up first."))
	}
	return append(all, fine("schema", "up to date"), indexes(ctx, pool), catalogue(ctx, pool))
}

// indexes finds what a crash while building left behind.
func indexes(ctx context.Context, pool *pgxpool.Pool) finding {
	const do = "Look at PostgreSQL's log."
	rows, err := pool.Query(ctx, `SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
		WHERE c.relnamespace = current_schema()::regnamespace AND NOT (i.indisvalid AND i.indisready) ORDER BY 1`)
	if err != nil {
		return fault("indexes", err.Error(), do)
	}
	broken, err := pgx.CollectRows(rows, pgx.RowTo[string])
	switch {
	case err != nil:
		return fault("indexes", err.Error(), do)
	case len(broken) > 0:
		return fault("indexes", "not valid: "+strings.Join(broken, ", "), "REINDEX INDEX CONCURRENTLY each of them.")
	}
	return fine("indexes", "all valid")
}

// catalogue counts the products.
func catalogue(ctx context.Context, pool *pgxpool.Pool) finding {
	n, err := retrieval.NewStore(pool, nil, retrieval.Options{}).Count(ctx)
	switch {
	case err != nil:
		return fault("catalogue", err.Error(), "Look at PostgreSQL's log.")
	case n == 0:
		return doubt("catalogue", "no products", "floorwalker import FILE takes yours in; serve imports the demo unless told --no-demo.")
	}
	return fine("catalogue", "%d products", n)
}

// olderThan compares versions of numbers and dots.
func olderThan(version, than string) bool {
	var a, b [3]int
	_, _ = fmt.Sscanf(version+".0.0", "%d.%d.%d", &a[0], &a[1], &a[2]) //nolint:errcheck // what can't be read counts as zero
	_, _ = fmt.Sscanf(than, "%d.%d.%d", &b[0], &b[1], &b[2])           //nolint:errcheck // the same
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// clock compares this machine's time with PostgreSQL's, by which leases, tickets and tokens run out.
func clock(ctx context.Context, pool *pgxpool.Pool) finding {
	var theirs time.Time
	sent := time.Now()
	if err := pool.QueryRow(ctx, "SELECT clock_timestamp()").Scan(&theirs); err != nil {
		return fault("clock", err.Error(), "Look at PostgreSQL's log.")
	}
	trip := time.Since(sent)
	off := theirs.Sub(sent.Add(trip / 2)).Abs().Round(time.Millisecond)
	switch {
	case off > 5*time.Second+trip:
		return fault("clock", fmt.Sprintf("%v away from PostgreSQL's", off), "Keep both machines' clocks by NTP (timedatectl set-ntp true).")
	case off > time.Second+trip:
		return doubt("clock", fmt.Sprintf("%v away from PostgreSQL's", off), "Keep both machines' clocks by NTP (timedatectl set-ntp true).")
	}
	return fine("clock", "within %v of PostgreSQL's", max(off, time.Millisecond))
}

// messages looks at NATS.
func (c *doctorCmd) messages(context.Context) []finding {
	if c.NATSURL == "" {
		return []finding{fine("nats", "embedded, within the server's process")}
	}
	const do = "Start nats-server with JetStream (-js), or set NATS_URL to nats://host:4222."
	nc, err := nats.Connect(c.NATSURL, nats.Name("floorwalker doctor"), nats.Timeout(checkPatience/2))
	if err != nil {
		return []finding{fault("nats", err.Error(), do)}
	}
	defer nc.Close()
	js, err := nc.JetStream(nats.MaxWait(checkPatience / 2))
	if err == nil {
		_, err = js.AccountInfo()
	}
	if err != nil {
		return []finding{fault("nats", "version "+nc.ConnectedServerVersion()+", but JetStream does not answer: "+err.Error(), do)}
	}
	return []finding{fine("nats", "version %s with JetStream", nc.ConnectedServerVersion())}
}

// language looks at Ollama and the model. Without them the shop answers from templates, so nothing here is a failure.
func (c *doctorCmd) language(ctx context.Context) []finding {
	switch {
	case !c.LLM:
		return []finding{fine("ollama", "turned off: answers come from templates")}
	case c.OllamaHost == "" && embedded.OllamaBuilt(c.cacheDir()):
		return []finding{fine("ollama", "embedded, built")}
	case c.OllamaHost == "":
		return []finding{doubt("ollama", "embedded, not built yet: answers come from templates until then", "serve builds it in the background; make fetch-llm does so beforehand.")}
	}
	// The client of Ollama's own reads the address from the environment as its command line does.
	if err := os.Setenv("OLLAMA_HOST", c.OllamaHost); err != nil {
		return []finding{fault("ollama", err.Error(), "Set OLLAMA_HOST to http://host:11434.")}
	}
	ollama, err := api.ClientFromEnvironment()
	if err != nil {
		return []finding{fault("ollama", err.Error(), "Set OLLAMA_HOST to http://host:11434.")}
	}
	version, err := ollama.Version(ctx)
	if err != nil {
		return []finding{doubt("ollama", "does not answer, so answers come from templates: "+err.Error(), "Start Ollama, or set OLLAMA_HOST to http://host:11434.")}
	}
	all := []finding{fine("ollama", "version %s", version)}
	model, err := ollama.Show(ctx, &api.ShowRequest{Model: c.Model})
	if err != nil {
		return append(all, doubt("model", c.Model+": "+err.Error(), "ollama pull "+c.Model+" on that machine, or name another by FLOORWALKER_MODEL."))
	}
	return append(all, fine("model", "%s, %s of %s", c.Model, model.Details.Family, model.Details.ParameterSize))
}

// onnx opens ONNX Runtime and every model, with their checksums.
func (c *doctorCmd) onnx(context.Context) []finding {
	if _, err := embedded.ONNXRuntime(c.cacheDir()); err != nil && c.ORT == "" {
		return []finding{doubt("onnx", "ONNX Runtime is not fetched yet", "make run fetches it; make fetch does so beforehand.")}
	}
	m, err := openModels(c.services)
	if err != nil {
		return []finding{fault("onnx", err.Error(), "Set FLOORWALKER_MODELS to the folder models of the release, and ONNXRUNTIME_LIB to libonnxruntime.so if it is your own.")}
	}
	names := "English and Chinese embedders"
	if m.cross != nil {
		names += ", ranker " + m.cross.Name() + "@" + m.cross.Version()
	}
	if err := m.close(); err != nil {
		return []finding{fault("onnx", err.Error(), "Look at the machine's memory.")}
	}
	all := []finding{fine("onnx", "%s load, their checksums hold", names)}
	if m.crossErr != nil {
		all = append(all, doubt("ranker", m.crossErr.Error(), "Products are ranked without it. Put the release's folder models/ranker back."))
	}
	return all
}

// Free disk space below which the embedded servers are in danger, and below which a catalogue may not fit.
const (
	leastRoom  = 1 << 30
	enoughRoom = 5 << 30
)

// room looks at the free space where the data lies, or will.
func (c *doctorCmd) room(context.Context) []finding {
	at := c.dataDir()
	for _, err := os.Stat(at); err != nil && at != filepath.Dir(at); _, err = os.Stat(at) {
		at = filepath.Dir(at)
	}
	var s syscall.Statfs_t
	if err := syscall.Statfs(at, &s); err != nil {
		return []finding{fault("disk", at+": "+err.Error(), "Set FLOORWALKER_DATA to a folder that this user can write.")}
	}
	free := s.Bavail * uint64(s.Bsize) //nolint:gosec // a block size is positive
	detail := fmt.Sprintf("%.1f GiB free in %s", float64(free)/(1<<30), c.dataDir())
	switch {
	case free < leastRoom:
		return []finding{fault("disk", detail, "Make room, or set FLOORWALKER_DATA to a larger disk: PostgreSQL stops when its disk is full.")}
	case free < enoughRoom:
		return []finding{doubt("disk", detail, "Make room for catalogue, conversations and their index: 5 GiB is a start.")}
	}
	return []finding{fine("disk", "%s", detail)}
}

// address looks at where the server listens and at the pages that may connect.
func (c *doctorCmd) address(ctx context.Context) []finding {
	var all []finding
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	switch {
	case err == nil:
		l.Close()
		all = append(all, fine("listen", "%s is free", c.Listen))
	case errors.Is(err, syscall.EADDRINUSE) && c.serving(ctx):
		all = append(all, fine("listen", "Floorwalker serves on %s", c.Listen))
	case errors.Is(err, syscall.EADDRINUSE):
		all = append(all, fault("listen", c.Listen+" is taken by another program", "Set FLOORWALKER_LISTEN to a free address."))
	default:
		all = append(all, fault("listen", err.Error(), "Set FLOORWALKER_LISTEN to host:port."))
	}
	if _, err := readSiteKeys(c.SiteKeys); err != nil {
		all = append(all, fault("origins", err.Error(), "Mend FLOORWALKER_SITE_KEYS; docs/widget.md shows it."))
	}
	given := slices.Concat(c.Origins, c.ConsoleOrigins)
	for _, key := range slices.Sorted(maps.Keys(c.SiteKeys)) {
		given = append(given, strings.Fields(c.SiteKeys[key])...)
	}
	for _, origin := range given {
		clean, err := web.CleanOrigin(origin)
		switch {
		case err != nil:
			all = append(all, fault("origins", origin+": "+err.Error(), "Give origins as browsers send them: https://shop.example."))
		case strings.HasPrefix(clean, "http://") && !loopback(clean):
			all = append(all, doubt("origins", clean+" is not encrypted", "Serve the shop's page over https: others on the way can read and change what is said."))
		default:
			all = append(all, fine("origins", "%s", clean))
		}
	}
	if len(given) == 0 {
		all = append(all, fine("origins", "the served address alone: FLOORWALKER_ORIGINS adds the shop's pages"))
	}
	return all
}

// serving is true where a Floorwalker answers on the address.
func (c *doctorCmd) serving(ctx context.Context) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.Listen+"/capabilities", nil)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	var is struct {
		Protocol int `json:"protocol"`
	}
	return json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&is) == nil && is.Protocol > 0
}

// loopback is true for the origin of a page that this machine serves to itself.
func loopback(origin string) bool {
	_, host, _ := strings.Cut(origin, "://")
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "localhost" || net.ParseIP(strings.Trim(host, "[]")).IsLoopback()
}

// secretFiles are those that serve keeps in its data folder.
var secretFiles = []string{"admin.token", "checkout.key", webhookKey, runningFile}

// secrets looks at who can read the secrets, and at the length of the one that may be given.
func (c *doctorCmd) secrets(context.Context) []finding {
	var all []finding
	for _, name := range secretFiles {
		path := filepath.Join(c.dataDir(), name)
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			all = append(all, fault("secrets", err.Error(), "Run this as the user that runs the server."))
		case info.Mode().Perm()&0o077 != 0:
			all = append(all, fault("secrets", fmt.Sprintf("%s can be read by others (%v)", path, info.Mode().Perm()), "chmod 600 "+path))
		}
	}
	if n := len(c.AdminToken); n > 0 && n < 24 {
		all = append(all, fault("secrets", fmt.Sprintf("the admin token has %d characters", n), "Give FLOORWALKER_ADMIN_TOKEN at least 24 random ones (openssl rand -hex 32), or none: serve makes one."))
	}
	if len(all) == 0 {
		all = append(all, fine("secrets", "only this user reads them"))
	}
	return all
}
