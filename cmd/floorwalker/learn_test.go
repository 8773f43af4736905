package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"floorwalker/behaviour"
	"floorwalker/onnx/onnxtest"
	"floorwalker/ranking"

	"github.com/jackc/pgx/v5/pgxpool"
)

// operator runs a command of the program beside the one that serves, and returns its last line.
func (p *program) operator(t *testing.T, into any, args ...string) {
	t.Helper()
	var out, errors bytes.Buffer
	args = append(args, "--database-url", p.database, "--data", p.data, "--onnxruntime", onnxtest.Library(t), "--models", onnxtest.Models())
	if code := run(t.Context(), args, streams{strings.NewReader(""), &out, &errors}); code != 0 {
		t.Fatalf("floorwalker %v: exit status %d: %s", args[:2], code, errors.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), into); err != nil {
		t.Fatalf("floorwalker %v: %q, %v", args[:2], out.String(), err)
	}
}

// serves waits until the ranker that serves is of the wanted kind: within seconds, without a restart.
func (p *program) serves(t *testing.T, want func(model string) bool) {
	t.Helper()
	var ready struct {
		Components map[string]struct{ Detail string }
	}
	for range 200 {
		answer, err := http.Get(p.url + "/readyz") //nolint:noctx // a test
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(answer.Body).Decode(&ready)
		answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if want(ready.Components["ranker"].Detail) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the ranker that serves is %q", ready.Components["ranker"].Detail)
}

// simulate fills the log with lists as a shop's ranker shows them, to customers who look at the first places and value what
// others have rated well more than the ranker does.
func simulate(t *testing.T, events *behaviour.Log, lists int, now time.Time) {
	t.Helper()
	random := rand.New(rand.NewPCG(11, 5))
	at := func(name string) int { return slices.Index(ranking.FeatureNames, name) }
	score := func(row []float64, rating float64) float64 {
		return 0.56*row[at("semantic")] + 0.16*row[at("words")] + 0.08*row[at("kind")] + 0.2*row[at("cross")] + rating*row[at("rating")]
	}
	var batch []behaviour.Event
	flush := func() {
		if r, err := events.Add(t.Context(), batch); err != nil || r.Accepted != len(batch) {
			t.Fatalf("%+v, %v", r, err)
		}
		batch = batch[:0]
	}
	for n := range lists {
		rows := make([][]float64, 16)
		for i := range rows {
			row := make([]float64, len(ranking.FeatureNames))
			fits := random.Float64()
			for _, name := range []string{"semantic", "words", "cross"} {
				row[at(name)] = 0.6*fits + 0.4*random.Float64()
			}
			row[at("kind")], row[at("rating")], row[at("in_stock")] = math.Round(random.Float64()), 2*random.Float64()-1, 1
			row[at("relevance")] = score(row, 0)
			rows[i] = row
		}
		slices.SortFunc(rows, func(a, b []float64) int {
			if score(a, 0.02) > score(b, 0.02) {
				return -1
			}
			return 1
		})
		session, when := fmt.Sprintf("visit-%d", n), now.Add(-time.Duration(lists-n)*time.Minute)
		for place, row := range rows[:8] {
			e := behaviour.Event{ID: fmt.Sprintf("i%d", place), Action: behaviour.Impression, Session: session, QueryID: "list-" + session, Time: when,
				Message: "mug", Trusted: true, Features: row, Attributes: behaviour.Attributes{Object: behaviour.Object{ID: fmt.Sprintf("p%d-%d", n, place)},
					Position: behaviour.Position{Ordinal: place + 1}, Model: "simulated", Propensity: 1}}
			batch = append(batch, e)
			if random.Float64() < 1/(1+math.Exp(-(10*score(row, 0.12)-8)))/float64(place+1) {
				e.ID, e.Action, e.Message, e.Features, e.Trusted = "c"+e.ID, behaviour.Click, "", nil, false
				batch = append(batch, e)
			}
		}
		if len(batch) > 4000 {
			flush()
		}
	}
	flush()
}

func TestTheRankerLearnsFromCustomersAndIsRefusedWhereItIsWorse(t *testing.T) {
	t.Parallel()
	p := startProgram(t, "--no-demo", "--no-llm")
	p.stockShelves(t)
	// Mugs: the better the name fits, the worse the rating.
	var fits, rated strings.Builder
	for i, name := range []string{"Coffee mug", "Mug for coffee and tea", "Tall mug", "Cup with handle for coffee", "Beaker", "Teacup"} {
		sku := fmt.Sprintf("mug-%d", i)
		p.put(t, sku, fmt.Sprintf(`{"title":%q,"category":"Kitchen","price_minor":900,"currency":"USD","stock":4,"rating":%g}`, name, 2.5+0.5*float64(i)))
		fmt.Fprintf(&fits, "coffee mug,%s,%d\n", sku, max(0, 3-i))
		fmt.Fprintf(&rated, "kettle,%s,0\n", sku)
	}
	ratings := func(name, rows string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte("query,docid,rating\n"+rows), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pool, err := pgxpool.New(t.Context(), p.database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	// What the assistant itself shows is logged with the query and all that the ranker knew.
	ask(t, p.dial(t), "coffee mug")
	var shown int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM behaviour_events WHERE action = 'impression' AND message LIKE '%mug%' AND cardinality(features) = $1`,
		len(ranking.FeatureNames)).Scan(&shown); err != nil || shown < 2 {
		t.Errorf("%d impressions with features, %v", shown, err)
	}

	var report learnReport
	p.operator(t, &report, "learn", "--ratings", ratings("kettle.csv", rated.String()+"kettle,kettle-1,3\n"))
	if !strings.Contains(report.Refused, "nothing to learn") || report.Promoted {
		t.Errorf("learnt from one list: %+v", report)
	}
	simulate(t, behaviour.NewLog(pool, behaviour.Options{}), 2500, time.Now())
	p.operator(t, &report, "learn", "--ratings", ratings("worse.csv", fits.String()))
	worse := report
	report = learnReport{}
	p.operator(t, &report, "learn", "--ratings", ratings("kettle.csv", rated.String()+"kettle,kettle-1,3\n"))
	if !report.Promoted || report.Version == "" || report.Refused != "" || report.Weights["rating"] < 0.05 || report.HeldOut[1] >= report.HeldOut[0] {
		t.Fatalf("not learnt: %+v", report)
	}
	if worse.Promoted || worse.Version != "" || worse.Refused != "it orders the fixed test set worse" || worse.TestSet[1] >= worse.TestSet[0] {
		t.Errorf("not refused: %+v", worse)
	}
	p.serves(t, func(model string) bool { return strings.HasSuffix(model, "+"+report.Version) })
	var listed struct{ Versions []modelVersion }
	p.operator(t, &listed, "model", "list")
	if len(listed.Versions) != 2 || listed.Versions[1].Version != report.Version || listed.Versions[1].Role != "serving" || listed.Versions[1].Model != shippedVersion || listed.Versions[0].Role != "previous" {
		t.Errorf("%+v", listed)
	}
	ask(t, p.dial(t), "coffee mug")
	// A second lesson goes on from the first, in the shadow; what it makes of real lists is kept and compared.
	var state rankerState
	p.operator(t, &state, "model", "shadow", shippedVersion)
	asked := func() bool {
		ask(t, p.dial(t), "coffee mug")
		var n int
		return pool.QueryRow(t.Context(), `SELECT count(*) FROM ranker_shadows WHERE NOT degraded`).Scan(&n) == nil && n > 0
	}
	for deadline := time.Now().Add(30 * time.Second); !asked(); time.Sleep(time.Second) {
		if time.Now().After(deadline) {
			t.Fatal("no list was compared with the shadow's")
		}
	}
	var compared struct{ Comparisons []shadowReport }
	p.operator(t, &compared, "model", "compare")
	if c := compared.Comparisons; len(c) == 0 || !strings.HasSuffix(c[0].Served, "+"+report.Version) || strings.Contains(c[0].Shadow, "+") || c[0].Overlap != 1 || c[0].ShadowMsP99 <= 0 {
		t.Errorf("%+v", c)
	}
	p.operator(t, &state, "model", "rollback")
	p.serves(t, func(model string) bool { return !strings.Contains(model, "+") })
	// Operators see what moved a product, by command and by HTTP, and whether what is asked has moved.
	var explained ranking.Explanation
	p.operator(t, &explained, "model", "explain", "coffee mug", "mug-0")
	if explained.Position != 1 || len(explained.Reasons) < 3 || explained.Cross == nil || len(explained.Cross.Words) < 4 {
		t.Errorf("%+v", explained)
	}
	if status := p.explain(t, "coffee+mug", "mug-0", true, &explained); status != http.StatusOK || explained.Position != 1 {
		t.Errorf("by HTTP: %d, %+v", status, explained)
	}
	if status := p.explain(t, "coffee+mug", "mug-0", false, nil); status != http.StatusUnauthorized {
		t.Errorf("without the token: %d", status)
	}
	if status := p.explain(t, "coffee+mug", "mug-99", true, nil); status != http.StatusNotFound {
		t.Errorf("of no product: %d", status)
	}
	var drifted struct{ Drift []ranking.Drift }
	p.operator(t, &drifted, "model", "drift", "--recent", "1h", "--reference", "100h")
	if len(drifted.Drift) < 8 || slices.ContainsFunc(drifted.Drift, func(d ranking.Drift) bool { return d.Of == "cross" && d.Moved }) {
		t.Errorf("%+v", drifted)
	}
}

// explain asks the server why a product stands where it does.
func (p *program) explain(t *testing.T, query, sku string, admin bool, into any) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+"/api/rankings/explanation?query="+query+"&sku="+sku, nil)
	if err != nil {
		t.Fatal(err)
	}
	if admin {
		token, err := os.ReadFile(filepath.Join(p.data, "admin.token"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if into != nil {
		if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	return answer.StatusCode
}

func TestAPolicyIsFollowedWithoutARestart(t *testing.T) {
	t.Parallel()
	policy := filepath.Join(t.TempDir(), "ranking.json")
	write := func(text string) {
		if err := os.WriteFile(policy, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"weights":{"margin":0}}`)
	p := startProgram(t, "--no-demo", "--no-llm", "--ranking", policy)
	titles := []string{"Fleet Trail Running Shoes", "Fleet Road Running Shoes", "Nimbra Light Running Shoes"}
	put := func(i, cost int) {
		p.put(t, fmt.Sprintf("shoe-%d", i), fmt.Sprintf(`{"title":%q,"category":"Shoes","price_minor":7900,"cost_minor":%d,"currency":"USD","stock":4}`, titles[i], cost))
	}
	for i := range titles {
		put(i, 7900)
	}
	first := func() int {
		var explained ranking.Explanation
		for i := range titles {
			if p.explain(t, "running+shoes", fmt.Sprintf("shoe-%d", i), true, &explained); explained.Position == 1 {
				return i
			}
		}
		return -1
	}
	earns := (first() + 1) % len(titles)
	put(earns, 100)
	if first() == earns {
		t.Fatalf("shoe-%d is first by a margin that does not count", earns)
	}
	write(`{"weights":{"margin":0.5}}`)
	for deadline := time.Now().Add(30 * time.Second); first() != earns; time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("shoe-%d is not first by its margin; shoe-%d is", earns, first())
		}
	}
	write(`{"weights":{"marg`) // a half-written file changes nothing
	time.Sleep(2 * lookEvery)
	if got := first(); got != earns {
		t.Errorf("by a broken policy shoe-%d is first", got)
	}
	if !strings.Contains(p.err.String(), "unusable ranking policy") {
		t.Error("the log does not name the broken policy")
	}
	var out, errors bytes.Buffer
	if code := run(t.Context(), []string{"serve", "--ranking", policy, "--database-url", p.database, "--data", t.TempDir(), "--no-llm", "--no-demo",
		"--onnxruntime", onnxtest.Library(t), "--models", onnxtest.Models(), "--listen", "127.0.0.1:0"}, streams{strings.NewReader(""), &out, &errors}); code == 0 || !strings.Contains(errors.String(), "unusable ranking policy") {
		t.Errorf("a start with a broken policy: %d, %s", code, errors.String())
	}
}
