package demo

import (
	"bufio"
	"bytes"
	_ "embed" // the files below
	"encoding/json"
	"fmt"
	"io"
	"time"

	"floorwalker/shop"
)

// ImagePath is where the catalogue's pictures are expected: ImagePath + SKU + ".svg".
const ImagePath = "/images/"

//go:embed catalogue.jsonl.gz
var catalogueFile []byte

//go:embed knowledge.jsonl
var knowledgeFile []byte

//go:embed orders.jsonl
var ordersFile []byte

//go:embed agents.json
var agentsFile []byte

// Agent is a person's place at the agent console.
type Agent struct {
	// ID is a role's name, as in "agent-en".
	ID string `json:"id"`
	// Name is what customers see.
	Name string `json:"name"`
	// Langs are the languages the agent answers in.
	Langs []shop.Lang `json:"langs"`
	// Departments are the topics the agent takes; empty is all.
	Departments []string `json:"departments,omitempty"`
	// Capacity is how many conversations the agent takes at once.
	Capacity int `json:"capacity"`
}

// Catalogue reads the demo's products: gzipped JSON Lines in the import format.
func Catalogue() io.Reader { return bytes.NewReader(catalogueFile) }

// Knowledge is the demo shop's articles on shipping, returns, payment, warranty, privacy and hours.
func Knowledge() ([]shop.Article, error) { return lines[shop.Article]("knowledge", knowledgeFile) }

// Orders are purchases of demo products by invented customers. Their dates are moved so that the newest was placed
// on the day before today.
func Orders(today time.Time) ([]shop.Order, error) {
	orders, err := lines[shop.Order]("orders", ordersFile)
	if err != nil {
		return nil, err
	}
	var newest time.Time
	for _, o := range orders {
		placed, err := time.Parse(time.DateOnly, o.PlacedAt)
		if err != nil {
			return nil, fmt.Errorf("order %s: %w", o.ID, err)
		}
		if placed.After(newest) {
			newest = placed
		}
	}
	const day = 24 * time.Hour
	days := int(today.UTC().Truncate(day).Sub(newest)/day) - 1
	for i := range orders {
		for _, date := range []*string{&orders[i].PlacedAt, &orders[i].ETA} {
			if *date == "" {
				continue
			}
			d, err := time.Parse(time.DateOnly, *date)
			if err != nil {
				return nil, fmt.Errorf("order %s: %w", orders[i].ID, err)
			}
			*date = d.AddDate(0, 0, days).Format(time.DateOnly)
		}
	}
	return orders, nil
}

// Agents are the two who answer in the demo, one in English and one in Chinese.
func Agents() ([]Agent, error) {
	var agents []Agent
	if err := json.Unmarshal(agentsFile, &agents); err != nil {
		return nil, fmt.Errorf("read the demo's agents: %w", err)
	}
	return agents, nil
}

// lines decodes one value a line and refuses fields that the type does not have.
func lines[T any](name string, text []byte) ([]T, error) {
	var all []T
	scanner := bufio.NewScanner(bytes.NewReader(text))
	scanner.Buffer(nil, 1<<20)
	for n := 1; scanner.Scan(); n++ {
		if len(bytes.TrimSpace(scanner.Bytes())) == 0 {
			continue
		}
		var v T
		d := json.NewDecoder(bytes.NewReader(scanner.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&v); err != nil {
			return nil, fmt.Errorf("read the demo's %s, line %d: %w", name, n, err)
		}
		all = append(all, v)
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("read the demo's %s: %w", name, err)
	}
	return all, nil
}
