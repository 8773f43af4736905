package embedded

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

var pipWorks = sync.OnceValue(func() error { return exec.Command("python3", "-m", "pip", "--version").Run() })

// wheel writes a wheel named tiny, version 1.0, and has pip look for packages in its folder and nowhere else.
func wheel(t *testing.T, files map[string]string) Component {
	t.Helper()
	if err := pipWorks(); err != nil {
		if strings.Contains(os.Getenv("FLOORWALKER_REQUIRE"), "pip") {
			t.Fatalf("this test needs python3 with pip: %v", err)
		}
		t.Skipf("this test needs python3 with pip: %v", err)
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "tiny-1.0-py3-none-any.whl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	add := func(name, text string) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		add(name, text)
	}
	add("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
	add("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
	add("tiny-1.0.dist-info/RECORD", "")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PIP_NO_INDEX", "1")
	t.Setenv("PIP_FIND_LINKS", folder)
	sum, err := fileDigest(path)
	if err != nil {
		t.Fatal(err)
	}
	return Component{Name: "tiny-1.0", Requirement: "tiny==1.0", Platform: "any", Python: "311", ABI: "none", SHA256: sum, Keep: []string{"tiny/"}}
}

func TestFetchUnpacksWhatIsKeptAndNeverTwice(t *testing.T) {
	c := wheel(t, map[string]string{"tiny/bin/tool": "#!/bin/sh\n", "tiny/share/text": "words", "other/file": "left out"})
	defer syscall.Umask(syscall.Umask(0o077)) // the strictest one: PostgreSQL's account must read the files all the same
	cache := filepath.Join(t.TempDir(), "a", "cache")
	var out bytes.Buffer
	if err := Fetch(t.Context(), cache, []Component{c}, &out); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{"": 0o755, "tiny-1.0": 0o755, "tiny-1.0/tiny/bin": 0o755, "tiny-1.0/tiny/bin/tool": 0o755, "tiny-1.0/tiny/share/text": 0o644} {
		info, err := os.Stat(filepath.Join(cache, path))
		if err != nil {
			t.Errorf("%s: %v", path, err)
		} else if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
	}
	if _, err := os.Stat(filepath.Join(cache, "tiny-1.0", "other")); err == nil {
		t.Error("a file was unpacked that is not kept")
	}
	if left, _ := filepath.Glob(filepath.Join(cache, "downloads", "*")); len(left) > 0 {
		t.Errorf("the download was not removed: %v", left)
	}
	if !strings.Contains(out.String(), "fetching tiny==1.0") {
		t.Errorf("progress says %q", out.String())
	}

	t.Setenv("PATH", "")
	out.Reset()
	if err := Fetch(t.Context(), cache, []Component{c}, &out); err != nil || out.Len() > 0 {
		t.Errorf("a second fetch, without any program: %v, %q", err, out.String())
	}
}

func TestFetchRefusesWhatIsNotPinned(t *testing.T) {
	t.Run("another file than the pinned one", func(t *testing.T) {
		c := wheel(t, map[string]string{"tiny/file": "x"})
		c.SHA256 = strings.Repeat("0", 64)
		refuse(t, c, "SHA-256 is wrong")
	})
	t.Run("a path outside the archive", func(t *testing.T) {
		c := wheel(t, map[string]string{"tiny/../../outside": "x"})
		refuse(t, c, "a path outside itself")
	})
	t.Run("a release that does not exist", func(t *testing.T) {
		c := wheel(t, nil)
		c.Requirement = "tiny==2.0"
		refuse(t, c, "No matching distribution")
	})
	t.Run("a machine without Python", func(t *testing.T) {
		c := wheel(t, nil)
		t.Setenv("PATH", "")
		refuse(t, c, "install python3 and python3-pip")
	})
}

func refuse(t *testing.T, c Component, why string) {
	t.Helper()
	cache := t.TempDir()
	err := Fetch(t.Context(), cache, []Component{c}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), why) {
		t.Errorf("fetch: %v, want an error that says %q", err, why)
	}
	if c.present(cache) {
		t.Error("the component is in the cache")
	}
	if left, _ := filepath.Glob(filepath.Join(cache, partialPrefix+"*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestFetchGoesOnAfterAKill(t *testing.T) {
	c := wheel(t, map[string]string{"tiny/file": "whole"})
	cache := t.TempDir()
	// What a kill in the middle of unpacking and of downloading leaves.
	for _, dir := range []string{partialPrefix + "1/tiny", "downloads/" + partialPrefix + "2"} {
		if err := os.MkdirAll(filepath.Join(cache, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := Fetch(t.Context(), cache, []Component{c}, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(cache, "tiny-1.0/tiny/file")); err != nil || string(text) != "whole" {
		t.Errorf("file: %q, %v", text, err)
	}
	for _, pattern := range []string{partialPrefix + "*", "downloads/*"} {
		if left, _ := filepath.Glob(filepath.Join(cache, pattern)); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

func TestTwoFetchesAtOnceLoadOnce(t *testing.T) {
	c := wheel(t, map[string]string{"tiny/file": "x"})
	cache := t.TempDir()
	var outs [2]bytes.Buffer
	var wg sync.WaitGroup
	for i := range outs {
		wg.Go(func() {
			if err := Fetch(t.Context(), cache, []Component{c}, &outs[i]); err != nil {
				t.Errorf("fetch: %v", err)
			}
		})
	}
	wg.Wait()
	if n := strings.Count(outs[0].String()+outs[1].String(), "done in"); n != 1 {
		t.Errorf("fetched %d times, want 1: %q, %q", n, outs[0].String(), outs[1].String())
	}
}

func TestPinnedComponentsAreWhole(t *testing.T) {
	for _, c := range append(Needed(), smallModelComponent()) {
		if len(c.SHA256) != 64 || !strings.Contains(c.Requirement, "==") || c.Platform == "" || c.Size == 0 {
			t.Errorf("%s is not pinned: %+v", c.Name, c)
		}
	}
}
