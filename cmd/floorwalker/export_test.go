package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"floorwalker/dialog"
	"floorwalker/embedded/pgtest"

	"github.com/jackc/pgx/v5/pgxpool"
)

func TestEverythingIsExportedButWhatOpensDoors(t *testing.T) {
	database, data, folder := pgtest.URL(t), t.TempDir(), filepath.Join(t.TempDir(), "all")
	pool, err := pgxpool.New(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	opened, err := dialog.NewManager(pool, nil, dialog.Options{}).Open(t.Context(), dialog.OpenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if code, said := command(t, "agent", "add", "kim", "--name", "Kim", "--totp", "--database-url", database, "--data", data); code != 0 {
		t.Fatal(said)
	}
	if code, said := command(t, "export", "--everything", folder, "--database-url", database, "--data", data); code != 0 {
		t.Fatal(said)
	}
	rows := 0
	for table := range content(t, database) {
		text, err := os.ReadFile(filepath.Join(folder, table+".jsonl"))
		if table == "goose_db_version" || os.IsNotExist(err) && strings.HasPrefix(table, "behaviour_events_") { // a month of behaviour_events
			continue
		}
		if err != nil {
			t.Error(err)
		}
		for line := range bytes.Lines(text) {
			rows++
			var row map[string]any
			if err := json.Unmarshal(line, &row); err != nil {
				t.Errorf("%s: %v in %q", table, err, line)
			}
			for name := range row {
				if strings.Contains(name, "secret") || strings.Contains(name, "_hash") && name != "text_hash" && name != "content_hash" || strings.Contains(name, "totp") {
					t.Errorf("%s holds %s", table, name)
				}
			}
		}
	}
	sessions, err := os.ReadFile(filepath.Join(folder, "sessions.jsonl"))
	if err != nil || !strings.Contains(string(sessions), opened.SessionID) || rows < 3 {
		t.Errorf("%d rows, sessions %q, %v", rows, sessions, err)
	}
	if code, said := command(t, "export", "--everything", folder, "--database-url", database, "--data", data); code == 0 {
		t.Errorf("a second export wrote into the same folder: %s", said)
	}
}
