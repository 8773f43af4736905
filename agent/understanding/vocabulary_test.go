package understanding

import "testing"

func TestNamesOfThingsGoIntoThePluralAndBack(t *testing.T) {
	for one, many := range map[string]string{"wireless mouse": "wireless mice", "kitchen knife": "kitchen knives", "shelf": "shelves", "scarf": "scarves", "battery": "batteries",
		"watch": "watches", "box": "boxes", "tent": "tents", "key": "keys"} {
		if got := plural(one); got != many {
			t.Errorf("plural of %q: %q, want %q", one, got, many)
		}
		if got := singular(many); got != one {
			t.Errorf("singular of %q: %q, want %q", many, got, one)
		}
	}
}
