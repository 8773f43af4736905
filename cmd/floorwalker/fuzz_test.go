package main

import (
	"archive/tar"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A settings file: what is read is a name and a value of one line, and nothing twice.
func FuzzReadSettings(f *testing.F) {
	for _, seed := range []string{"FLOORWALKER_LISTEN=127.0.0.1:8080\n# a word\n\nA = 'b c'\n", "A=\"\nB", "=x", "A=1\nA=2", "A=\"'\"", "\x00=\xff", "A=" + strings.Repeat("x", maxSetting)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		resolver, err := readSettings(bytes.NewReader(file))
		if err != nil {
			return
		}
		s, ok := resolver.(settings)
		if !ok {
			t.Fatalf("settings are read as %T", resolver)
		}
		for name, l := range s.lines {
			if name == "" || name != strings.TrimSpace(name) || strings.ContainsAny(name+l.value, "\n") || strings.Contains(name, "=") || l.number < 1 || len(l.value) > maxSetting {
				t.Errorf("%q is read as %q=%q of line %d", file, name, l.value, l.number)
			}
		}
	})
}

// Networks of proxies.
func FuzzNetworks(f *testing.F) {
	for _, seed := range []string{"10.0.0.0/8", "192.0.2.7/32", "::1/128", "fe80::%eth0/10", "10.0.0.0", "0.0.0.0/0", "/", "1/33"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := networks([]string{text})
		if err != nil {
			return
		}
		if len(all) != 1 || !all[0].IsValid() || !all[0].Contains(all[0].Addr()) {
			t.Errorf("%q is read as %v", text, all)
		}
	})
}

// A backup that is not one, or is damaged: nothing is written but what a backup holds, and that into the folder.
func FuzzUnpack(f *testing.F) {
	archive := func(names ...string) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, name := range names {
			if err := w.WriteHeader(&tar.Header{Name: name, Size: 2, Mode: 0o600}); err != nil {
				f.Fatal(err)
			}
			if _, err := w.Write([]byte("{}")); err != nil {
				f.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			f.Fatal(err)
		}
		return b.Bytes()
	}
	f.Add(archive(backupAbout, backupDatabase))
	f.Add(archive(backupAbout, backupAbout))
	f.Add(archive("../" + backupAbout))
	f.Add(archive(backupSecrets...))
	f.Add([]byte("no archive"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		home := t.TempDir()
		file, folder := filepath.Join(home, "backup"), filepath.Join(home, "work")
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		what, err := unpack(file, folder)
		if err == nil && what.Format != backupFormat {
			t.Errorf("format %d is taken", what.Format)
		}
		there, err := os.ReadDir(home)
		if err != nil || len(there) != 2 {
			t.Errorf("it wrote beside the folder: %v, %v", there, err)
		}
		inside, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range inside {
			if name := e.Name(); !e.Type().IsRegular() || name != backupAbout && name != backupDatabase && !slices.Contains(backupSecrets, name) {
				t.Errorf("it wrote %s", name)
			}
		}
	})
}
