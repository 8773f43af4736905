package onnx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// Trees are decision trees over rows of figures, as LightGBM learns them: they say how likely something is, or put rows in
// order. They are safe for concurrent use.
type Trees struct {
	files *modelFiles
	inner *ort.DynamicAdvancedSession
	// width is how many figures the graph gives a row; the last is the one that counts.
	width int64
	close func() error
}

// LoadTrees loads the trees in dir. They must take exactly the features, in their order.
func LoadTrees(_ *Runtime, dir string, features []string) (_ *Trees, err error) {
	files, err := readModel(dir, taskTrees)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(files.config.Features, features) {
		return nil, fmt.Errorf("load trees %s: %w: it takes %q, given are %q", dir, ErrConfig, files.config.Features, features)
	}
	if err := holdEnvironment(""); err != nil {
		return nil, err
	}
	t := &Trees{files: files}
	defer func() {
		if err != nil {
			err = fmt.Errorf("load trees %s: %w", dir, errors.Join(err, releaseEnvironment()))
		}
	}()
	inputs, outputs, err := ort.GetInputOutputInfoWithONNXData(files.graph)
	if err != nil {
		return nil, fmt.Errorf("read graph: %w: %w", ErrModel, err)
	}
	// A classifier gives the class too; the figures are the last output.
	if len(inputs) != 1 || len(outputs) == 0 || inputs[0].DataType != ort.TensorElementDataTypeFloat || outputs[len(outputs)-1].DataType != ort.TensorElementDataTypeFloat {
		return nil, fmt.Errorf("%w: trees take and give float", ErrShape)
	}
	output := outputs[len(outputs)-1]
	if n := len(output.Dimensions); n != 2 || output.Dimensions[1] < 1 || output.Dimensions[1] > 2 {
		return nil, fmt.Errorf("%w: output %s is %s", ErrShape, output.Name, output.Dimensions)
	}
	t.width = output.Dimensions[1]
	options, err := sessionOptions()
	if err != nil {
		return nil, fmt.Errorf("set up session: %w: %w", ErrRuntime, err)
	}
	defer options.Destroy() //nolint:errcheck // it can't fail, and there is nothing to do about it
	if t.inner, err = ort.NewDynamicAdvancedSessionWithONNXData(files.graph, []string{inputs[0].Name}, []string{output.Name}, options); err != nil {
		return nil, fmt.Errorf("load graph: %w: %w", ErrModel, err)
	}
	t.close = sync.OnceValue(func() error { return errors.Join(t.inner.Destroy(), releaseEnvironment()) })
	if _, err := t.Score(context.Background(), [][]float32{make([]float32, len(features))}); err != nil {
		return nil, errors.Join(err, t.inner.Destroy())
	}
	files.graph = nil // the session has its own copy
	return t, nil
}

// Name and Version say which model it is: the version is the beginning of the SHA-256 of its file.
func (t *Trees) Name() string { return t.files.config.Name }

// Version is the beginning of the SHA-256 of the model file.
func (t *Trees) Version() string { return t.files.version }

// Score gives each row's figure, in their order: a probability, or of a ranker what to order by, higher first.
func (t *Trees) Score(ctx context.Context, rows [][]float32) (_ []float32, err error) {
	if err := ctx.Err(); err != nil || len(rows) == 0 {
		return nil, err
	}
	wide := len(t.files.config.Features)
	flat := make([]float32, 0, len(rows)*wide)
	for _, row := range rows {
		if len(row) != wide {
			return nil, fmt.Errorf("score %d rows: %w: a row has %d figures, wanted are %d", len(rows), ErrShape, len(row), wide)
		}
		flat = append(flat, row...)
	}
	if !finite(flat) {
		return nil, fmt.Errorf("score %d rows: %w: given to it", len(rows), ErrNotFinite)
	}
	input, err := ort.NewTensor(ort.NewShape(int64(len(rows)), int64(wide)), flat)
	if err != nil {
		return nil, fmt.Errorf("score %d rows: %w: %w", len(rows), ErrShape, err)
	}
	defer func() { err = errors.Join(err, input.Destroy()) }()
	said := make([]float32, int64(len(rows))*t.width)
	output, err := ort.NewTensor(ort.NewShape(int64(len(rows)), t.width), said)
	if err != nil {
		return nil, fmt.Errorf("score %d rows: %w: %w", len(rows), ErrShape, err)
	}
	defer func() { err = errors.Join(err, output.Destroy()) }()
	if err := t.inner.Run([]ort.Value{input}, []ort.Value{output}); err != nil {
		return nil, fmt.Errorf("score %d rows: %w: %w", len(rows), ErrModel, err)
	}
	if !finite(said) {
		return nil, fmt.Errorf("score %d rows: %w", len(rows), ErrNotFinite)
	}
	scores := make([]float32, len(rows))
	for i := range scores {
		scores[i] = said[int64(i+1)*t.width-1]
	}
	return scores, nil
}

// Close frees the model. It may be called twice.
func (t *Trees) Close() error { return t.close() }
