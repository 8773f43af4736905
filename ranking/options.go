package ranking

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Options set up a Ranker. The zero value of each field stands for its default.
type Options struct {
	Weights Weights
	// Floor is the relevance below which a product is not what was asked for; 0 is DefaultFloor.
	Floor float64
	// Deadline is how long the models may take; 0 is 250 ms.
	Deadline time.Duration
	// Reading is how long the cross-encoder may go on beginning with more candidates, the likeliest first; those
	// that it did not come to keep the first stage's relevance. 0 is 100 ms.
	Reading time.Duration
	// CacheSize is how many scores and how many product vectors are kept; 0 is 20,000.
	CacheSize int
	// Diversity is how much of its score a product loses that is called just what one before it is called, and about as much
	// where a word differs. 0 is DefaultDiversity, below 0 none.
	Diversity float64
	// Blend names the weights where they were learnt; it becomes part of the model's name.
	Blend string
	// Takeup foretells what customers do with a product; nil where nothing does.
	Takeup Takeup
	// Chinese embeds Chinese queries and product texts; without it they are compared in English.
	Chinese Embedder
	// Once marks a context as that of work on texts that nobody will ask for again, so that the cross-encoder need not keep what it
	// reads; nil does nothing.
	Once func(context.Context) context.Context
	// NewID names a ranking; nil is a random UUID.
	NewID func() string
	// Now is the clock by which products are new; nil is time.Now.
	Now func() time.Time
}

// Weights are what the features, each from 0 to 1 unless said otherwise, count in the score.
// Semantic, Words and Kind make up the relevance together and are scaled to a sum of 1.
type Weights struct {
	// Semantic: the cosine of query and product, spread over 0 to 1.
	Semantic float64 `json:"semantic"`
	// Words: the share of the query's words that stand in the product.
	Words float64 `json:"words"`
	// Kind: 1 where the product is called what the query asks for, by its head noun.
	Kind float64 `json:"kind"`
	// Cross is the share of the cross-encoder's score in the relevance, where there is a cross-encoder;
	// the three above share the rest.
	Cross float64 `json:"cross"`
	// Text: retrieval's full-text score, as a share of the best candidate's. It orders products of like
	// relevance and is no part of the relevance, because the best candidate may be no good.
	Text float64 `json:"text"`
	// Rating: from -1 for a product rated 1 to +1 for one rated 5; 0 for one without ratings.
	Rating float64 `json:"rating"`
	// InStock: 1 where the product can be bought now.
	InStock float64 `json:"in_stock"`
	// Margin: what the shop keeps of the price, as a share of it; 0 where the cost is unknown.
	Margin float64 `json:"margin"`
	// Freshness: 1 for what comes to market today, falling to 0 within a year.
	Freshness float64 `json:"freshness"`
	// Delivery: 1 for what arrives tomorrow, falling to 0 after a week; 0 where that is unknown.
	Delivery float64 `json:"delivery"`
	// Personal: from -1 for what the customer turned down to +1 for what is just what he likes; 0 where nothing is known.
	Personal float64 `json:"personal"`
	// Takeup: from 0 to 1 for what customers are likeliest to take up of the list, where a model foretells it.
	Takeup float64 `json:"take_up"`
}

// DefaultWeights are round numbers from the flat top of judged nDCG@10 over 75 queries; the share of the cross-encoder was
// the best in each of five folds (training/report.md). The business features are smaller than what separates a product
// that fits from one that does not.
var DefaultWeights = Weights{Semantic: 0.7, Words: 0.2, Kind: 0.1, Cross: 0.2, Text: 0.02, Rating: 0.02, InStock: 0.03,
	Margin: 0.01, Freshness: 0.01, Delivery: 0.01, Personal: 0.06, Takeup: 0.06}

// DefaultDiversity parts products of one name that score alike, and no more than that.
const DefaultDiversity = 0.02

// DefaultFloor was chosen on 101 wishes that two catalogues can meet (5 have nothing above it) and 138 that
// they can't (about 20 have: a unicorn backpack for "unicorn"), for the embedding model. With the shipped cross-encoder,
// whose share is small, it parts the wishes of TestTheFloorPartsWhatIsSoldFromWhatIsNot as well.
const DefaultFloor = 0.48

func (o Options) withDefaults() Options {
	if o.Weights == (Weights{}) {
		o.Weights = DefaultWeights
	}
	if o.Floor == 0 {
		o.Floor = DefaultFloor
	}
	if o.Deadline == 0 {
		o.Deadline = 250 * time.Millisecond
	}
	if o.Reading == 0 {
		o.Reading = 100 * time.Millisecond
	}
	if o.Diversity == 0 {
		o.Diversity = DefaultDiversity
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.CacheSize == 0 {
		o.CacheSize = 20_000
	}
	if o.Once == nil {
		o.Once = func(ctx context.Context) context.Context { return ctx }
	}
	if o.NewID == nil {
		o.NewID = uuid.NewString
	}
	return o
}
