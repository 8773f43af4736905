package embedded

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
)

// logLines writes progress lines to a log.
type logLines struct{ logger *slog.Logger }

func (l logLines) Write(p []byte) (int, error) {
	l.logger.Info(strings.TrimSpace(string(p)))
	return len(p), nil
}

// compileCounter reads a build's commands and knows from their number how far it is.
type compileCounter struct {
	building func(percent int)
	seen     atomic.Int64
}

// compileSteps is how many commands a whole build runs that compile one file.
const compileSteps = 250

func (c *compileCounter) Write(p []byte) (int, error) {
	if n := bytes.Count(p, []byte(" -c ")); n > 0 {
		c.seen.Add(int64(n))
		c.building(c.percent())
	}
	return len(p), nil
}

// percent never says that all is done: linking follows.
func (c *compileCounter) percent() int { return int(min(99, c.seen.Load()*100/compileSteps)) }

// cappedLog is a log file that is moved aside and begun anew when it is large, so that a child that runs for months
// fills no disk: two files of maxLog at most.
type cappedLog struct {
	mu   sync.Mutex
	path string
	file *os.File
	size int64
}

func openCappedLog(path string) (*cappedLog, error) {
	f, err := openLog(path)
	if err != nil {
		return nil, err
	}
	l := &cappedLog{path: path, file: f}
	if info, err := f.Stat(); err == nil {
		l.size = info.Size()
	}
	return l, nil
}

// Write never fails for the child's sake: a lost line is better than a dead service.
func (l *cappedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size > maxLog {
		l.file.Close()
		_ = os.Rename(l.path, l.path+".old")
		if f, err := openLog(l.path); err == nil {
			l.file, l.size = f, 0
		}
	}
	n, _ := l.file.Write(p)
	l.size += int64(n)
	return len(p), nil
}

// Close ends the log.
func (l *cappedLog) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}
