package behaviour

import (
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// ImportReport says what became of a file's lines.
type ImportReport struct {
	Lines int `json:"lines"`
	// Accepted are new in the log, Duplicates were there already or stand twice in the file.
	Accepted   int `json:"accepted"`
	Duplicates int `json:"duplicates"`
	// Queries are searches, Other events that are about no product or that nothing here acts on: neither is kept.
	Queries int            `json:"queries"`
	Other   map[string]int `json:"other"`
	// Refused counts events that were not taken, by code.
	Refused map[string]int `json:"refused"`
	// Bad are lines that could not be read.
	Bad int `json:"bad"`
}

// Import takes a file of User Behavior Insights in: a JSON object a line, as OpenSearch's clients log it, each with
// its index name and a tab before it or without; gzipped, zipped or plain. What was imported before is counted once.
// Lines that can't be read are counted and passed over.
func (l *Log) Import(ctx context.Context, path string) (ImportReport, error) {
	report := ImportReport{Other: map[string]int{}, Refused: map[string]int{}}
	in, err := openLines(path)
	if err != nil {
		return report, fmt.Errorf("open events: %w", err)
	}
	defer in.Close()
	lines := bufio.NewScanner(in)
	const longestLine = 4 << 20
	lines.Buffer(make([]byte, 0, 64<<10), longestLine)
	batch := make([]Event, 0, MaxBatch)
	flush := func() error {
		r, err := l.AddOld(ctx, batch)
		if err != nil {
			return err
		}
		report.Accepted += r.Accepted
		report.Duplicates += r.Duplicates
		for _, refused := range r.Refused {
			report.Refused[refused.Code]++
		}
		batch = batch[:0]
		return nil
	}
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		report.Lines++
		index, text, prefixed := bytes.Cut(line, []byte("\t"))
		if !prefixed {
			index, text = nil, line
		}
		if string(index) == "ubi_queries" {
			report.Queries++
			continue
		}
		e, name, err := readUBI(text)
		switch {
		case err != nil:
			report.Bad++
		case e.Action == "":
			report.Other[name]++
		default:
			batch = append(batch, e)
		}
		if len(batch) == MaxBatch {
			if err := flush(); err != nil {
				return report, err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return report, fmt.Errorf("read events after line %d: %w", report.Lines, err)
	}
	return report, flush()
}

// actionsOfUBI are the names that shops' pages give to our actions. UBI leaves them free.
var actionsOfUBI = map[string]Action{"product_hover": Hover, "item_hover": Hover, "item_click": Click, "product_click": Click,
	"declined_product": Decline, "user_feedback": Comment, "page_exit": Dwell}

// readUBI reads one event; its action is empty, and name says what it was called, where nothing here acts on it.
// Events of the schema have no id of their own: the line's digest is one.
func readUBI(line []byte) (e Event, name string, err error) {
	var u struct {
		ID      string          `json:"event_id"`
		Action  string          `json:"action_name"`
		Client  string          `json:"client_id"`
		Session string          `json:"session_id"`
		Query   string          `json:"query_id"`
		Message string          `json:"message"`
		Time    json.RawMessage `json:"timestamp"`
		Attr    struct {
			Attributes
			Session string `json:"session_id"`
			Comment string `json:"user_comment"`
		} `json:"event_attributes"`
	}
	if err := json.Unmarshal(line, &u); err != nil {
		return e, "", err
	}
	action := actionsOfUBI[u.Action]
	if known[Action(u.Action)] {
		action = Action(u.Action)
	}
	if action == "" {
		return e, u.Action, nil
	}
	at, err := timeOf(u.Time)
	if err != nil {
		return e, "", err
	}
	e = Event{ID: u.ID, Action: action, Client: u.Client, Session: firstOf(u.Session, u.Attr.Session, u.Client), QueryID: u.Query,
		Time: at, Message: firstOf(u.Attr.Comment, u.Message), Attributes: u.Attr.Attributes, Trusted: true}
	if action != Comment && action != Share {
		e.Message = ""
	}
	if e.ID == "" {
		sum := sha256.Sum256(line)
		e.ID = hex.EncodeToString(sum[:16])
	}
	return e, u.Action, nil
}

func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// timeOf reads milliseconds since 1970 or RFC 3339; UBI's versions write either.
func timeOf(raw json.RawMessage) (time.Time, error) {
	var at time.Time
	var ms int64
	switch {
	case json.Unmarshal(raw, &ms) == nil:
		return time.UnixMilli(ms).UTC(), nil
	case json.Unmarshal(raw, &at) == nil:
		return at, nil
	}
	return at, errors.New("no time stamp")
}

// lineFile closes all that was opened for it.
type lineFile struct {
	io.Reader
	closers []io.Closer
}

func (f lineFile) Close() error {
	var errs []error
	for i := len(f.closers) - 1; i >= 0; i-- {
		errs = append(errs, f.closers[i].Close())
	}
	return errors.Join(errs...)
}

// openLines opens a file, which is told to be zipped or gzipped by its first bytes. A zip holds one file.
func openLines(path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	plain := bufio.NewReader(file)
	magic, _ := plain.Peek(4) // a shorter file is plain
	switch {
	case bytes.HasPrefix(magic, []byte("PK\x03\x04")):
		info, err := file.Stat()
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		archive, err := zip.NewReader(file, info.Size())
		if err == nil && len(archive.File) != 1 {
			err = fmt.Errorf("the archive holds %d files, not one", len(archive.File))
		}
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		inner, err := archive.File[0].Open()
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		return lineFile{inner, []io.Closer{file, inner}}, nil
	case bytes.HasPrefix(magic, []byte("\x1f\x8b")):
		unzipped, err := gzip.NewReader(plain)
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		return lineFile{unzipped, []io.Closer{file, unzipped}}, nil
	}
	return lineFile{plain, []io.Closer{file}}, nil
}
