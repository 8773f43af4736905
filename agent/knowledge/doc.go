// Package knowledge keeps the shop's articles on shipping, returns, payment and the like, and finds the
// passage that answers a question: by the meaning of its sentences and by its words, in English and Chinese.
// It judges how well a passage fits; whether that is good enough to answer with is the caller's to decide.
//
//	store := knowledge.NewStore(pool, english, chinese)
//	err := store.Load(ctx, articles)
//	passages, err := store.Find(ctx, "can I return something I have opened?", shop.English, 3)
//	if len(passages) > 0 && passages[0].Score >= threshold {
//		answer(passages[0].Text, passages[0].Slug)
//	}
package knowledge
