package shop

// Inspection is one turn with everything that it went through, for the shop's operators. Durations are in microseconds.
type Inspection struct {
	Parse     Parse                `json:"parse"`
	Searches  []InspectedSearch    `json:"searches"`
	Rankings  []InspectedRanking   `json:"rankings"`
	Knowledge []InspectedKnowledge `json:"knowledge"`
	Prompts   []InspectedPrompt    `json:"prompts"`
	Shown     []Cards              `json:"shown"`
	// Answer is the text that the customer would read.
	Answer  string          `json:"answer"`
	Cites   []string        `json:"cites,omitempty"`
	Handoff *HandoffRequest `json:"handoff,omitempty"`
	// State is the conversation's after the turn: the next turn of the same conversation begins with it.
	State State `json:"state"`
	Trace Trace `json:"trace"`
}

// InspectedSearch is one search of the catalogue, candidates best first.
type InspectedSearch struct {
	Text       string               `json:"text"`
	Filter     Filter               `json:"filter"`
	Sort       Sort                 `json:"sort,omitempty"`
	Found      int                  `json:"found"`
	Candidates []InspectedCandidate `json:"candidates"`
	Micros     int64                `json:"us"`
}

// InspectedRanking is the order that the ranker gave to candidates of a search.
type InspectedRanking struct {
	Model      string               `json:"model"`
	Degraded   bool                 `json:"degraded"`
	Floor      float64              `json:"floor"`
	Candidates []InspectedCandidate `json:"candidates"`
	Micros     int64                `json:"us"`
}

// InspectedCandidate is a candidate with its scores, as in [Candidate].
type InspectedCandidate struct {
	SKU       string   `json:"sku"`
	Title     string   `json:"title"`
	Text      float64  `json:"text"`
	Vector    float64  `json:"vector"`
	Fused     float64  `json:"fused"`
	Relevance float64  `json:"relevance"`
	Score     float64  `json:"score"`
	Reasons   []Reason `json:"reasons,omitempty"`
}

// InspectedKnowledge is one question to the articles and what was found, best first.
type InspectedKnowledge struct {
	Question string             `json:"question"`
	Floor    float64            `json:"floor"`
	Found    []InspectedPassage `json:"found"`
	Micros   int64              `json:"us"`
}

// InspectedPassage is a passage with its score from 0 to 1.
type InspectedPassage struct {
	Slug  string  `json:"slug"`
	Title string  `json:"title"`
	Text  string  `json:"text"`
	Score float64 `json:"score"`
}

// InspectedPrompt is what the language model was told to word, and what it wrote before it was checked.
type InspectedPrompt struct {
	System string   `json:"system"`
	Lines  []string `json:"lines"`
	Wrote  string   `json:"wrote"`
	Error  string   `json:"error,omitempty"`
	Micros int64    `json:"us"`
}
