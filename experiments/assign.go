package experiments

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
)

// uniform is a figure from 0 to 1, the same for the same texts: SHA-256 of both, so that assignments of two experiments do
// not depend on each other.
func uniform(experiment, unit string) float64 {
	sum := sha256.Sum256([]byte(experiment + "\x00" + unit))
	return float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53)
}

// assign is which of the arms the unit gets, by their shares, which sum up to 1.
func assign(experiment, unit string, shares []float64) int {
	at := uniform(experiment, unit)
	for i, share := range shares {
		if at -= share; at < 0 {
			return i
		}
	}
	return len(shares) - 1
}

// TeamDraft interleaves two rankings into one list without repetitions, and says which of them (0 or 1) each product was
// drafted by: in each round chance decides who drafts first, then each drafts its best that is not there yet. Clicks on
// what a ranking drafted speak for it (Radlinski, Kurup and Joachims, 2008).
func TeamDraft(random *rand.Rand, a, b []string) (list []string, team []int) {
	in := map[string]bool{}
	rankings, next := [2][]string{a, b}, [2]int{}
	draft := func(who int) bool {
		for next[who] < len(rankings[who]) {
			x := rankings[who][next[who]]
			next[who]++
			if !in[x] {
				in[x] = true
				list, team = append(list, x), append(team, who)
				return true
			}
		}
		return false
	}
	for {
		first := random.IntN(2)
		one, two := draft(first), draft(1-first)
		if !one && !two {
			return list, team
		}
	}
}
