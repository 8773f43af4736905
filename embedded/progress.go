package embedded

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// progress tells a person how a long step goes: a line at its beginning and its end, and in a terminal one that
// moves in between.
type progress struct {
	out  io.Writer
	live bool
}

func newProgress(out io.Writer) progress {
	f, ok := out.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" {
		return progress{out: out}
	}
	info, err := f.Stat()
	return progress{out: out, live: err == nil && info.Mode()&fs.ModeCharDevice != 0}
}

// clearLine returns to the beginning of the line and empties it.
const clearLine = "\r\x1b[K"

// during runs work and meanwhile shows how far it is; far makes the text, and may be called at any time.
func (p progress) during(title string, far func() string, work func() error) error {
	began := time.Now()
	if !p.live {
		fmt.Fprintf(p.out, "%s ...\n", title)
		err := work()
		p.end(title, began, err)
		return err
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(250 * time.Millisecond)
		defer tick.Stop()
		for {
			fmt.Fprintf(p.out, "%s%s: %s, %d s", clearLine, title, far(), int(time.Since(began).Seconds()))
			select {
			case <-stop:
				fmt.Fprint(p.out, clearLine)
				return
			case <-tick.C:
			}
		}
	}()
	err := work()
	close(stop)
	<-stopped
	p.end(title, began, err)
	return err
}

func (p progress) end(title string, began time.Time, err error) {
	if err == nil {
		fmt.Fprintf(p.out, "%s: done in %.1f s\n", title, time.Since(began).Seconds())
	}
}

// folderSize is what the files below a folder hold together, in bytes; what vanishes meanwhile counts nothing.
func folderSize(folder string) (bytes int64) {
	_ = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				bytes += info.Size()
			}
		}
		return nil
	})
	return bytes
}
