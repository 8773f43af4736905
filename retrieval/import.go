package retrieval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Names of catalogues with a meaning: the demo's products leave when the shop's own arrive; products that were
// put one by one belong to Own.
const (
	Demo = "demo"
	Own  = "shop"
)

// ImportOptions say how a file is taken in.
type ImportOptions struct {
	// Catalogue names the source in the products; the format's name when empty.
	Catalogue string
	// DryRun reads and checks everything and changes nothing.
	DryRun bool
	// Replace removes the products of the same catalogue that are not in the file.
	Replace bool
	// MaxErrors is how many bad rows are skipped; one more and nothing is applied. Below 0: any number.
	MaxErrors int
	// Currency and Stock are taken where a row has none. Without them such a row is bad; only the icecat
	// format, which knows no stock, counts as in stock.
	Currency string
	Stock    *int
	// Columns says what columns of a table are: the file's name of each to one of [Fields], "" to pass it over.
	// Columns that it does not name are what the format says.
	Columns map[string]string
	// Progress is told now and then how far the import is, from one goroutine.
	Progress func(Progress)
}

// Progress is how far an import is.
type Progress struct {
	// Phase is "read", "embed" or "apply", in this order.
	Phase string
	// Rows were done in this phase; Total is how many there are, 0 while reading.
	Rows, Total int
	// Bytes of the file were read.
	Bytes int64
}

// RowError is a row that was skipped. Line counts from 1.
type RowError struct {
	Line   int    `json:"line"`
	SKU    string `json:"sku,omitempty"`
	Reason string `json:"reason"`
}

// maxReported is how many bad rows a report lists; Bad counts all.
const maxReported = 1000

// Report says what an import did, or would have done on a dry run.
type Report struct {
	Catalogue string `json:"catalogue"`
	// Rows were read, Bad of them skipped.
	Rows      int   `json:"rows"`
	Bad       int   `json:"bad"`
	Inserted  int64 `json:"inserted"`
	Updated   int64 `json:"updated"`
	Unchanged int64 `json:"unchanged"`
	// Removed were not in the file; DemoRemoved left because the shop's own products came.
	Removed     int64 `json:"removed"`
	DemoRemoved int64 `json:"demo_removed"`
	// Embedded counts the texts that had to be embedded; the others' vectors were known.
	Embedded int        `json:"embedded"`
	Errors   []RowError `json:"errors,omitempty"`
	DryRun   bool       `json:"dry_run,omitempty"`
}

// Codes of imports that changed nothing.
const (
	CodeTooManyErrors = "too_many_errors"
	CodeBadFile       = "bad_file"
)

// importBatch is how many products are embedded and staged at once.
const importBatch = 512

// importLock is the advisory lock that one import holds at a time.
const importLock = 0x666c6f6f72 // "floor"

// Import reads a catalogue and applies it as a whole: either every good row or, on an error, none. Bad rows are
// reported with their line and skipped. The file is checked to its end before anything is embedded, and
// embeddings are kept as they are made: an import that was killed goes on where it was when started again.
// Search goes on meanwhile and sees the new catalogue from one moment to the next.
func (s *Store) Import(ctx context.Context, r io.Reader, f Format, o ImportOptions) (Report, error) {
	if o.Catalogue == "" {
		o.Catalogue = string(f)
	}
	report := Report{Catalogue: o.Catalogue, DryRun: o.DryRun}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	sp, err := newSpool()
	if err != nil {
		return report, fmt.Errorf("import: %w", err)
	}
	err = s.readFile(ctx, r, f, o, &report, sp)
	if err == nil && !o.DryRun {
		err = s.importSpool(ctx, sp, o, &report)
	}
	if err := errors.Join(err, sp.remove()); err != nil {
		return report, fmt.Errorf("import: %w", err)
	}
	return report, nil
}

// readFile checks every row and spools the good ones.
func (s *Store) readFile(ctx context.Context, r io.Reader, f Format, o ImportOptions, report *Report, sp *spool) error {
	in := &countingReader{r: r}
	kinds := newKinds()
	seen := map[string]int{}
	for row, err := range rows(in, f, o) {
		if err != nil {
			return &shop.Error{Code: CodeBadFile, Message: fmt.Sprintf("The file can't be read: %v. Nothing was changed.", err), Cause: err}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		report.Rows++
		if report.Rows%1000 == 0 {
			o.Progress(Progress{Phase: "read", Rows: report.Rows, Bytes: in.n})
		}
		p := row.product
		p.Catalogue = o.Catalogue
		reason := row.err
		if reason == nil {
			reason = validate(&p)
		}
		if first, ok := seen[p.SKU]; ok && reason == nil {
			reason = fmt.Errorf("the SKU stands in line %d already", first)
		}
		if reason == nil {
			seen[p.SKU] = row.line
			kinds.learn(p)
			if err := sp.add(p); err != nil {
				return err
			}
			continue
		}
		report.Bad++
		if len(report.Errors) < maxReported {
			report.Errors = append(report.Errors, RowError{row.line, p.SKU, rowReason(reason)})
		}
		if o.MaxErrors >= 0 && report.Bad > o.MaxErrors {
			return shop.Errorf(CodeTooManyErrors, "More than %d rows are bad, so nothing was changed. Mend them, or allow more errors.", o.MaxErrors)
		}
	}
	o.Progress(Progress{Phase: "read", Rows: report.Rows, Bytes: in.n})
	if sp.rows == 0 {
		return shop.Errorf(CodeBadFile, "The file holds no product that can be taken. Check the format.")
	}
	sp.kinds = kinds
	return nil
}

// rowReason is what is wrong with a row, as its owner should read it.
func rowReason(err error) string {
	if e, ok := errors.AsType[*shop.Error](err); ok {
		return e.Message
	}
	return err.Error()
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// importSpool embeds and stages the spooled products and then applies them in one transaction.
func (s *Store) importSpool(ctx context.Context, sp *spool, o ImportOptions, report *Report) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("wait for a connection: %w", err)
	}
	done := false
	defer func() {
		if !done { // locks and staged rows go with the connection
			_ = conn.Conn().Close(context.WithoutCancel(ctx))
		}
		conn.Release()
	}()
	if err := beginImport(ctx, conn); err != nil {
		return err
	}
	staged, suspended := 0, false
	o.Progress(Progress{Phase: "embed", Total: sp.rows})
	for batch, err := range sp.batches(importBatch) {
		if err != nil {
			return err
		}
		docs, err := s.documents(ctx, conn, batch)
		if err != nil {
			return err
		}
		embedded, err := s.embedMissing(ctx, conn, docs)
		if err != nil {
			return err
		}
		report.Embedded += embedded
		if !suspended && embedded > len(docs)/2 { // the texts are new; a file that is imported again has few
			suspended = true
			if err := s.suspendVectorIndex(ctx, conn, sp.rows-staged); err != nil {
				return err
			}
		}
		encoded, err := json.Marshal(docs)
		if err != nil {
			return fmt.Errorf("stage %d products: %w", len(docs), err)
		}
		if _, err := conn.Exec(ctx, `INSERT INTO staged SELECT * FROM `+fromJSON, encoded); err != nil {
			return fmt.Errorf("stage %d products: %w", len(docs), err)
		}
		staged += len(docs)
		o.Progress(Progress{Phase: "embed", Rows: staged, Total: sp.rows})
	}
	o.Progress(Progress{Phase: "apply", Total: sp.rows})
	if err := buildVectorIndex(ctx, conn); err != nil {
		return err
	}
	if err := apply(ctx, conn, o, report); err != nil {
		return err
	}
	report.Unchanged = int64(staged) - report.Inserted - report.Updated
	if err := endImport(ctx, conn); err != nil {
		return err
	}
	o.Progress(Progress{Phase: "apply", Rows: sp.rows, Total: sp.rows})
	done = true
	return nil
}

func beginImport(ctx context.Context, conn *pgxpool.Conn) error {
	var alone bool
	// A single change holds the lock, shared, for some milliseconds; only another import keeps it longer.
	for try := 0; !alone && try < 20; try++ {
		if err := conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1) FROM pg_sleep($2)`, int64(importLock), 0.05*float64(min(try, 1))).Scan(&alone); err != nil {
			return fmt.Errorf("lock for import: %w", err)
		}
	}
	if !alone {
		return shop.Errorf(shop.CodeBusy, "Another import is running. Start this one again when it is done.")
	}
	if _, err := conn.Exec(ctx, `CREATE TEMPORARY TABLE staged (`+documentColumns+`)`); err != nil {
		return fmt.Errorf("make the staging table: %w", err)
	}
	return nil
}

// apply brings the staged products into the catalogue.
func apply(ctx context.Context, conn *pgxpool.Conn, o ImportOptions, report *Report) error {
	if _, err := conn.Exec(ctx, `ANALYZE staged`); err != nil {
		return fmt.Errorf("analyse the staged products: %w", err)
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := lockCatalogue(ctx, tx); err != nil {
			return err
		}
		if o.Replace {
			tag, err := tx.Exec(ctx, `DELETE FROM products p WHERE catalogue = $1
				AND NOT EXISTS (SELECT FROM staged s WHERE s.sku = p.sku)`, o.Catalogue)
			if err != nil {
				return fmt.Errorf("remove what is not in the file: %w", err)
			}
			report.Removed = tag.RowsAffected()
		}
		if o.Catalogue != Demo {
			// Version 1: nobody changed it since it was imported.
			tag, err := tx.Exec(ctx, `DELETE FROM products p WHERE catalogue = $1 AND version = 1
				AND NOT EXISTS (SELECT FROM products own WHERE own.catalogue <> $1)
				AND NOT EXISTS (SELECT FROM staged s WHERE s.sku = p.sku)`, Demo)
			if err != nil {
				return fmt.Errorf("remove the demo catalogue: %w", err)
			}
			report.DemoRemoved = tag.RowsAffected()
		}
		var err error
		if report.Inserted, report.Updated, err = merge(ctx, tx, mergeStaged); err != nil {
			return err
		}
		return pruneVectors(ctx, tx)
	})
}

func endImport(ctx context.Context, conn *pgxpool.Conn) error {
	for _, statement := range []string{`DROP TABLE staged`,
		// The visibility map lets BM25 read its index alone.
		`VACUUM (ANALYZE) products`, `VACUUM (ANALYZE) product_terms`, `VACUUM (ANALYZE) product_vectors`} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("tidy up after the import: %w", err)
		}
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_unlock($1)`, int64(importLock)); err != nil {
		return fmt.Errorf("unlock the import: %w", err)
	}
	return nil
}
