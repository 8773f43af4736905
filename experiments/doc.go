// Package experiments finds out which of several ways to recommend customers prefer: who gets which, what that came to,
// and what it would have come to for all.
//
//	x := experiments.New(pool, experiments.Options{})
//	given, err := x.Expose(ctx, running, unit)                  // the same arm for the same unit, noted once
//	list, teams := experiments.TeamDraft(random, ours, theirs)  // two rankings in one list
//	results := experiments.Analyse(experiment, observations)    // may be looked at as often as one likes
//
// The statistics know no database; each says where it comes from.
package experiments
