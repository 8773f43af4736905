package retrieval

import (
	"context"
	"fmt"
	"sync"
	"unicode"

	"github.com/jackc/pgx/v5"
)

// querier is a pool, a connection or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// maxStems bounds the words that a stemmer remembers; it starts anew beyond that.
const maxStems = 200_000

// stemmer brings words to their lexemes by PostgreSQL's English dictionary, which drops stop words. What a word
// becomes never changes, so it is asked once.
type stemmer struct {
	mu    sync.Mutex
	known map[string]string
}

// lexemes returns a map that holds the lexeme of each of the words; "" for a stop word.
func (s *stemmer) lexemes(ctx context.Context, q querier, wanted []string) (map[string]string, error) {
	found := make(map[string]string, len(wanted))
	var unknown []string
	s.mu.Lock()
	for _, w := range wanted {
		if plainCode(w) {
			found[w] = w
		} else if lexeme, ok := s.known[w]; ok {
			found[w] = lexeme
		} else if _, asked := found[w]; !asked {
			found[w] = ""
			unknown = append(unknown, w)
		}
	}
	s.mu.Unlock()
	if len(unknown) == 0 {
		return found, nil
	}
	rows, err := q.Query(ctx, `SELECT w, coalesce((ts_lexize('pg_catalog.english_stem', w))[1], '') FROM unnest($1::text[]) w`, unknown)
	if err != nil {
		return nil, fmt.Errorf("stem %d words: %w", len(unknown), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) > maxStems {
		s.known = map[string]string{}
	}
	var word, lexeme string
	_, err = pgx.ForEachRow(rows, []any{&word, &lexeme}, func() error {
		found[word], s.known[word] = lexeme, lexeme
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("stem %d words: %w", len(unknown), err)
	}
	return found, nil
}

// plainCode reports whether a word holds a digit: a model number or a measure, which has no endings.
func plainCode(w string) bool {
	for _, r := range w {
		if unicode.IsDigit(r) {
			return true
		}
	}
	return false
}

// stems are the lexemes of a text's words in their order, without stop words and repetitions.
func (s *stemmer) stems(ctx context.Context, q querier, text string) ([]string, error) {
	all := words(text)
	lexemes, err := s.lexemes(ctx, q, all)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{"": true}
	out := []string{}
	for _, w := range all {
		if l := lexemes[w]; !seen[l] {
			seen[l] = true
			out = append(out, l)
		}
	}
	return out, nil
}
