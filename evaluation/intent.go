package evaluation

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// IntentColumns are the columns of UCI's Online Shoppers, in the order in which trees take them.
var IntentColumns = []string{"Administrative", "Administrative_Duration", "Informational", "Informational_Duration", "ProductRelated", "ProductRelated_Duration",
	"BounceRates", "ExitRates", "PageValues", "SpecialDay", "Month", "OperatingSystems", "Browser", "Region", "TrafficType", "VisitorType", "Weekend"}

// intentNames give words their numbers, as training/intent.py does.
var intentNames = map[string][]string{
	"Month":       {"Jan", "Feb", "Mar", "Apr", "May", "June", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
	"VisitorType": {"New_Visitor", "Returning_Visitor", "Other"},
	"Weekend":     {"FALSE", "TRUE"},
}

var errColumns = errors.New("other columns")

// Visits are sessions of a shop with what came of them.
type Visits struct {
	Rows   [][]float32
	Bought []bool
}

// ReadVisits reads the visits that a model is judged by: two in ten, by the checksum of the line's number, which
// training/intent.py learns nothing from.
func ReadVisits(path string) (v Visits, err error) {
	file, err := os.Open(path)
	if err != nil {
		return v, fmt.Errorf("open visits: %w", err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(bufio.NewReader(file))
	if err != nil {
		return v, fmt.Errorf("open visits: %w", err)
	}
	table := csv.NewReader(unzipped)
	header, err := table.Read()
	if err != nil || !slices.Equal(header, append(slices.Clone(IntentColumns), "Revenue")) {
		return v, fmt.Errorf("read visits: the columns are %q, wanted are those of Online Shoppers: %w", header, cmp.Or(err, errColumns))
	}
	for line := 0; ; line++ {
		fields, err := table.Read()
		if errors.Is(err, io.EOF) {
			return v, nil
		}
		if err != nil {
			return v, fmt.Errorf("read visits: %w", err)
		}
		const parts, learnt = 10, 8
		if crc32.ChecksumIEEE([]byte(strconv.Itoa(line)))%parts < learnt {
			continue
		}
		row := make([]float32, len(IntentColumns))
		for i, name := range IntentColumns {
			if words := intentNames[name]; words != nil {
				at := slices.IndexFunc(words, func(w string) bool { return strings.EqualFold(w, fields[i]) })
				if at < 0 {
					return v, fmt.Errorf("read visits: line %d has the %s %q", line+2, name, fields[i])
				}
				row[i] = float32(at)
				continue
			}
			figure, err := strconv.ParseFloat(fields[i], 32)
			if err != nil {
				return v, fmt.Errorf("read visits: line %d: %w", line+2, err)
			}
			row[i] = float32(figure)
		}
		last := fields[len(fields)-1]
		v.Rows, v.Bought = append(v.Rows, row), append(v.Bought, last == "1" || strings.EqualFold(last, "true"))
	}
}

// IntentReport is what `floorwalker eval intent` prints.
type IntentReport struct {
	Visits int     `json:"visits"`
	Bought float64 `json:"bought"`
	// AUC is how likely a visit with a purchase is put above one without; Brier the mean squared error of the probability; ECE the expected
	// calibration error over ten parts of equally many visits.
	AUC   float64 `json:"auc"`
	Brier float64 `json:"brier"`
	ECE   float64 `json:"ece"`
}

// Intent judges probabilities that visits end in a purchase.
func Intent(v Visits, said []float32) IntentReport {
	n := len(said)
	order := make([]int, n)
	r := IntentReport{Visits: n}
	for i, p := range said {
		order[i] = i
		truth := 0.0
		if v.Bought[i] {
			truth = 1
		}
		r.Bought += truth / float64(n)
		r.Brier += (float64(p) - truth) * (float64(p) - truth) / float64(n)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(said[a], said[b]) })
	// The mean rank of purchases, ties sharing theirs (Mann and Whitney).
	ranks, purchases := 0.0, 0.0
	for i := 0; i < n; {
		j := i
		for j < n && said[order[j]] == said[order[i]] {
			j++
		}
		for _, k := range order[i:j] {
			if v.Bought[k] {
				ranks += float64(i+j+1) / 2
				purchases++
			}
		}
		i = j
	}
	r.AUC = (ranks - purchases*(purchases+1)/2) / (purchases * (float64(n) - purchases))
	const parts = 10
	for part := range parts {
		slice := order[part*n/parts : (part+1)*n/parts]
		expected, came := 0.0, 0.0
		for _, k := range slice {
			expected += float64(said[k])
			if v.Bought[k] {
				came++
			}
		}
		r.ECE += math.Abs(expected-came) / float64(n)
	}
	return r
}
