package shop

// Shelf is a list of products that is about to be shown, as paid placement looks at it.
type Shelf struct {
	RankingID string
	// Session is where it is shown, Client the verified customer, else the session.
	Session, Client string
	// Text is the need in search words, empty where none was named.
	Text string
	Lang Lang
	// Candidates are all products that may be shown, best first: they meet every limit. The first Shown of them would
	// be shown. Relevance is what each is worth to the customer, 0 to 1.
	Candidates []Candidate
	Shown      int
}
