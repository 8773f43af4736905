package experiments_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"floorwalker/embedded/pgtest"
	"floorwalker/experiments"
	"floorwalker/shop"
)

// stand is a book whose clock and takings a test sets.
type stand struct {
	*experiments.Book
	t     *testing.T
	now   time.Time
	taken []experiments.Taken
}

func open(t *testing.T) *stand {
	s := &stand{t: t, now: time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)}
	s.Book = experiments.New(pgtest.New(t), experiments.Options{Arms: []string{"taste", "popularity"}, Now: func() time.Time { return s.now },
		Taken: func(_ context.Context, units []string, since time.Time) (found []experiments.Taken, err error) {
			for _, x := range s.taken {
				if slices.Contains(units, x.Unit) && !x.At.Before(since) {
					found = append(found, x)
				}
			}
			return found, nil
		}})
	return s
}

func (s *stand) start(kind experiments.Kind) {
	s.t.Helper()
	if err := s.Start(s.t.Context(), experiments.Experiment{ID: "lists", Kind: kind, Arms: []string{"popularity", "taste"}}); err != nil {
		s.t.Fatal(err)
	}
}

// expose exposes a unit in the running experiment.
func (s *stand) expose(unit string) (arm string) {
	s.t.Helper()
	e, shares, err := s.Running(s.t.Context())
	if err != nil || e == nil {
		s.t.Fatalf("no experiment runs: %v", err)
	}
	if arm, err = s.Expose(s.t.Context(), *e, shares, unit); err != nil {
		s.t.Fatal(err)
	}
	return arm
}

func (s *stand) take(unit, sku string, after time.Duration) {
	s.taken = append(s.taken, experiments.Taken{Unit: unit, SKU: sku, At: s.now.Add(after)})
}

func (s *stand) results() experiments.Results {
	s.t.Helper()
	r, err := s.Results(s.t.Context(), "lists")
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := json.Marshal(r); err != nil {
		s.t.Fatal(err)
	}
	return r
}

func TestAnABTestFromStartToResult(t *testing.T) {
	s := open(t)
	if e, _, err := s.Running(t.Context()); err != nil || e != nil {
		t.Fatalf("%v runs, %v", e, err)
	}
	s.now = s.now.Add(time.Minute)
	s.start(experiments.AB)
	random := rand.New(rand.NewPCG(1, 1))
	for n := range 1200 {
		unit := fmt.Sprint("unit-", n)
		arm := s.expose(unit)
		if n < 50 && s.expose(unit) != arm {
			t.Fatal("a unit changed its arm")
		}
		share := map[string]float64{"popularity": 0.2, "taste": 0.4}[arm]
		if random.Float64() < share {
			s.take(unit, "mug", time.Minute)
			s.take(unit, "tent", 2*time.Minute) // counts once
		} else if random.Float64() < 0.3 {
			s.take(unit, "mug", 2*time.Hour) // too late to speak for the list
		}
	}
	if r := s.results(); r.Arms[0].Units != 0 || r.Against["taste"].Known {
		t.Errorf("before their hour is over customers count: %+v", r)
	}
	s.now = s.now.Add(3 * time.Hour)
	r := s.results()
	if got := r.Arms[0].Units + r.Arms[1].Units; got != 1200 || r.Arms[0].Arm != "popularity" || r.Broken {
		t.Fatalf("%+v", r)
	}
	for i, share := range []float64{0.2, 0.4} {
		a := r.Arms[i]
		if math.Abs(a.Mean-share) > 0.06 || math.Abs(a.IPS.Value-share) > 0.09 || math.Abs(a.DoublyRobust.Value-a.Mean) > 1e-6 || a.IPS.Error <= 0 {
			t.Errorf("%+v, want %v", a, share)
		}
	}
	if v := r.Against["taste"]; !v.Known || v.P > 0.001 || v.Low <= 0 || v.Low > 0.2 || v.High < 0.2 {
		t.Errorf("%+v", v)
	}
	var table strings.Builder
	if err := r.Table(&table); err != nil || !strings.Contains(table.String(), "popularity") || strings.Contains(table.String(), "BROKEN") {
		t.Errorf("%s, %v", table.String(), err)
	}
	if err := s.Stop(t.Context(), "lists"); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Minute)
	if e, _, err := s.Running(t.Context()); err != nil || e != nil {
		t.Errorf("%v runs after its end, %v", e, err)
	}
}

func TestABrokenAssignmentIsSaid(t *testing.T) {
	var seen []experiments.Observation
	for n := range 3000 {
		o := experiments.Observation{Unit: fmt.Sprint(n), Arm: "popularity", Propensity: 0.5}
		if n%9 < 4 {
			o.Arm = "taste"
		}
		seen = append(seen, o)
	}
	r := experiments.Analyse(experiments.Experiment{ID: "x", Kind: experiments.AB, Arms: []string{"popularity", "taste"}}, seen)
	var table, picture strings.Builder
	if err := errors.Join(r.Table(&table), r.Picture(&picture)); err != nil || !r.Broken || !strings.HasPrefix(table.String(), "BROKEN") || !strings.Contains(picture.String(), "believe no figure") {
		t.Errorf("%+v %s, %v", r, table.String(), err)
	}
}

func TestABanditGivesTheBetterArmMoreOftenAndIPSSetsItRight(t *testing.T) {
	s := open(t)
	s.start(experiments.Bandit)
	random := rand.New(rand.NewPCG(2, 2))
	last := map[string]int{}
	for hour := range 12 {
		last = map[string]int{}
		for n := range 100 {
			unit := fmt.Sprint(hour, "-", n)
			arm := s.expose(unit)
			last[arm]++
			if random.Float64() < map[string]float64{"popularity": 0.2, "taste": 0.4}[arm] {
				s.take(unit, "mug", time.Minute)
			}
		}
		s.now = s.now.Add(61 * time.Minute)
	}
	r := s.results()
	t.Logf("%+v; in the last hour %v", r.Arms, last)
	if last["taste"] < 85 || last["popularity"] == 0 || r.Against != nil {
		t.Errorf("in the last hour %v", last)
	}
	for i, share := range []float64{0.2, 0.4} {
		if a := r.Arms[i]; math.Abs(a.IPS.Value-share) > 3*a.IPS.Error || math.Abs(a.DoublyRobust.Value-share) > 3*a.DoublyRobust.Error {
			t.Errorf("%+v, want %v", a, share)
		}
	}
}

func TestInterleavingTellsWhichIsPreferred(t *testing.T) {
	s := open(t)
	s.start(experiments.Interleaving)
	e, _, err := s.Running(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(3, 3))
	for n := range 400 {
		unit := fmt.Sprint("unit-", n)
		var list []string
		for range 2 { // looking again changes nothing
			again, err := s.Interleave(t.Context(), *e, unit, unit, []string{"p1", "both", "p2"}, []string{"t1", "both", "t2"})
			if err != nil || list != nil && !slices.Equal(again, list) {
				t.Fatalf("%v after %v, %v", again, list, err)
			}
			list = again
		}
		if len(list) != 5 {
			t.Fatalf("%v", list)
		}
		if random.Float64() < 0.3 {
			s.take(unit, "t1", time.Minute)
			s.take(unit, "t1", 2*time.Minute) // a product speaks once
		}
		if random.Float64() < 0.1 {
			s.take(unit, "p1", time.Minute)
		}
		s.take(unit, "elsewhere", time.Minute) // in no list
	}
	s.now = s.now.Add(2 * time.Hour)
	r := s.results()
	p := r.Preference
	if p == nil || p.Units != 400 || p.Second < 85 || p.First > 60 || !p.Known || p.P > 0.001 || p.Low <= 0 || len(r.Arms) != 0 {
		t.Errorf("%+v", p)
	}
	var table, picture strings.Builder
	if err := errors.Join(r.Table(&table), r.Picture(&picture)); err != nil || !strings.Contains(table.String(), "prefer taste") || !strings.Contains(picture.String(), "<circle") {
		t.Errorf("%s %s %v", table.String(), picture.String(), err)
	}
}

func TestOneExperimentRunsAtATimeAndBadOnesAreRefused(t *testing.T) {
	s := open(t)
	s.start(experiments.AB)
	for name, try := range map[string]struct {
		e    experiments.Experiment
		code string
	}{
		"a second one":     {experiments.Experiment{ID: "more", Kind: experiments.AB, Arms: []string{"taste", "popularity"}}, shop.CodeConflict},
		"a bad name":       {experiments.Experiment{ID: "A B", Kind: experiments.AB, Arms: []string{"taste", "popularity"}}, shop.CodeBadRequest},
		"an unknown kind":  {experiments.Experiment{ID: "more", Kind: "x", Arms: []string{"taste", "popularity"}}, shop.CodeBadRequest},
		"one arm":          {experiments.Experiment{ID: "more", Kind: experiments.AB, Arms: []string{"taste"}}, shop.CodeBadRequest},
		"an arm twice":     {experiments.Experiment{ID: "more", Kind: experiments.AB, Arms: []string{"taste", "taste"}}, shop.CodeBadRequest},
		"an arm of nobody": {experiments.Experiment{ID: "more", Kind: experiments.AB, Arms: []string{"taste", "magic"}}, shop.CodeBadRequest},
	} {
		if code, _ := shop.CodeOf(s.Start(t.Context(), try.e)); code != try.code {
			t.Errorf("%s: %s", name, code)
		}
	}
	if _, err := s.Results(t.Context(), "none"); err == nil {
		t.Error("results of nothing")
	}
	if err := s.Stop(t.Context(), "none"); err == nil {
		t.Error("stopped what does not run")
	}
}

func TestThePictureIsWellFormedWhateverItHolds(t *testing.T) {
	e := experiments.Experiment{ID: "x", Kind: experiments.Bandit, Arms: []string{`<script>"&`, "b"}}
	for _, seen := range [][]experiments.Observation{nil, {{Unit: "u", Arm: `<script>"&`, Propensity: 0.5, Reward: 1}}} {
		var b strings.Builder
		if err := experiments.Analyse(e, seen).Picture(&b); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), "<script") || strings.Contains(b.String(), "NaN") {
			t.Errorf("%s", b.String())
		}
		decoder := xml.NewDecoder(strings.NewReader(b.String()))
		for {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
}
