package main

import (
	"context"
	"errors"
	"fmt"

	"floorwalker/onnx"
	"floorwalker/ranking"
	"floorwalker/retrieval"
	"floorwalker/shop"
)

// modelCmd manages the versions of the ranker. A running server follows within seconds, without a restart.
type modelCmd struct {
	List     modelListCmd     `cmd:"" help:"Show the versions, and which one serves."`
	Add      modelAddCmd      `cmd:"" help:"Take in a model folder as training exports it."`
	Shadow   modelShadowCmd   `cmd:"" help:"Let a version run beside the one that serves, compared and not shown."`
	Promote  modelPromoteCmd  `cmd:"" help:"Let a version serve."`
	Rollback modelRollbackCmd `cmd:"" help:"Go back to the version that served before."`
	Explain  modelExplainCmd  `cmd:"" help:"Say which words moved the relevance of a product."`
}

type modelListCmd struct{ services }

type modelVersion struct {
	Version string `json:"version"`
	Role    string `json:"role,omitempty"`
	Folder  string `json:"folder"`
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
		versions = append(versions, modelVersion{name, role, dir})
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
	cross, err := onnx.LoadCrossEncoder(m.runtime, c.Folder, onnx.CrossEncoderOptions{Threads: c.Threads})
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

type modelExplainCmd struct {
	Query string `arg:"" help:"What was asked."`
	SKU   string `arg:"" help:"The product."`
	services
}

// Run leaves out each word in turn and prints what that did to the score.
func (c *modelExplainCmd) Run(ctx context.Context, std streams) (err error) {
	m, err := openModels(c.services)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.close()) }()
	if m.crossErr != nil {
		return m.crossErr
	}
	db, err := openDatabase(ctx, c.services, warnings(std.err))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close(context.WithoutCancel(ctx))) }()
	products, err := retrieval.NewStore(db.pool, m.english, retrieval.Options{Logger: warnings(std.err)}).Products(ctx, []string{c.SKU})
	if err != nil {
		return err
	}
	if len(products) == 0 {
		return fmt.Errorf("there is no product %q", c.SKU)
	}
	explained, err := newRanker(m, ranking.Options{}).Explain(ctx, shop.Query{Text: c.Query, Lang: shop.English}, products[0])
	if err != nil {
		return err
	}
	for _, w := range explained.Words {
		where := "product"
		if w.InQuery {
			where = "query"
		}
		fmt.Fprintf(std.out, "%+.3f  %-7s  %s\n", w.Effect, where, w.Word)
	}
	return printJSON(std.out, map[string]any{"model": explained.Model, "score": explained.Score})
}
