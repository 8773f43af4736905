package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// rankers are the versions of the ranker on this machine: the shipped one and those that were added.
type rankers struct {
	// shipped is the folder of the version that came with the program; dir holds the others and the state.
	shipped, dir string
}

// shippedVersion names the version that came with the program.
const shippedVersion = "shipped"

// rankerState says which version serves and which runs in its shadow. The server looks at it every few seconds.
type rankerState struct {
	Serving  string `json:"serving"`
	Previous string `json:"previous,omitempty"`
	Shadow   string `json:"shadow,omitempty"`
}

func newRankers(s services) rankers {
	return rankers{shipped: filepath.Join(s.Models, "ranker"), dir: filepath.Join(s.dataDir(), "rankers")}
}

// folder is where the version's model lies.
func (r rankers) folder(version string) (string, error) {
	if version == shippedVersion {
		return r.shipped, nil
	}
	if version == "" || version != filepath.Base(version) || strings.HasPrefix(version, ".") {
		return "", fmt.Errorf("%q is no name of a version", version)
	}
	dir := filepath.Join(r.dir, version)
	var err error
	for _, name := range []string{"manifest.json", blendFile} {
		if _, err = os.Stat(filepath.Join(dir, name)); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("there is no version %q (floorwalker model list shows them): %w", version, err)
}

// blendFile is in the folder of a version that learnt weights and has no model of its own.
const blendFile = "blend.json"

// blend is such a version.
type blend struct {
	// Model is the version whose model it uses.
	Model string `json:"model"`
	// Weights are those that were learnt; the shop's policy says the others.
	Weights map[string]float64 `json:"weights"`
	// Learnt says from what.
	Learnt *learnReport `json:"learnt,omitempty"`
}

// read says where the version's model lies, and what weights it has learnt.
func (r rankers) read(version string) (dir string, learnt map[string]float64, err error) {
	if dir, err = r.folder(version); err != nil {
		return "", nil, err
	}
	data, err := os.ReadFile(filepath.Join(dir, blendFile))
	if errors.Is(err, fs.ErrNotExist) {
		return dir, nil, nil
	}
	var b blend
	if err == nil {
		err = json.Unmarshal(data, &b)
	}
	if err != nil {
		return "", nil, fmt.Errorf("read version %q: %w", version, err)
	}
	if dir, err = r.folder(b.Model); err != nil {
		return "", nil, fmt.Errorf("the model of version %q: %w", version, err)
	}
	return dir, b.Weights, nil
}

// modelOf is the version whose model a version uses: itself, unless it has learnt weights alone.
func (r rankers) modelOf(version string) (string, error) {
	dir, _, err := r.read(version)
	if err != nil || dir == r.shipped {
		return shippedVersion, err
	}
	return filepath.Base(dir), nil
}

// addBlend keeps learnt weights as a version.
func (r rankers) addBlend(b blend, version string) error {
	data, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return fmt.Errorf("keep version %q: %w", version, err)
	}
	return r.addFolder(version, func(path string) error {
		if err := os.Mkdir(path, 0o700); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(path, blendFile), append(data, '\n'), 0o600)
	})
}

// versions are the names of all versions, the shipped one first.
func (r rankers) versions() ([]string, error) {
	var names []string
	if _, err := os.Stat(r.shipped); err == nil {
		names = append(names, shippedVersion)
	}
	entries, err := os.ReadDir(r.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list rankers: %w", err)
	}
	for _, entry := range entries {
		if entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// state reads what serves; the shipped version where nothing was ever promoted.
func (r rankers) state() (rankerState, error) {
	data, err := os.ReadFile(filepath.Join(r.dir, "state.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return rankerState{Serving: shippedVersion}, nil
	}
	if err != nil {
		return rankerState{}, fmt.Errorf("read which ranker serves: %w", err)
	}
	var state rankerState
	if err := json.Unmarshal(data, &state); err != nil {
		return rankerState{}, fmt.Errorf("read which ranker serves: %w", err)
	}
	state.Serving = cmp.Or(state.Serving, shippedVersion)
	return state, nil
}

// keep replaces the state as a whole.
func (r rankers) keep(state rankerState) error {
	data, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return fmt.Errorf("keep which ranker serves: %w", err)
	}
	return r.replace("state.json", func(path string) error { return os.WriteFile(path, append(data, '\n'), 0o600) })
}

// add copies a model folder in under a name.
func (r rankers) add(from, version string) error {
	return r.addFolder(version, func(path string) error { return os.CopyFS(path, os.DirFS(from)) })
}

// addFolder makes a version's folder under a name that is not taken.
func (r rankers) addFolder(version string, write func(path string) error) error {
	if _, err := r.folder(version); err == nil || version == shippedVersion {
		return fmt.Errorf("there is a version %q already; choose another name", version)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return r.replace(version, write)
}

// replace makes a file or folder beside its place and then moves it there, so that a reader sees all of it or nothing.
func (r rankers) replace(name string, write func(path string) error) error {
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return fmt.Errorf("make the folder for rankers: %w", err)
	}
	temporary, err := os.MkdirTemp(r.dir, ".new")
	if err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	defer os.RemoveAll(temporary)
	made := filepath.Join(temporary, name)
	if err := write(made); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(made, filepath.Join(r.dir, name)); err != nil {
		return fmt.Errorf("put %s in its place: %w", name, err)
	}
	return nil
}

// promote makes a version serve; the one before can be gone back to.
func (r rankers) promote(version string) (rankerState, error) {
	state, err := r.state()
	if err != nil {
		return state, err
	}
	if _, err := r.folder(version); err != nil {
		return state, err
	}
	if state.Serving == version {
		return state, fmt.Errorf("version %q serves already", version)
	}
	state.Previous, state.Serving = state.Serving, version
	if state.Shadow == version {
		state.Shadow = ""
	}
	return state, r.keep(state)
}

// rollback goes back to the version that served before.
func (r rankers) rollback() (rankerState, error) {
	state, err := r.state()
	if err != nil {
		return state, err
	}
	if state.Previous == "" {
		return state, errors.New("no version served before this one")
	}
	return r.promote(state.Previous)
}

// shadow lets a version run beside the one that serves; an empty name ends it.
func (r rankers) shadow(version string) (rankerState, error) {
	state, err := r.state()
	if err != nil {
		return state, err
	}
	if version != "" {
		if _, err := r.folder(version); err != nil {
			return state, err
		}
		if version == state.Serving {
			return state, fmt.Errorf("version %q serves", version)
		}
	}
	state.Shadow = version
	return state, r.keep(state)
}
