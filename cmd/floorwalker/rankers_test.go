package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestRankersArePromotedAndRolledBack(t *testing.T) {
	t.Parallel()
	folder := func() string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "manifest.json"), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	r := rankers{shipped: folder(), dir: filepath.Join(t.TempDir(), "rankers")}
	state := func(want rankerState) {
		t.Helper()
		if got, err := r.state(); err != nil || got != want {
			t.Errorf("state %+v, %v, want %+v", got, err, want)
		}
	}
	state(rankerState{Serving: shippedVersion})
	if err := r.add(folder(), "autumn"); err != nil {
		t.Fatal(err)
	}
	if names, err := r.versions(); err != nil || !slices.Equal(names, []string{shippedVersion, "autumn"}) {
		t.Errorf("versions %v, %v", names, err)
	}
	if _, err := r.shadow("autumn"); err != nil {
		t.Error(err)
	}
	state(rankerState{Serving: shippedVersion, Shadow: "autumn"})
	if _, err := r.promote("autumn"); err != nil {
		t.Error(err)
	}
	state(rankerState{Serving: "autumn", Previous: shippedVersion})
	for name, err := range map[string]error{
		"a name that is taken":       r.add(folder(), "autumn"),
		"the shipped one's name":     r.add(folder(), shippedVersion),
		"a name that leaves":         r.add(folder(), "../winter"),
		"a hidden name":              r.add(folder(), ".winter"),
		"promoting what serves":      second(r.promote("autumn")),
		"promoting what is not":      second(r.promote("winter")),
		"a shadow of what serves":    second(r.shadow("autumn")),
		"a shadow that is elsewhere": second(r.shadow("../../etc")),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	state(rankerState{Serving: "autumn", Previous: shippedVersion})
	if _, err := r.rollback(); err != nil {
		t.Error(err)
	}
	state(rankerState{Serving: shippedVersion, Previous: "autumn"})
	fresh := rankers{shipped: r.shipped, dir: t.TempDir()}
	if _, err := fresh.rollback(); err == nil {
		t.Error("rolled back where nothing served before")
	}
}

func second(_ rankerState, err error) error { return err }
