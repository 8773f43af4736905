// Package evaluation measures Floorwalker the way `floorwalker eval` reports it: relevance of ranked products,
// understanding of utterances, and whole conversations over the wire.
//
//	cases, err := evaluation.ReadCases[evaluation.UnderstandingCase](file)
//	report, err := evaluation.Understanding(ctx, parser, cases, progress)
package evaluation
