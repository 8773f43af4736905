package embedded

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// openMode is how our folders are made: the account that PostgreSQL runs under enters them.
const openMode = 0o755

// makeFolder makes the folder and its missing parents so that others may enter them, whatever the umask says.
// Folders that exist are left as they are.
func makeFolder(path string) error {
	err := os.Mkdir(path, openMode)
	switch {
	case err == nil:
		return os.Chmod(path, openMode)
	case errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, fs.ErrNotExist) && filepath.Dir(path) != path:
		if err := makeFolder(filepath.Dir(path)); err != nil {
			return err
		}
		return makeFolder(path)
	default:
		return err
	}
}

// copyTree copies folders, files and their modes.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return makeFolder(filepath.Join(to, rel))
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		defer in.Close()
		return writeFile(filepath.Join(to, rel), in, info.Mode().Perm())
	})
}

// maxFile bounds one file that is written from outside, in bytes.
const maxFile = 2 << 30

// writeFile makes a file with exactly this mode, whatever the umask says.
func writeFile(path string, in io.Reader, mode os.FileMode) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, io.LimitReader(in, maxFile))
	if err == nil && n == maxFile {
		err = fmt.Errorf("%s is larger than 2 GiB", filepath.Base(path))
	}
	return errors.Join(err, out.Chmod(mode), out.Close())
}
