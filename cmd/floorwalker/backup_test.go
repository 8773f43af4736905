package main

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"floorwalker/client"
	"floorwalker/embedded/pgtest"

	"github.com/jackc/pgx/v5"
)

// command runs the program and gives its exit status and all that it said.
func command(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var said bytes.Buffer
	code := run(t.Context(), args, streams{strings.NewReader(""), &said, &said})
	return code, said.String()
}

// content is every row of the tables that a backup must bring back, as text.
func content(t *testing.T, database string) map[string]string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	rows, err := conn.Query(t.Context(), `SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, table := range tables {
		var b bytes.Buffer
		if _, err := conn.PgConn().CopyTo(t.Context(), &b, `COPY (SELECT t::text FROM public.`+pgx.Identifier{table}.Sanitize()+` t ORDER BY 1) TO STDOUT`); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
		all[table] = b.String()
	}
	return all
}

func TestABackupBringsTheShopBackElsewhere(t *testing.T) {
	// A shop with a conversation in it, backed up while it serves.
	shop := startProgram(t, "--no-demo", "--no-llm", "--webhook-url", "https://push.shop.example/")
	shop.stockShelves(t)
	c := shop.dial(t)
	ask(t, c, "running shoes under 80 dollars")
	file := filepath.Join(t.TempDir(), "shop.backup")
	if code, said := command(t, "backup", file, "--database-url", shop.database, "--data", shop.data); code != 0 {
		t.Fatalf("backup: %s", said)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup: %v, %v", info, err)
	}
	if code, _ := command(t, "backup", file, "--database-url", shop.database, "--data", shop.data); code == 0 {
		t.Error("a second backup wrote over the first")
	}
	want := content(t, shop.database)
	ask(t, c, "a kettle") // the backup does not hold this
	shop.end(t)

	elsewhere, data := pgtest.URL(t), t.TempDir()
	if code, said := command(t, "restore", file, "--database-url", elsewhere, "--data", data); code != 0 {
		t.Fatalf("restore: %s", said)
	}
	got := content(t, elsewhere)
	for _, table := range []string{"products", "product_vectors", "product_terms", "messages", "events", "goose_db_version"} {
		if want[table] == "" || got[table] != want[table] {
			t.Errorf("%s is not what it was: %d bytes, were %d", table, len(got[table]), len(want[table]))
		}
	}
	for _, name := range backupSecrets {
		was, err := os.ReadFile(filepath.Join(shop.data, name))
		is, err2 := os.ReadFile(filepath.Join(data, name))
		if err != nil || err2 != nil || !bytes.Equal(was, is) {
			t.Errorf("secret %s did not come along: %v %v", name, err, err2)
		}
	}
	// What is there now is not thrown away unasked.
	if code, said := command(t, "restore", file, "--database-url", elsewhere, "--data", data); code == 0 || !strings.Contains(said, "--replace") {
		t.Errorf("a full database was replaced unasked: %s", said)
	}
	if code, said := command(t, "restore", file, "--database-url", elsewhere, "--data", data, "--replace"); code != 0 {
		t.Errorf("restore --replace: %s", said)
	}

	// The customer comes back to the restored shop with what the browser kept, is told to begin anew, and goes on.
	again := startProgram(t, "--no-demo", "--no-llm", "--database-url", elsewhere, "--data", data)
	back, err := client.Dial(t.Context(), again.url, client.Options{Credentials: c.Credentials(), Position: c.Position()})
	if err != nil {
		t.Fatalf("come back: %v", err)
	}
	t.Cleanup(func() { back.Close() })
	if r := ask(t, back, "a kettle"); len(r.Cards()) == 0 {
		t.Errorf("no cards after the restore: %+v", r)
	}
	if was, is := c.Position(), back.Position(); was.Epoch == is.Epoch {
		t.Errorf("the session goes on in epoch %s, of which the client has seen events that are gone", is.Epoch)
	}
}

func TestADamagedBackupChangesNothing(t *testing.T) {
	shop := pgtest.URL(t)
	if err := execute(t.Context(), shop, `INSERT INTO desk_queues (id, name) VALUES ('kept', 'Kept')`); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "shop.backup")
	if code, said := command(t, "backup", file, "--database-url", shop, "--data", t.TempDir()); code != 0 {
		t.Fatalf("backup: %s", said)
	}
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before := content(t, shop)
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 0x55
	for name, damaged := range map[string][]byte{"cut": whole[:len(whole)*2/3], "flipped": flipped, "empty": nil, "other": []byte(strings.Repeat("no backup ", 200))} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		code, said := command(t, "restore", path, "--database-url", shop, "--data", t.TempDir(), "--replace")
		if code == 0 {
			t.Errorf("%s was taken", name)
		}
		if strings.Contains(said, "panic") {
			t.Errorf("%s: %s", name, said)
		}
	}
	if after := content(t, shop); !maps.Equal(after, before) {
		t.Errorf("the database changed: %d tables, were %d", len(after), len(before))
	}
}

func TestRestoreWaitsForNoServer(t *testing.T) {
	shop := startProgram(t, "--no-demo", "--no-llm")
	file := filepath.Join(t.TempDir(), "shop.backup")
	if code, said := command(t, "backup", file, "--database-url", shop.database, "--data", shop.data); code != 0 {
		t.Fatalf("backup: %s", said)
	}
	began := time.Now()
	code, said := command(t, "restore", file, "--database-url", shop.database, "--data", shop.data, "--replace")
	if code == 0 || !strings.Contains(said, "stop the servers") || time.Since(began) > 30*time.Second {
		t.Errorf("restored under a running server: %s", said)
	}
}
