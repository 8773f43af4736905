package behaviour_test

import (
	"slices"
	"testing"
	"time"

	"floorwalker/behaviour"
	"floorwalker/embedded/pgtest"
	"floorwalker/shop"
)

// on is an event on a platform.
func on(platform string, e behaviour.Event) behaviour.Event {
	e.Platform = platform
	return e
}

// before reports whether one product stands before another.
func before(skus []string, one, other string) bool {
	i, k := slices.Index(skus, one), slices.Index(skus, other)
	return i >= 0 && (k < 0 || i < k)
}

func allow(t *testing.T, l *behaviour.Log, client, platform string, p behaviour.Purpose, yes bool) {
	t.Helper()
	if err := l.Allow(t.Context(), shop.Shopper{Client: client, Platform: platform}, behaviour.Consent{p: yes}); err != nil {
		t.Fatal(err)
	}
}

// recommendedOn is what a client is recommended on a platform, and on what it rests.
func recommendedOn(t *testing.T, l *behaviour.Log, client, session, platform string) (model string, skus []string) {
	t.Helper()
	taste, err := l.For(t.Context(), shop.Shopper{Client: client, Session: session, Platform: platform}, 20)
	if err != nil {
		t.Fatal(err)
	}
	return taste.Model, skusOf(taste)
}

// TestWhatIsAllowedHoldsOnItsPlatformAlone has ann take a tent on the shop's page and a pan in its app.
func TestWhatIsAllowedHoldsOnItsPlatformAlone(t *testing.T) {
	pool := pgtest.New(t)
	l := behaviour.NewLog(pool, behaviour.Options{Now: atNoon})
	careful := behaviour.NewLog(pool, behaviour.Options{Now: atNoon, AskFirst: true})
	campersAndCooks(t, l)
	add(t, l, bought("1", "visit", "ann", "tent", noon.Add(-time.Minute)), on("mobile", bought("2", "visit", "ann", "pan", noon)))
	// with stands before without.
	want := func(when string, l *behaviour.Log, platform, model string, with, without string) {
		t.Helper()
		got, skus := recommendedOn(t, l, "ann", "visit", platform)
		if got != model || with != "" && !before(skus, with, without) {
			t.Errorf("%s, on %s: %v, which rests on %q", when, platform, skus, got)
		}
	}
	for _, platform := range []string{"web", "mobile", "outlet"} {
		want("nothing said", l, platform, "taste", "tent", "lamp")
		want("nothing said", l, platform, "taste", "pan", "lamp")
		want("nothing agreed to", careful, platform, "popularity", "", "")
	}
	allow(t, l, "ann", "mobile", behaviour.Personalisation, false)
	want("refused in the app", l, "mobile", "popularity", "", "")
	for _, platform := range []string{"web", "outlet"} { // the app's events are not used elsewhere either
		want("refused in the app", l, platform, "taste", "mat", "apron")
	}
	allow(t, l, "ann", "web", behaviour.Personalisation, true)
	want("agreed to on the page", l, "mobile", "popularity", "", "")
	want("agreed to on the page", careful, "web", "taste", "mat", "apron")
	want("agreed to on the page", careful, "outlet", "popularity", "", "")
	for platform, yes := range map[string]bool{"web": true, "mobile": false, "outlet": false} {
		holds, err := careful.Consent(t.Context(), shop.Shopper{Client: "ann", Session: "visit", Platform: platform})
		if err != nil || holds[behaviour.Personalisation] != yes || holds[behaviour.Learning] || holds[behaviour.Advertising] {
			t.Errorf("on %s holds %v, %v", platform, holds, err)
		}
	}
	// Likes are what a search is ordered by: the same holds for them.
	for platform, n := range map[string]int{"web": 1, "mobile": 0, "outlet": 1} {
		if likes, err := l.Likes(t.Context(), shop.Shopper{Client: "ann", Session: "visit", Platform: platform}); err != nil || len(likes) != n || n == 1 && likes[0].SKU != "tent" {
			t.Errorf("on %s liked are %v, %v", platform, likes, err)
		}
	}
}

func TestNothingIsLearntFromWhoKeepsOutOfIt(t *testing.T) {
	pool := pgtest.New(t)
	l := behaviour.NewLog(pool, behaviour.Options{Now: atNoon})
	campersAndCooks(t, l)
	with := func(l *behaviour.Log) []string {
		t.Helper()
		if err := l.Relearn(t.Context()); err != nil {
			t.Fatal(err)
		}
		found, err := l.GoesWith(t.Context(), "pan", 9)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := with(l); !slices.Contains(found, "spoon") {
		t.Fatalf("with a pan goes %v", found)
	}
	for _, cook := range []string{"client-0", "client-2", "client-4", "client-6", "client-8", "client-10"} {
		allow(t, l, cook, "mobile", behaviour.Learning, false) // they did nothing there
		allow(t, l, cook, "web", behaviour.Personalisation, false)
	}
	if found := with(l); !slices.Contains(found, "spoon") {
		t.Errorf("what was refused elsewhere, or for another purpose, holds here: %v", found)
	}
	for _, cook := range []string{"client-0", "client-2", "client-4", "client-6", "client-8", "client-10"} {
		allow(t, l, cook, "web", behaviour.Learning, false)
	}
	if found := with(l); len(found) != 0 {
		t.Errorf("learnt from who refused: with a pan goes %v", found)
	}
	if found := with(behaviour.NewLog(pool, behaviour.Options{Now: atNoon, AskFirst: true})); len(found) != 0 {
		t.Errorf("learnt before anybody agreed: %v", found)
	}
}

func TestALoginKeepsWhatWasRefusedAndNoMoreThanWasAllowed(t *testing.T) {
	pool := pgtest.New(t)
	campersAndCooks(t, behaviour.NewLog(pool, behaviour.Options{Now: atNoon}))
	l := behaviour.NewLog(pool, behaviour.Options{Now: atNoon, AskFirst: true})
	add(t, l, bought("1", "visit", "", "tent", noon), on("mobile", bought("2", "app", "", "pan", noon)))
	allow(t, l, "visit", "web", behaviour.Personalisation, true)
	allow(t, l, "visit", "web", behaviour.Learning, false)
	allow(t, l, "app", "mobile", behaviour.Personalisation, true)
	allow(t, l, "ann", "web", behaviour.Learning, true)
	allow(t, l, "ann", "mobile", behaviour.Personalisation, false)
	for _, session := range []string{"visit", "app"} {
		if err := l.Claim(t.Context(), session, "ann"); err != nil {
			t.Fatal(err)
		}
	}
	said := func(client, platform string, p behaviour.Purpose) bool {
		t.Helper()
		holds, err := l.Consent(t.Context(), shop.Shopper{Client: client, Platform: platform})
		if err != nil {
			t.Fatal(err)
		}
		return holds[p]
	}
	for _, c := range []struct {
		why      string
		platform string
		purpose  behaviour.Purpose
		want     bool
	}{
		{"the visit agreed, and ann had said nothing", "web", behaviour.Personalisation, true},
		{"the visit refused, though ann had agreed", "web", behaviour.Learning, false},
		{"ann had refused, whatever the visit said", "mobile", behaviour.Personalisation, false},
	} {
		if got := said("ann", c.platform, c.purpose); got != c.want {
			t.Errorf("%s: %v", c.why, got)
		}
	}
	if model, skus := recommendedOn(t, l, "ann", "next", "web"); model != "taste" || !before(skus, "mat", "apron") {
		t.Errorf("merged on web: %s, %v", model, skus)
	}
	if model, skus := recommendedOn(t, l, "ann", "next", "mobile"); model != "popularity" {
		t.Errorf("merged on mobile: %s, %v", model, skus)
	}
	if n, err := l.Unclaim(t.Context(), "ann"); err != nil || n != 2 {
		t.Fatalf("%d events were given back, %v", n, err)
	}
	// Parted, each visit has its own again, under what it said itself.
	if model, _ := recommendedOn(t, l, "ann", "next", "web"); model != "popularity" {
		t.Errorf("ann still has the visit's: %s", model)
	}
	if model, skus := recommendedOn(t, l, "app", "app", "mobile"); model != "taste" || !before(skus, "spoon", "mat") {
		t.Errorf("the app's visit: %s, %v", model, skus)
	}
	if said("ann", "web", behaviour.Learning) || said("visit", "web", behaviour.Learning) {
		t.Error("a refusal is forgotten")
	}
}

func TestWhatACustomerLikesFollowsTheVisit(t *testing.T) {
	l := behaviour.NewLog(pgtest.New(t), behaviour.Options{Now: atNoon})
	s := shop.Shopper{Client: "ann", Session: "now"}
	old := []behaviour.Event{bought("1", "long ago", "ann", "sofa", noon.Add(-300*24*time.Hour)), bought("2", "lately", "ann", "tent", noon.Add(-60*24*time.Hour)),
		{ID: "3", Action: behaviour.Click, Session: "now", Client: "ann", Time: noon, Attributes: behaviour.Attributes{Object: behaviour.Object{ID: "pan"}}},
		{ID: "4", Action: behaviour.Click, Session: "lately", Client: "ann", Time: noon.Add(-60 * 24 * time.Hour), Attributes: behaviour.Attributes{Object: behaviour.Object{ID: "mug"}}}}
	if r, err := l.AddOld(t.Context(), old); err != nil || r.Accepted != len(old) {
		t.Fatalf("%+v, %v", r, err)
	}
	l.Declined(t.Context(), "now", "ann", "mug")
	likes, err := l.Likes(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	want := []shop.Liking{{SKU: "pan", Weight: 0.4}, {SKU: "tent", Weight: 0.25}, {SKU: "sofa", Weight: 1.0 / 1024}, {SKU: "mug", Weight: -1}}
	if !slices.EqualFunc(likes, want, func(a, b shop.Liking) bool {
		return a.SKU == b.SKU && a.Weight-b.Weight < 1e-9 && b.Weight-a.Weight < 1e-9
	}) {
		t.Errorf("%v, want %v", likes, want)
	}
}
