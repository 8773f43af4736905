package retrieval

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"floorwalker/shop"
)

// spool keeps the good rows of a file on disk between reading it and writing it to the catalogue, so that
// memory stays bounded and nothing is embedded before the whole file was found good.
type spool struct {
	file *os.File
	out  *bufio.Writer
	rows int
	// kinds gives the products without a category one; it is set when all rows were seen.
	kinds *kinds
}

func newSpool() (*spool, error) {
	file, err := os.CreateTemp("", "floorwalker-import-*")
	if err != nil {
		return nil, fmt.Errorf("make a spool file: %w", err)
	}
	return &spool{file: file, out: bufio.NewWriterSize(file, 1<<18)}, nil
}

func (s *spool) add(p shop.Product) error {
	line, err := json.Marshal(p)
	if err == nil {
		_, err = s.out.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("spool product %q: %w", p.SKU, err)
	}
	s.rows++
	return nil
}

// batches reads the products back, size at a time. The slice is reused.
func (s *spool) batches(size int) iter.Seq2[[]shop.Product, error] {
	return func(yield func([]shop.Product, error) bool) {
		if err := s.out.Flush(); err != nil {
			yield(nil, fmt.Errorf("write the spool file: %w", err))
			return
		}
		if _, err := s.file.Seek(0, io.SeekStart); err != nil {
			yield(nil, fmt.Errorf("rewind the spool file: %w", err))
			return
		}
		in := json.NewDecoder(bufio.NewReaderSize(s.file, 1<<18))
		batch := make([]shop.Product, 0, size)
		for {
			var p shop.Product
			err := in.Decode(&p)
			if err != nil && !errors.Is(err, io.EOF) {
				yield(nil, fmt.Errorf("read the spool file: %w", err))
				return
			}
			if err == nil {
				if p.Category == "" && s.kinds != nil {
					p.Category = s.kinds.of(p)
				}
				batch = append(batch, p)
			}
			if len(batch) == size || (err != nil && len(batch) > 0) {
				if !yield(batch, nil) {
					return
				}
				batch = batch[:0]
			}
			if err != nil {
				return
			}
		}
	}
}

// remove deletes the file.
func (s *spool) remove() error { return errors.Join(s.file.Close(), os.Remove(s.file.Name())) }
