package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"floorwalker/embedded/pgtest"
	"floorwalker/onnx/onnxtest"

	"github.com/jackc/pgx/v5"
)

// examine runs the doctor and gives its findings by check, and the exit status.
func examine(t *testing.T, args ...string) (map[string]finding, int) {
	t.Helper()
	var out, said bytes.Buffer
	args = append([]string{"doctor", "--json", "--listen", "127.0.0.1:0", "--onnxruntime", onnxtest.Library(t), "--models", onnxtest.Models()}, args...)
	code := run(t.Context(), args, streams{strings.NewReader(""), &out, &said})
	var all []finding
	if err := json.Unmarshal(out.Bytes(), &all); err != nil {
		t.Fatalf("not a JSON array: %v: %q %q", err, out.String(), said.String())
	}
	by := map[string]finding{}
	for _, f := range all {
		if f.State != checkOK && f.Do == "" {
			t.Errorf("%+v says nothing of what to do", f)
		}
		if worse, ok := by[f.Check]; !ok || worse.State == checkOK {
			by[f.Check] = f
		}
	}
	return by, code
}

func TestDoctorFindsAShopInOrder(t *testing.T) {
	found, code := examine(t, "--database-url", pgtest.URL(t), "--data", t.TempDir(), "--no-llm")
	if code != 0 {
		t.Errorf("exit status %d", code)
	}
	for _, check := range []string{"postgres", "pgvector", "schema", "indexes", "clock", "nats", "ollama", "onnx", "listen", "origins", "secrets", "webhook"} {
		if found[check].State != checkOK {
			t.Errorf("%s: %+v, want ok", check, found[check])
		}
	}
	if found["catalogue"].State != checkWarn {
		t.Errorf("catalogue: %+v, want a warning: it is empty", found["catalogue"])
	}
}

func TestDoctorSaysWhatIsWrongAndWhatToDo(t *testing.T) {
	database, data := pgtest.URL(t), t.TempDir()
	if err := execute(t.Context(), database, `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "admin.token"), []byte("open to all"), 0o644); err != nil { //nolint:gosec // that is the fault
		t.Fatal(err)
	}
	none := "127.0.0.1:1" // nobody listens there
	found, code := examine(t, "--database-url", database, "--data", data, "--nats-url", "nats://"+none, "--ollama-host", "http://"+none,
		"--origins", "https://shop.example/path", "--admin-token", "short", "--webhook-url", "https://169.254.169.254/latest/")
	if code != 1 {
		t.Errorf("exit status %d, want 1", code)
	}
	for check, state := range map[string]string{"nats": checkFail, "ollama": checkWarn, "origins": checkFail, "secrets": checkFail, "schema": checkWarn, "webhook": checkFail} {
		if found[check].State != state {
			t.Errorf("%s: %+v, want %s", check, found[check], state)
		}
	}
	if found, _ := examine(t, "--database-url", "postgres://u:p@"+none+"/d", "--data", data); found["postgres"].State != checkFail {
		t.Errorf("postgres: %+v, want a failure", found["postgres"])
	}
}

func TestDoctorFindsABrokenIndex(t *testing.T) {
	database := pgtest.URL(t)
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	// A unique index that fails while it is built CONCURRENTLY stays behind and is not valid.
	if _, err := conn.Exec(t.Context(), `CREATE TABLE twice AS SELECT 1 AS n FROM generate_series(1, 2)`); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `CREATE UNIQUE INDEX CONCURRENTLY twice_n ON twice (n)`); err == nil {
		t.Fatal("the index was built")
	}
	found, code := examine(t, "--database-url", database, "--data", t.TempDir(), "--no-llm")
	if f := found["indexes"]; f.State != checkFail || !strings.Contains(f.Detail, "twice_n") || code != 1 {
		t.Errorf("indexes: %+v, exit status %d", f, code)
	}
}

func TestVersionsCompareByNumber(t *testing.T) {
	for version, older := range map[string]bool{"0.8.0": false, "0.10": false, "0.7.4": true, "1": false, "0.8": false, "": true} {
		if olderThan(version, "0.8.0") != older {
			t.Errorf("olderThan(%q, 0.8.0) is %v", version, !older)
		}
	}
}
