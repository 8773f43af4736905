package identity

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// nonces is the table identity_nonces: names of tokens that were used, by their hash.
type nonces struct{ pool *pgxpool.Pool }

// use is true for the first who comes with the nonce, over all replicas.
func (n nonces) use(ctx context.Context, nonce string, until time.Time) (fresh bool, err error) {
	hash := sha256.Sum256([]byte(nonce))
	tag, err := n.pool.Exec(ctx, `INSERT INTO identity_nonces (nonce_hash, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, hash[:], until)
	return err == nil && tag.RowsAffected() == 1, err
}

// sweep passes over what another replica sweeps at the same time. The hour is for clocks: a nonce is never
// forgotten while a server that is late would still take its token.
func (n nonces) sweep(ctx context.Context) error {
	_, err := n.pool.Exec(ctx, `DELETE FROM identity_nonces WHERE nonce_hash IN (
		SELECT nonce_hash FROM identity_nonces WHERE expires_at < now() - interval '1 hour' FOR UPDATE SKIP LOCKED)`)
	return err
}
