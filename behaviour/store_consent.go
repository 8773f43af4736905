package behaviour

import (
	"context"

	"floorwalker/shop"

	"github.com/jackc/pgx/v5"
)

func platformOf(platform string) string {
	if platform == "" {
		return shop.PlatformWeb
	}
	return platform
}

func (l *Log) setConsent(ctx context.Context, client, platform string, said Consent) error {
	var purposes []string
	var granted []bool
	for _, p := range Purposes {
		if yes, ok := said[p]; ok {
			purposes, granted = append(purposes, string(p)), append(granted, yes)
		}
	}
	_, err := l.pool.Exec(ctx, `INSERT INTO behaviour_consent (client, platform, purpose, granted)
		SELECT $1, $2, * FROM unnest($3::text[], $4::boolean[])
		ON CONFLICT (client, platform, purpose) DO UPDATE SET granted = excluded.granted, changed_at = now()`, client, platform, purposes, granted)
	return err
}

// consent is what any of the names said on the platform; of two who differ, the one who refused.
func (l *Log) consent(ctx context.Context, names []string, platform string) (Consent, error) {
	rows, err := l.pool.Query(ctx, `SELECT purpose, bool_and(granted) FROM behaviour_consent WHERE client = ANY($1) AND platform = $2 GROUP BY purpose`, names, platform)
	if err != nil {
		return nil, err
	}
	said := Consent{}
	var purpose Purpose
	var granted bool
	_, err = pgx.ForEachRow(rows, []any{&purpose, &granted}, func() error {
		said[purpose] = granted
		return nil
	})
	return said, err
}

// adoptConsent lets what a session said hold for the customer that it turned out to be: a refusal always, an agreement where
// the customer has said nothing. The session's own words stay, for the day on which both are parted again.
const adoptConsent = `
INSERT INTO behaviour_consent (client, platform, purpose, granted, changed_at)
SELECT $2, platform, purpose, granted, changed_at FROM behaviour_consent WHERE client = $1
ON CONFLICT (client, platform, purpose) DO UPDATE SET granted = false, changed_at = excluded.changed_at WHERE NOT excluded.granted`
