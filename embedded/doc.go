// Package embedded runs what Floorwalker needs on a bare machine: PostgreSQL with pgvector, NATS, Ollama
// and ONNX Runtime. It fetches pinned versions into one cache folder, starts, watches and stops them.
// It knows nothing of the shop; in production each service is given by an address instead.
//
//	cache := embedded.DefaultCache()
//	err := embedded.Fetch(ctx, cache, embedded.Needed(), os.Stderr)
//	pg, err := embedded.StartPostgres(ctx, embedded.PostgresOptions{Cache: cache, DataDir: data})
//	defer pg.Stop(context.Background())
//	pool, err := pgxpool.New(ctx, pg.URL())
package embedded
