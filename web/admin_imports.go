package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"floorwalker/retrieval"
	"floorwalker/shop"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Bounds of a catalogue that comes by the page: its size, how long it may take to arrive, and how much of it a
// preview reads and shows.
const (
	maxUpload     = 1 << 30
	uploadTime    = 30 * time.Minute
	maxPreview    = 1 << 20
	previewedRows = 20
)

// importInput is a file of products and how it is to be read.
type importInput struct {
	Name      string `query:"name" maxLength:"200" doc:"The file's name"`
	Format    string `query:"format" enum:"jsonl,csv,merchant,shopify,icecat,retail" required:"true"`
	Columns   string `query:"columns" maxLength:"20000" doc:"JSON: the file's columns to fields of a product; an empty field passes the column over"`
	Catalogue string `query:"catalogue" maxLength:"80"`
	Currency  string `query:"currency" maxLength:"3" pattern:"^([A-Z]{3})?$"`
	Stock     int    `query:"stock" minimum:"-1" default:"-1" doc:"Stock of rows that name none; -1 where such a row is bad"`
	Replace   bool   `query:"replace" doc:"Remove products of the same catalogue that are not in the file"`
	DryRun    bool   `query:"dry_run" doc:"Check everything and change nothing"`
	Whole     bool   `query:"whole" doc:"For previews: the body is the whole file, not its beginning"`

	body io.Reader
}

// Resolve takes the body as a stream. It is the file itself, and may be large and slow.
func (in *importInput) Resolve(c huma.Context) []error {
	r, w := humago.Unwrap(c)
	until := time.Now().Add(uploadTime)
	control := http.NewResponseController(w)
	if err := errors.Join(control.SetReadDeadline(until), control.SetWriteDeadline(until)); err != nil {
		return []error{err}
	}
	in.body = http.MaxBytesReader(w, r.Body, maxUpload)
	return nil
}

func (in *importInput) options() (retrieval.ImportOptions, error) {
	o := retrieval.ImportOptions{Catalogue: in.Catalogue, Currency: in.Currency, Replace: in.Replace, DryRun: in.DryRun, MaxErrors: -1}
	if in.Stock >= 0 {
		o.Stock = &in.Stock
	}
	if in.Columns != "" {
		if err := json.Unmarshal([]byte(in.Columns), &o.Columns); err != nil {
			return o, refuse(http.StatusBadRequest, shop.CodeBadRequest, "Columns is no JSON object of strings.")
		}
	}
	return o, nil
}

type jobBody struct {
	// Job is the latest import of this server; absent before the first.
	Job    *retrieval.Job `json:"job,omitempty"`
	Fields []string       `json:"fields" doc:"What a column may be, besides attributes.NAME, titles.zh and descriptions.zh"`
}

// importRoutes bring catalogues in.
func (s *Server) importRoutes(api huma.API) {
	imports := s.parts.Operator.Imports
	huma.Register(api, s.operation(api, http.MethodPost, adminAPI+"/imports/preview", "previewImport", "What a file would be taken for; the body is its beginning", http.StatusOK),
		func(_ context.Context, in *importInput) (*struct{ Body retrieval.Preview }, error) {
			o, err := in.options()
			if err != nil {
				return nil, err
			}
			beginning, err := io.ReadAll(io.LimitReader(in.body, maxPreview))
			if err != nil {
				return nil, refuse(http.StatusBadRequest, shop.CodeBadRequest, "The file did not arrive whole. Try again.")
			}
			return &struct{ Body retrieval.Preview }{retrieval.ReadPreview(beginning, in.Whole, retrieval.Format(in.Format), o, previewedRows)}, nil
		})
	huma.Register(api, s.operation(api, http.MethodPost, adminAPI+"/imports", "startImport", "Import a file, which is the body; GET tells how far it is", http.StatusNoContent), s.startImport)
	huma.Register(api, s.operation(api, http.MethodGet, adminAPI+"/imports", "import", "How far the latest import of this server is, and what it did", http.StatusOK),
		func(context.Context, *struct{}) (*struct{ Body jobBody }, error) {
			return &struct{ Body jobBody }{jobBody{imports.Latest(), retrieval.Fields}}, nil
		})
}

func (s *Server) startImport(ctx context.Context, in *importInput) (*struct{}, error) {
	o, err := in.options()
	if err != nil {
		return nil, err
	}
	file, err := os.CreateTemp("", "floorwalker-import-*")
	if err != nil {
		return nil, s.fail(ctx, "no room for a file", err)
	}
	if err := s.keepUpload(in, file, loginOf(ctx).Agent.ID, o); err != nil {
		return nil, errors.Join(s.failed(ctx, "file not imported", err), file.Close(), os.Remove(file.Name()))
	}
	return nil, nil
}

// keepUpload writes the body to the file and starts its import, whose the file is from then on.
func (s *Server) keepUpload(in *importInput, file *os.File, by string, o retrieval.ImportOptions) error {
	if _, err := io.Copy(file, in.body); err != nil {
		if _, long := errors.AsType[*http.MaxBytesError](err); long {
			return shop.Errorf(shop.CodeTooLarge, "The file is larger than %d MiB. Compress it, or use floorwalker import.", maxUpload>>20)
		}
		return &shop.Error{Code: shop.CodeBadRequest, Message: "The file did not arrive whole. Try again.", Cause: err}
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read the file again: %w", err)
	}
	return s.parts.Operator.Imports.Start(file, in.Name, by, retrieval.Format(in.Format), o)
}
