package orders

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Bounds of an import: one line in bytes, and the statements sent at once.
const (
	longestLine = 1 << 20
	batchLength = 500
)

// importLines gives each line that is not empty to take, which queues what stores it or says what is wrong with it. All
// are stored in one transaction, or none. It returns how many were read.
func importLines(ctx context.Context, pool *pgxpool.Pool, r io.Reader, take func(b *pgx.Batch, line []byte) (problem string)) (n int, err error) {
	batch, number := &pgx.Batch{}, 0
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, longestLine)
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		for lines.Scan() {
			number++
			if len(bytes.TrimSpace(lines.Bytes())) == 0 {
				continue
			}
			if problem := take(batch, lines.Bytes()); problem != "" {
				return badLine(number, problem, nil)
			}
			n++
			if batch.Len() >= batchLength {
				if err := tx.SendBatch(ctx, batch).Close(); err != nil {
					return err
				}
				batch = &pgx.Batch{}
			}
		}
		if err := lines.Err(); err != nil {
			return badLine(number+1, "it can't be read", err)
		}
		return tx.SendBatch(ctx, batch).Close()
	})
	return n, err
}

func badLine(line int, problem string, cause error) error {
	return &shop.Error{Code: shop.CodeBadRequest, Cause: cause, Message: fmt.Sprintf("Line %d can't be taken: %s. Nothing was imported.", line, problem)}
}
