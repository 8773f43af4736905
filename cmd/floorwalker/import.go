package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"floorwalker/onnx"
	"floorwalker/retrieval"
)

// importCmd takes a catalogue in.
type importCmd struct {
	File        string            `arg:"" help:"The catalogue, gzipped or not; - is standard input."`
	Format      string            `help:"jsonl, csv, merchant (Google), shopify, icecat or retail; by the file's name when empty." enum:",jsonl,csv,merchant,shopify,icecat,retail" default:""`
	Column      map[string]string `help:"What a column of a table is, as in Preis=price; an empty field passes it over." placeholder:"NAME=FIELD"`
	Catalogue   string            `help:"Name of the source. The format's name when empty."`
	DryRun      bool              `help:"Check the file and change nothing."`
	Replace     bool              `help:"Remove products of the same catalogue that are not in the file."`
	MaxErrors   int               `help:"How many bad rows are skipped; one more and nothing is applied. Below 0: any number." default:"100"`
	Currency    string            `help:"Currency of rows that name none, as in USD."`
	AssumeStock *int              `help:"Stock of rows that name none; without it they are bad."`
	services
}

// Run imports the file and prints the report as one JSON object on stdout's last line.
func (c *importCmd) Run(ctx context.Context, std streams) (err error) {
	in, size, closeFile, err := c.open(std)
	if err != nil {
		return err
	}
	defer closeFile()
	format := retrieval.Format(c.Format)
	if format == "" {
		format = retrieval.FormatOf(c.File)
	}
	bar := newProgressBar(std.err, size)
	o := retrieval.ImportOptions{Catalogue: c.Catalogue, DryRun: c.DryRun, Replace: c.Replace, MaxErrors: c.MaxErrors, Columns: c.Column,
		Currency: c.Currency, Stock: c.AssumeStock, Progress: bar.show}
	store := retrieval.NewStore(nil, nil, retrieval.Options{}) // enough to check a file
	if !c.DryRun {
		m, err := openModels(c.services)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, m.close()) }()
		db, err := openDatabase(ctx, c.services, warnings(std.err))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.close(context.WithoutCancel(ctx))) }()
		store = retrieval.NewStore(db.pool, m.english, retrieval.Options{Logger: warnings(std.err), Background: onnx.Background})
	}
	report, err := store.Import(ctx, in, format, o)
	bar.end()
	for _, e := range report.Errors {
		fmt.Fprintf(std.err, "line %d: %s%s\n", e.Line, skuPrefix(e.SKU), e.Reason)
	}
	if err != nil {
		return err
	}
	if report.DemoRemoved > 0 {
		fmt.Fprintf(std.err, "The demo catalogue (%d products) made way for the shop's own.\n", report.DemoRemoved)
	}
	report.Errors = nil // said above
	return printJSON(std.out, report)
}

func skuPrefix(sku string) string {
	if sku == "" {
		return ""
	}
	return fmt.Sprintf("SKU %q: ", sku)
}

// open opens the file; size is 0 when unknown.
func (c *importCmd) open(std streams) (in io.Reader, size int64, closeFile func(), err error) {
	if c.File == "-" {
		return std.in, 0, func() {}, nil
	}
	file, err := os.Open(c.File)
	if err != nil {
		return nil, 0, nil, fmt.Errorf("open the catalogue: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, nil, errors.Join(fmt.Errorf("open the catalogue: %w", err), file.Close())
	}
	return file, info.Size(), func() { file.Close() }, nil
}

// progressBar draws an import's progress on one line of a terminal, and as a line now and then elsewhere.
type progressBar struct {
	w        io.Writer
	terminal bool
	size     int64
	phase    string
	began    time.Time
	drawn    time.Time
}

func newProgressBar(w io.Writer, size int64) *progressBar {
	b := &progressBar{w: w, size: size}
	if file, ok := w.(*os.File); ok {
		info, err := file.Stat()
		b.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return b
}

// show draws the progress, at most ten times a second on a terminal and every ten seconds elsewhere.
func (b *progressBar) show(p retrieval.Progress) {
	now := time.Now()
	if p.Phase != b.phase {
		b.phase, b.began, b.drawn = p.Phase, now, time.Time{}
	}
	every := 10 * time.Second
	if b.terminal {
		every = 100 * time.Millisecond
	}
	if p.Rows == 0 || now.Sub(b.drawn) < every && (p.Total == 0 || p.Rows < p.Total) {
		return
	}
	b.drawn = now
	line := fmt.Sprintf("%-5s %s", p.Phase, b.detail(p, now))
	if b.terminal {
		fmt.Fprintf(b.w, "\r\x1b[K%s", line)
	} else {
		fmt.Fprintln(b.w, line)
	}
}

func (b *progressBar) detail(p retrieval.Progress, now time.Time) string {
	rate := float64(p.Rows) / max(now.Sub(b.began).Seconds(), 0.001)
	share := 0.0
	switch {
	case p.Total > 0:
		share = float64(p.Rows) / float64(p.Total)
	case b.size > 0:
		share = float64(p.Bytes) / float64(b.size)
	default:
		return fmt.Sprintf("%d rows", p.Rows)
	}
	const width = 30
	filled := min(width, int(share*width))
	line := fmt.Sprintf("[%s%s] %3.0f %%  %d rows", strings.Repeat("#", filled), strings.Repeat(".", width-filled), min(share, 1)*100, p.Rows)
	if p.Rows > 0 && p.Phase == "embed" {
		line += fmt.Sprintf("  %.0f/s", rate)
		if left := p.Total - p.Rows; left > 0 {
			line += fmt.Sprintf("  %v left", (time.Duration(float64(left)/rate) * time.Second).Round(time.Second))
		}
	}
	return line
}

func (b *progressBar) end() {
	if b.terminal && b.phase != "" {
		fmt.Fprintln(b.w)
	}
}
