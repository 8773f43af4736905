package main

import (
	"errors"

	"floorwalker/onnx"
)

// modelCmd manages the versions of the ranker. A running server follows within seconds, without a restart.
type modelCmd struct {
	List     modelListCmd     `cmd:"" help:"Show the versions, and which one serves."`
	Add      modelAddCmd      `cmd:"" help:"Take in a model folder as training exports it."`
	Shadow   modelShadowCmd   `cmd:"" help:"Let a version run beside the one that serves, compared and not shown."`
	Promote  modelPromoteCmd  `cmd:"" help:"Let a version serve."`
	Rollback modelRollbackCmd `cmd:"" help:"Go back to the version that served before."`
	Compare  modelCompareCmd  `cmd:"" help:"Say how rankers in the shadow differ from those that served, and which customers would have liked better."`
	Drift    modelDriftCmd    `cmd:"" help:"Say whether customers ask for something else than before, or the ranker scores otherwise."`
	Score    modelScoreCmd    `cmd:"" help:"Score pairs from stdin with a model folder alone, a JSON object a line."`
	Explain  modelExplainCmd  `cmd:"" help:"Say what put a product where it stands: each feature, and each word."`
}

type modelListCmd struct{ services }

type modelVersion struct {
	Version string `json:"version"`
	Role    string `json:"role,omitempty"`
	Folder  string `json:"folder"`
	// Model is the version whose model it uses, where it learnt weights alone.
	Model string `json:"model,omitempty"`
}

// Run prints one JSON object.
func (c *modelListCmd) Run(std streams) error {
	r := newRankers(c.services)
	state, err := r.state()
	if err != nil {
		return err
	}
	names, err := r.versions()
	if err != nil {
		return err
	}
	versions := []modelVersion{}
	for _, name := range names {
		dir, err := r.folder(name)
		if err != nil {
			return err
		}
		role := ""
		switch name {
		case state.Serving:
			role = "serving"
		case state.Shadow:
			role = "shadow"
		case state.Previous:
			role = "previous"
		}
		model, err := r.modelOf(name)
		if err != nil {
			return err
		}
		if model == name {
			model = ""
		}
		versions = append(versions, modelVersion{name, role, dir, model})
	}
	return printJSON(std.out, map[string]any{"versions": versions})
}

type modelAddCmd struct {
	Folder  string `arg:"" type:"existingdir" help:"The model folder."`
	Version string `arg:"" help:"Its name here."`
	services
}

// Run takes in what can be loaded.
func (c *modelAddCmd) Run(std streams) (err error) {
	m, err := openModels(c.services)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	cross, err := onnx.LoadCrossEncoder(m.runtime, c.Folder, onnx.CrossEncoderOptions{})
	if err != nil {
		return err
	}
	if err := cross.Close(); err != nil {
		return err
	}
	return newRankers(c.services).add(c.Folder, c.Version)
}

type modelPromoteCmd struct {
	Version string `arg:"" help:"The version; shipped is the one that came with the program."`
	services
}

// Run prints the new state.
func (c *modelPromoteCmd) Run(std streams) error {
	state, err := newRankers(c.services).promote(c.Version)
	if err != nil {
		return err
	}
	return printJSON(std.out, state)
}

type modelRollbackCmd struct{ services }

// Run prints the new state.
func (c *modelRollbackCmd) Run(std streams) error {
	state, err := newRankers(c.services).rollback()
	if err != nil {
		return err
	}
	return printJSON(std.out, state)
}

type modelShadowCmd struct {
	Version string `arg:"" optional:"" help:"The version; none ends it."`
	services
}

// Run prints the new state.
func (c *modelShadowCmd) Run(std streams) error {
	state, err := newRankers(c.services).shadow(c.Version)
	if err != nil {
		return err
	}
	return printJSON(std.out, state)
}
