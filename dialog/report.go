package dialog

import (
	"context"
	"time"
)

// ReportQuery chooses conversations by when they began, and by who they were with.
type ReportQuery struct {
	// From is inclusive, To exclusive.
	From, To time.Time
	// Lang is en or zh; empty for both.
	Lang string
	// Who is "known" for customers whom a token of the shop proved, "visitor" for all others, empty for both.
	Who string
}

// Report is what became of the conversations that a query chose. It holds no word that fewer than [Fewest]
// conversations have in common.
type Report struct {
	Days []ReportDay `json:"days"`
	// Conversations in which a customer wrote; Answered by the assistant at least once; of these HandedOver asked for
	// a person, and all others were contained.
	Conversations int     `json:"conversations"`
	Answered      int     `json:"answered"`
	HandedOver    int     `json:"handed_over"`
	Containment   float64 `json:"containment"`
	// Answers that ended complete, interrupted or failed.
	Complete    int           `json:"complete"`
	Interrupted int           `json:"interrupted"`
	Failed      int           `json:"failed"`
	Reasons     []ReportCount `json:"handoff_reasons"`
	Intents     []ReportCount `json:"intents"`
	Rankers     []ReportCount `json:"rankers"`
	Parsers     []ReportCount `json:"parsers"`
	Answerers   []ReportCount `json:"answerers"`
	// Unmet are products that were looked for where no card was shown, Questions what was asked of the shop's articles.
	Unmet     []ReportCount `json:"unmet"`
	Questions []ReportCount `json:"questions"`
	// UnmetSearches counts all of the searches that showed no card.
	UnmetSearches int `json:"unmet_searches"`
	// Stages are the times of a turn in milliseconds.
	Stages []ReportStage `json:"stages"`
	// Sessions are the ids of the conversations, for what other rooms know of them.
	Sessions []string `json:"-"`
}

// Fewest is how many conversations must have said the same before a report repeats it.
const Fewest = 3

// ReportDay is one day's conversations, in UTC.
type ReportDay struct {
	Day           string `json:"day"`
	Conversations int    `json:"conversations"`
	HandedOver    int    `json:"handed_over"`
}

// ReportCount is how often something was there.
type ReportCount struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// ReportStage is the time that a stage of [shop.Trace] took, in milliseconds, over N turns.
type ReportStage struct {
	Name string  `json:"name"`
	N    int     `json:"n"`
	P50  float64 `json:"p50"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
}

// reportTime bounds what a report may cost the database.
const reportTime = 20 * time.Second

// Report counts what became of conversations.
func (m *Manager) Report(ctx context.Context, q ReportQuery) (Report, error) {
	ctx, cancel := context.WithTimeout(ctx, reportTime)
	defer cancel()
	r, err := m.store.report(ctx, q)
	if err == nil && r.Answered > 0 {
		r.Containment = 1 - float64(r.HandedOver)/float64(r.Answered)
	}
	return r, err
}
