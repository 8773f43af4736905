package retrieval

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

// rulesAge is how old the rules may be that a search goes by.
const rulesAge = 2 * time.Second

type rulesCache struct {
	mu    sync.Mutex
	rules []shop.SearchRule
	at    time.Time
}

// Rules are the shop's rules for its search, synonyms first; they may be two seconds old. The caller must not change them.
func (s *Store) Rules(ctx context.Context) ([]shop.SearchRule, error) {
	c := &s.rules
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := s.o.Now(); !c.at.IsZero() && now.Sub(c.at) < rulesAge && now.After(c.at) {
		return c.rules, nil
	}
	rows, err := s.pool.Query(ctx, `SELECT kind, subject, means, boost FROM search_rules ORDER BY kind = 'synonym' DESC, kind, subject`)
	if err != nil {
		return nil, fmt.Errorf("read the search's rules: %w", err)
	}
	rules, err := pgx.CollectRows(rows, pgx.RowToStructByPos[shop.SearchRule])
	if err != nil {
		return nil, fmt.Errorf("read the search's rules: %w", err)
	}
	c.rules, c.at = rules, s.o.Now()
	return rules, nil
}

// mostRules bounds the rules of a shop.
const mostRules = 1000

// CleanRules brings rules to the form in which they hold; the error has code bad_request and says which is wrong.
func CleanRules(rules []shop.SearchRule) ([]shop.SearchRule, error) {
	if len(rules) > mostRules {
		return nil, shop.Errorf(shop.CodeBadRequest, "There can be %d rules at most.", mostRules)
	}
	clean, seen := make([]shop.SearchRule, len(rules)), map[string]bool{}
	for i, r := range rules {
		r.Subject, r.Means = strings.TrimSpace(r.Subject), strings.TrimSpace(r.Means)
		if r.Kind != shop.RuleSKU {
			r.Subject, r.Means = strings.ToLower(r.Subject), strings.ToLower(r.Means)
		}
		switch {
		case r.Subject == "":
			return nil, shop.Errorf(shop.CodeBadRequest, "Rule %d says nothing of what it is about.", i+1)
		case r.Kind == shop.RuleSynonym && (r.Means == "" || r.Means == r.Subject):
			return nil, shop.Errorf(shop.CodeBadRequest, "Say what %q means: another word.", r.Subject)
		case r.Kind != shop.RuleSynonym && (r.Boost == 0 || r.Boost < -1 || r.Boost > 1):
			return nil, shop.Errorf(shop.CodeBadRequest, "Say by how much %q moves, from -1 to 1.", r.Subject)
		case seen[r.Kind+" "+r.Subject]:
			return nil, shop.Errorf(shop.CodeBadRequest, "There are two rules for %q. Keep one.", r.Subject)
		}
		seen[r.Kind+" "+r.Subject] = true
		if r.Kind == shop.RuleSynonym {
			r.Boost = 0
		} else {
			r.Means = ""
		}
		clean[i] = r
	}
	return clean, nil
}

// SetRules puts the given rules in place of those that hold.
func (s *Store) SetRules(ctx context.Context, rules []shop.SearchRule) error {
	clean, err := CleanRules(rules)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM search_rules`); err != nil {
			return err
		}
		for _, r := range clean {
			if _, err := tx.Exec(ctx, `INSERT INTO search_rules (kind, subject, means, boost) VALUES ($1, $2, $3, $4)`, r.Kind, r.Subject, r.Means, r.Boost); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep the search's rules: %w", err)
	}
	s.rules.mu.Lock()
	defer s.rules.mu.Unlock()
	s.rules.at = time.Time{}
	return nil
}
