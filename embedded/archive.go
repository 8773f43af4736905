package embedded

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// unpack writes the files of a wheel whose names begin with one of keep, or all of them.
func unpack(wheel, to string, keep []string) error {
	r, err := zip.OpenReader(wheel)
	if err != nil {
		return err
	}
	defer r.Close()
	for _, f := range r.File {
		if f.FileInfo().IsDir() || !wanted(f.Name, keep) {
			continue
		}
		in, err := f.Open()
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		err = unpackFile(to, f.Name, in)
		in.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

func wanted(name string, keep []string) bool {
	if len(keep) == 0 {
		return true
	}
	for _, prefix := range keep {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// unpackFile writes one file of an archive below to. Programs in bin become executable: wheels have lost that.
func unpackFile(to, name string, in io.Reader) error {
	if !filepath.IsLocal(name) {
		return fmt.Errorf("the archive holds a path outside itself: %q", name)
	}
	path := filepath.Join(to, name)
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return err
	}
	mode := os.FileMode(0o644)
	if strings.Contains(name, "/bin/") {
		mode = 0o755
	}
	return writeFile(path, in, mode)
}
