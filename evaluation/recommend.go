package evaluation

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"floorwalker/behaviour"
)

// Purchases are a shop's invoices, split by time: what was bought before the cut, and of every customer who bought
// after it the next basket.
type Purchases struct {
	Cut    time.Time
	Before []behaviour.Deed
	Next   map[string]map[string]bool
	// Anonymous is the share of the lines before the cut that name no customer.
	Anonymous float64
}

// ReadTransactions reads invoices as CSV (InvoiceNo, StockCode, Quantity, InvoiceDate, CustomerID; gzipped). Returned
// goods and what is no product (postage, fees: a code without five digits in front) are left out. A line without a
// customer belongs to a client of its invoice's name.
func ReadTransactions(path string) (deeds []behaviour.Deed, err error) {
	err = eachTransaction(path, []string{"InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "CustomerID"}, func(row []string) error {
		quantity, err := strconv.ParseFloat(row[2], 64)
		sku := strings.ToUpper(strings.TrimSpace(row[1]))
		if err != nil || quantity <= 0 || strings.HasPrefix(row[0], "C") || !isProduct(sku) {
			return nil
		}
		when, err := time.Parse(time.DateTime, row[3])
		if err != nil {
			return err
		}
		invoice := strings.Clone(row[0])
		deeds = append(deeds, behaviour.Deed{Client: cmp.Or(customerOf(row[4]), anonymous+invoice), Basket: invoice, SKU: strings.Clone(sku), Time: when, Weight: 1})
		return nil
	})
	return deeds, err
}

// customerOf is a customer's number; "" for none.
func customerOf(field string) string {
	return strings.Clone(strings.TrimSuffix(strings.TrimSpace(field), ".0"))
}

// eachTransaction visits the lines of invoices, each with the columns of the names; what it is given is good for one call.
func eachTransaction(path string, names []string, visit func(row []string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open transactions: %w", err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(bufio.NewReader(file))
	if err != nil {
		return fmt.Errorf("open transactions: %w", err)
	}
	table := csv.NewReader(unzipped)
	table.FieldsPerRecord, table.ReuseRecord, table.LazyQuotes = -1, true, true
	header, err := table.Read()
	if err != nil {
		return fmt.Errorf("read transactions: %w", err)
	}
	at, picked, width := make([]int, len(names)), make([]string, len(names)), len(header)
	for i, name := range names {
		if at[i] = slices.Index(header, name); at[i] < 0 {
			return fmt.Errorf("read transactions: no column %q in the first line", name)
		}
	}
	for {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read transactions: %w", err)
		}
		if len(row) != width {
			return fmt.Errorf("read transactions: %d columns, want %d", len(row), width)
		}
		for i, column := range at {
			picked[i] = row[column]
		}
		if err := visit(picked); err != nil {
			return fmt.Errorf("read transactions: %w", err)
		}
	}
}

// anonymous begins the name of a client of whom only the invoice is known.
const anonymous = "invoice "

func isProduct(code string) bool {
	return len(code) >= 5 && !strings.ContainsFunc(code[:5], func(r rune) bool { return r < '0' || r > '9' })
}

// Split parts deeds at the cut; what is after until is not looked at.
func Split(deeds []behaviour.Deed, cut, until time.Time) Purchases {
	p := Purchases{Cut: cut, Next: map[string]map[string]bool{}}
	first := map[string]behaviour.Deed{}
	unnamed := 0
	for _, d := range deeds {
		named := !strings.HasPrefix(d.Client, anonymous)
		switch {
		case d.Time.Before(cut):
			p.Before = append(p.Before, d)
			if !named {
				unnamed++
			}
		case d.Time.Before(until) && named:
			if f, ok := first[d.Client]; !ok || d.Time.Before(f.Time) {
				first[d.Client] = d
			}
		}
	}
	for _, d := range deeds {
		if f, ok := first[d.Client]; ok && f.Basket == d.Basket {
			if p.Next[d.Client] == nil {
				p.Next[d.Client] = map[string]bool{}
			}
			p.Next[d.Client][d.SKU] = true
		}
	}
	p.Anonymous = float64(unnamed) / float64(max(len(p.Before), 1))
	return p
}

// Figures are means over customers of one list of ten each.
type Figures struct {
	Customers int     `json:"customers"`
	Recall10  float64 `json:"recall@10"`
	NDCG10    float64 `json:"ndcg@10"`
	// CI95 are bootstrap intervals over customers.
	Recall10CI95 [2]float64 `json:"recall@10_ci95"`
	NDCG10CI95   [2]float64 `json:"ndcg@10_ci95"`
}

// RecommendReport is what `floorwalker eval recommend` prints, by model. Known customers bought before the cut, new
// ones did not.
type RecommendReport struct {
	Cut            time.Time          `json:"cut"`
	LinesBefore    int                `json:"lines_before"`
	AnonymousShare float64            `json:"anonymous_share"`
	All            map[string]Figures `json:"all"`
	Known          map[string]Figures `json:"known"`
	New            map[string]Figures `json:"new"`
}

// List is what a model recommends a customer, best first.
type List struct {
	Model    string   `json:"model"`
	Customer string   `json:"customer"`
	Items    []string `json:"items"`
}

const depth = 10

// Recommend measures Floorwalker's recommendations, in the order of a learned model too where one is given, beside
// popularity and the lists of other models. A model that has no list for a customer recommends what is popular.
func Recommend(ctx context.Context, p Purchases, peers []List, learned behaviour.Learned) (RecommendReport, error) {
	histories := p.histories()
	lore := behaviour.Learn(p.Before, p.Cut)
	always, lately := mostBought(p.Before, time.Time{}), mostBought(p.Before, p.Cut.AddDate(0, 0, -30))
	models := map[string]func(customer string) []string{
		"floorwalker":        func(c string) []string { return firstOf(lore.Recommend(histories[c])) },
		"popularity":         func(string) []string { return always },
		"popularity 30 days": func(string) []string { return lately },
	}
	var failed error
	if learned != nil {
		models["floorwalker, learned"] = func(c string) []string {
			if len(histories[c]) == 0 {
				return firstOf(lore.Recommend(nil))
			}
			order, err := lore.Reorder(ctx, learned, histories[c], p.Cut)
			failed = cmp.Or(failed, err)
			return firstOf(order)
		}
	}
	byModel := map[string]map[string][]string{}
	for _, l := range peers {
		if byModel[l.Model] == nil {
			byModel[l.Model] = map[string][]string{}
		}
		byModel[l.Model][l.Customer] = l.Items[:min(len(l.Items), depth)]
	}
	for name, lists := range byModel {
		models[name] = func(c string) []string {
			if len(lists[c]) > 0 {
				return lists[c]
			}
			return always
		}
	}
	r := RecommendReport{Cut: p.Cut, LinesBefore: len(p.Before), AnonymousShare: p.Anonymous,
		All: map[string]Figures{}, Known: map[string]Figures{}, New: map[string]Figures{}}
	customers := make([]string, 0, len(p.Next))
	for c := range p.Next {
		customers = append(customers, c)
	}
	slices.Sort(customers)
	for name, list := range models {
		var all, known, fresh [2][]float64
		for _, c := range customers {
			recall, ndcg := judge(list(c), p.Next[c])
			part := &fresh
			if len(histories[c]) > 0 {
				part = &known
			}
			for _, into := range []*[2][]float64{&all, part} {
				into[0], into[1] = append(into[0], recall), append(into[1], ndcg)
			}
		}
		r.All[name], r.Known[name], r.New[name] = figures(all), figures(known), figures(fresh)
	}
	return r, failed
}

// firstOf are the first products of an order, as many as are judged.
func firstOf(order []behaviour.Scored) (skus []string) {
	for _, s := range order[:min(len(order), depth)] {
		skus = append(skus, s.SKU)
	}
	return skus
}

func figures(of [2][]float64) Figures {
	f := Figures{Customers: len(of[0]), Recall10: mean(of[0]), NDCG10: mean(of[1])}
	if f.Customers > 0 {
		f.Recall10CI95, f.NDCG10CI95 = interval95(of[0]), interval95(of[1])
	}
	return f
}

func judge(list []string, bought map[string]bool) (recall, ndcg float64) {
	grades, all, hits := make([]float64, len(list)), make([]float64, 0, len(bought)), 0
	for i, sku := range list {
		if bought[sku] {
			grades[i] = 1
			hits++
		}
	}
	for range bought {
		all = append(all, 1)
	}
	return float64(hits) / float64(len(bought)), NDCG(grades, all, depth)
}

// mostBought are the products of the most invoices since a time.
func mostBought(deeds []behaviour.Deed, since time.Time) []string {
	seen, n := map[[2]string]bool{}, map[string]int{}
	for _, d := range deeds {
		if key := [2]string{d.Basket, d.SKU}; !d.Time.Before(since) && !seen[key] {
			seen[key] = true
			n[d.SKU]++
		}
	}
	skus := make([]string, 0, len(n))
	for sku := range n {
		skus = append(skus, sku)
	}
	slices.SortFunc(skus, func(a, b string) int { return cmp.Or(cmp.Compare(n[b], n[a]), cmp.Compare(a, b)) })
	return skus[:min(len(skus), depth)]
}

// WriteFeatures writes, for every known customer of a split, the candidates with their features and whether each was in
// the next basket, as CSV: customer, in_next_basket, features. A model that puts them in another order learns from it.
func WriteFeatures(w io.Writer, p Purchases) error {
	table := csv.NewWriter(w)
	if err := table.Write(append([]string{"customer", "next_basket", "in_next_basket"}, behaviour.FeatureNames...)); err != nil {
		return err
	}
	lore, histories := behaviour.Learn(p.Before, p.Cut), p.histories()
	customers := slices.Sorted(maps.Keys(histories))
	for _, c := range customers {
		for _, candidate := range lore.Candidates(histories[c], p.Cut, behaviour.Reordered) {
			row := []string{c, strconv.Itoa(len(p.Next[c])), strconv.FormatBool(p.Next[c][candidate.SKU])}
			for _, v := range candidate.Features {
				row = append(row, strconv.FormatFloat(float64(v), 'g', -1, 32))
			}
			if err := table.Write(row); err != nil {
				return err
			}
		}
	}
	table.Flush()
	return table.Error()
}

// histories are what those who are to be recommended something bought before.
func (p Purchases) histories() map[string][]behaviour.Deed {
	all := map[string][]behaviour.Deed{}
	for _, d := range p.Before {
		if p.Next[d.Client] != nil {
			all[d.Client] = append(all[d.Client], d)
		}
	}
	return all
}

// WriteSplit writes what a peer may learn from and whom it must recommend to: NAME-before.csv with customer, sku and
// invoice (one customer an invoice that names none), and NAME-next.csv with what each customer bought next.
func WriteSplit(p Purchases, dir, name string) error {
	var before, customers strings.Builder
	before.WriteString("customer,sku,invoice\n")
	for _, d := range p.Before {
		fmt.Fprintf(&before, "%s,%s,%s\n", d.Client, d.SKU, d.Basket)
	}
	customers.WriteString("customer,sku\n")
	for c, bought := range p.Next {
		for sku := range bought {
			fmt.Fprintf(&customers, "%s,%s\n", c, sku)
		}
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, name+"-before.csv"), []byte(before.String()), 0o644),
		os.WriteFile(filepath.Join(dir, name+"-next.csv"), []byte(customers.String()), 0o644))
}

// ReadLists reads other models' recommendations, one JSON object a line.
func ReadLists(r io.Reader) (lists []List, err error) {
	decoder := json.NewDecoder(r)
	for {
		var l List
		err := decoder.Decode(&l)
		if errors.Is(err, io.EOF) {
			return lists, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read a model's lists: %w", err)
		}
		lists = append(lists, l)
	}
}
