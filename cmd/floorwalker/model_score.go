package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"floorwalker/onnx"
)

// modelScoreCmd runs a model folder alone, so that its scores and its speed can be held against those of others.
type modelScoreCmd struct {
	Folder    string `arg:"" type:"existingdir" help:"The model folder."`
	MaxTokens int    `help:"Where a pair is cut; 0 is the model's own limit." default:"0"`
	Keep      bool   `help:"Keep what was read of products, as the server does." default:"true" negatable:""`
	Together  bool   `help:"Read query and product together also where the model can read them apart."`
	services
}

// Run answers each line of stdin, {"query":…,"texts":[…]}, with a line {"scores":[…],"ms":…}.
func (c *modelScoreCmd) Run(ctx context.Context, std streams) (err error) {
	runtime, err := openRuntime(c.services)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, runtime.Close()) }()
	o := onnx.CrossEncoderOptions{MaxTokens: c.MaxTokens, Together: c.Together}
	if !c.Keep {
		o.Readings = -1
	}
	cross, err := onnx.LoadCrossEncoder(runtime, c.Folder, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cross.Close()) }()
	lines := bufio.NewScanner(std.in)
	lines.Buffer(nil, maxLine)
	out := json.NewEncoder(std.out)
	for lines.Scan() {
		var asked struct {
			Query string   `json:"query"`
			Texts []string `json:"texts"`
		}
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return fmt.Errorf("read a line: %w", err)
		}
		began := time.Now()
		scores, err := cross.Score(ctx, asked.Query, asked.Texts)
		if err != nil {
			return err
		}
		took := time.Since(began)
		if err := out.Encode(map[string]any{"scores": scores, "ms": float64(took.Microseconds()) / 1000}); err != nil {
			return fmt.Errorf("write the scores: %w", err)
		}
	}
	return lines.Err()
}

// maxLine bounds a line of input, in bytes.
const maxLine = 16 << 20
