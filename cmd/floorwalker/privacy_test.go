package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"floorwalker/embedded/pgtest"

	"github.com/jackc/pgx/v5"
)

// personal are names of columns that say, or may say, who a customer is.
var personal = regexp.MustCompile(`^(session|session_id|customer|client|unit|owner|account|email|address|text|message|comment)$`)

// TestEveryTableStandsInThePrivacyPage holds docs/privacy.md against the migrated schema.
func TestEveryTableStandsInThePrivacyPage(t *testing.T) {
	raw, err := os.ReadFile("../../docs/privacy.md")
	if err != nil {
		t.Fatal(err)
	}
	with, without, found := strings.Cut(string(raw), "## Tables with nothing of a customer")
	without, _, found2 := strings.Cut(without, "## Elsewhere")
	if !found || !found2 {
		t.Fatal("the page's sections are not where they were")
	}
	named := func(section string) (tables []string) {
		for line := range strings.Lines(section) {
			if first, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " |"); ok && strings.HasPrefix(line, "| `") {
				for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(first, -1) {
					tables = append(tables, name[1])
				}
			}
		}
		return tables
	}
	of, none := named(with), named(without)
	rows, err := pgtest.New(t).Query(t.Context(), `SELECT c.relname::text, array_agg(a.attname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname <> 'goose_db_version' GROUP BY 1 ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	var table string
	var columns, tables []string
	if _, err := pgx.ForEachRow(rows, []any{&table, &columns}, func() error {
		tables = append(tables, table)
		if slices.Contains(of, table) == slices.Contains(none, table) {
			t.Errorf("docs/privacy.md must name %s, in one of its two lists", table)
		}
		if i := slices.IndexFunc(columns, personal.MatchString); i >= 0 && slices.Contains(none, table) && !slices.Contains([]string{"passages", "desk_replies"}, table) {
			t.Errorf("docs/privacy.md says that %s holds nothing of a customer, but it has a column %s", table, columns[i])
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Concat(of, none) {
		if !slices.Contains(tables, name) {
			t.Errorf("docs/privacy.md names %s, which there is not", name)
		}
	}
	if len(tables) < 40 {
		t.Errorf("only %d tables were looked at", len(tables))
	}
}
