package shop

// Vocabulary is what the catalogue itself calls things, so that a new shop's words work after import.
// It is read from the database and replaced as a whole when the catalogue changes.
type Vocabulary struct {
	// Brands, Categories, Colors and Materials are as the catalogue spells them, most frequent first.
	Brands, Categories, Colors, Materials []string
	// Words counts in how many products each lower-case word of titles and categories stands.
	Words map[string]int
	// Currency is the catalogue's most frequent currency.
	Currency string
	// Products is how many products there are.
	Products int
}
