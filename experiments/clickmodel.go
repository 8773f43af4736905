package experiments

// Cell is how often a product was shown at a place and clicked there.
type Cell struct {
	SKU string
	// Position is from 1.
	Position       int
	Shown, Clicked float64
}

// Clicks is what the position-based model says: a card is clicked when it is looked at, which depends on its place alone,
// and when it attracts, which depends on the product alone.
type Clicks struct {
	// Examined is how likely a card at place i+1 is looked at, beside the first place, which is 1.
	Examined []float64
	// Attracts is how likely a product is clicked that is looked at, beside the first place.
	Attracts map[string]float64
}

// The figures of the click model.
const (
	rounds = 60
	// priorLooks is for how many looks the mean of all counts beside a product's own.
	priorLooks = 20.0
)

// PositionBias learns the position-based model by expectation maximisation (Chuklin, Markov and de Rijke: Click models for
// web search, 2015). It tells place and product apart by products that stood at several places. Places beyond the
// tenth are taken together with it.
func PositionBias(cells []Cell) Clicks {
	const places = 10
	examined := make([]float64, places)
	var shown, clicked [places]float64
	var allShown, allClicked float64
	last := 0
	for _, c := range cells {
		k := min(max(c.Position, 1), places) - 1
		last = max(last, k)
		shown[k], clicked[k] = shown[k]+c.Shown, clicked[k]+c.Clicked
		allShown, allClicked = allShown+c.Shown, allClicked+c.Clicked
	}
	mean := (allClicked + 1) / (allShown + priorLooks)
	attracts := map[string]float64{}
	for k := range examined {
		examined[k] = 0.5
	}
	for _, c := range cells {
		attracts[c.SKU] = mean
	}
	for range rounds {
		var looks [places]float64
		drawn, tried := map[string]float64{}, map[string]float64{}
		for _, c := range cells {
			k := min(max(c.Position, 1), places) - 1
			g, a := examined[k], attracts[c.SKU]
			missed := c.Shown - c.Clicked
			none := max(1-g*a, 1e-9)
			looks[k] += c.Clicked + missed*g*(1-a)/none
			drawn[c.SKU] += c.Clicked + missed*a*(1-g)/none
			tried[c.SKU] += c.Shown
		}
		for k := range examined {
			examined[k] = (looks[k] + 0.5) / (shown[k] + 1)
		}
		for sku := range attracts {
			attracts[sku] = (drawn[sku] + mean*priorLooks) / (tried[sku] + priorLooks)
		}
	}
	// Only products of both are known; the first place is taken for always looked at.
	first := examined[0]
	for k := range examined {
		examined[k] = min(examined[k]/first, 1)
	}
	for sku := range attracts {
		attracts[sku] *= first
	}
	return Clicks{Examined: examined[:last+1], Attracts: attracts}
}
