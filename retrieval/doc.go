// Package retrieval keeps the catalogue and finds candidates in it: import, single changes by call or NATS
// subject, and hybrid search (BM25 over stemmed words, cosine over pgvector's HNSW index, merged by reciprocal
// rank fusion) under hard filters. It does not rank for relevance and knows no conversation.
//
//	store := retrieval.NewStore(pool, embedder, retrieval.Options{})
//	report, err := store.Import(ctx, file, retrieval.FormatJSONL, retrieval.ImportOptions{Catalogue: "spring"})
//	candidates, err := store.Search(ctx, shop.Query{Text: "running shoes", Lang: shop.English, Limit: 24})
//	stored, err := store.Put(ctx, shop.Product{SKU: "s-1", Title: "Trail shoe", Price: shop.Money{Minor: 7900, Currency: "USD"}, Stock: 3})
//	err = store.Delete(ctx, "s-1")
//
// PostgreSQL holds everything; what one process writes, the next search of any other finds.
package retrieval
