// Package ranking orders the candidates of a search. It estimates from 0 to 1 how well each product meets
// the need (Relevance), adds small business features to get the final Score, and says what each feature
// contributed (Reasons sum up to Score exactly). It reads no database.
//
//	ranker := ranking.New(embedder, nil, ranking.Options{})
//	ranking, err := ranker.Rank(ctx, need, candidates)
//	for _, c := range ranking.Candidates {
//		if c.Relevance >= ranking.Floor {
//			show(c)
//		}
//	}
//
// A ranker never fails a turn: when a model errs, gives NaN or is late, the candidates come back in
// retrieval's order with Degraded set.
package ranking
