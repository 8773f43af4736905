package onnx

import (
	"errors"
	"fmt"
	"math"
	"slices"

	ort "github.com/yalue/onnxruntime_go"
)

// session is one loaded graph that takes token ids. Runs may go on at once.
type session struct {
	inner *ort.DynamicAdvancedSession
	// inputs are the names of the tensors that the graph takes, outputs are those that are read.
	inputs  []string
	outputs []ort.InputOutputInfo
}

// result is one output of a run: its shape, and where its numbers go.
type result struct {
	shape ort.Shape
	data  []float32
}

// inputNames are the tensors that a BERT graph can take, the first two of which it must.
var inputNames = []string{"input_ids", "attention_mask", "token_type_ids"}

// openSession loads a graph of which the preferred output is read, or the first where none has that name, and the
// further ones, which it must have.
func openSession(graph []byte, preferred string, further ...string) (_ *session, err error) {
	if err := holdEnvironment(""); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, releaseEnvironment())
		}
	}()
	inputs, outputs, err := ort.GetInputOutputInfoWithONNXData(graph)
	if err != nil {
		return nil, fmt.Errorf("read graph: %w: %w", ErrModel, err)
	}
	s := &session{}
	if s.inputs, err = checkInputs(inputs); err != nil {
		return nil, err
	}
	if len(outputs) == 0 {
		return nil, fmt.Errorf("%w: the graph has no output", ErrShape)
	}
	named := func(name string) int {
		return slices.IndexFunc(outputs, func(o ort.InputOutputInfo) bool { return o.Name == name })
	}
	s.outputs = append(s.outputs, outputs[max(0, named(preferred))])
	for _, name := range further {
		at := named(name)
		if at < 0 {
			return nil, fmt.Errorf("%w: the graph has no output %s", ErrShape, name)
		}
		s.outputs = append(s.outputs, outputs[at])
	}
	names := make([]string, len(s.outputs))
	for i, o := range s.outputs {
		if names[i] = o.Name; o.DataType != ort.TensorElementDataTypeFloat {
			return nil, fmt.Errorf("%w: output %s is not float", ErrShape, o.Name)
		}
	}
	options, err := sessionOptions()
	if err != nil {
		return nil, fmt.Errorf("set up session: %w: %w", ErrRuntime, err)
	}
	defer options.Destroy() //nolint:errcheck // it can't fail, and there is nothing to do about it
	s.inner, err = ort.NewDynamicAdvancedSessionWithONNXData(graph, s.inputs, names, options)
	if err != nil {
		return nil, fmt.Errorf("load graph: %w: %w", ErrModel, err)
	}
	return s, nil
}

func checkInputs(inputs []ort.InputOutputInfo) (names []string, err error) {
	for _, in := range inputs {
		switch {
		case !slices.Contains(inputNames, in.Name):
			return nil, fmt.Errorf("%w: the graph takes %q", ErrShape, in.Name)
		case in.DataType != ort.TensorElementDataTypeInt64 || len(in.Dimensions) != 2:
			return nil, fmt.Errorf("%w: input %s is not int64 of [batch, sequence]", ErrShape, in.Name)
		case in.Dimensions[0] > 0 || in.Dimensions[1] > 0:
			return nil, fmt.Errorf("%w: input %s has the fixed shape %s", ErrShape, in.Name, in.Dimensions)
		}
		names = append(names, in.Name)
	}
	for _, needed := range inputNames[:2] {
		if !slices.Contains(names, needed) {
			return nil, fmt.Errorf("%w: the graph does not take %s", ErrShape, needed)
		}
	}
	return names, nil
}

func sessionOptions() (*ort.SessionOptions, error) {
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		// Several runs of one thread each are faster than one of several, which wait for each other at every step.
		options.SetIntraOpNumThreads(1),
		options.SetInterOpNumThreads(1),
		options.SetGraphOptimizationLevel(ort.GraphOptimizationLevelEnableAll),
		// Lengths differ from batch to batch, so remembered allocation plans would only pile up.
		options.SetMemPattern(false),
		// Fused, residual and normalisation take four times as long as one after the other (ONNX Runtime 1.32, x86-64).
		options.AddSessionConfigEntry("optimization.disable_specified_optimizers", "SkipLayerNormFusion"),
		options.SetLogSeverityLevel(ort.LoggingLevelError),
	)
	if err != nil {
		return nil, errors.Join(err, options.Destroy())
	}
	return options, nil
}

// run feeds the batch, padded to its longest text, and fills the results, one an output in their order.
func (s *session) run(batch []*job, padding int32, results ...result) (err error) {
	rows, length := len(batch), longest(batch)
	tensors := make([]ort.Value, 0, len(s.inputs)+len(results))
	defer func() {
		for _, tensor := range tensors {
			err = errors.Join(err, tensor.Destroy())
		}
	}()
	for _, name := range s.inputs {
		data := make([]int64, rows*length)
		for row, j := range batch {
			fill(name, data[row*length:(row+1)*length], j.Encoding, padding)
		}
		tensor, err := ort.NewTensor(ort.NewShape(int64(rows), int64(length)), data)
		if err != nil {
			return fmt.Errorf("make %s of %d x %d: %w: %w", name, rows, length, ErrShape, err)
		}
		tensors = append(tensors, tensor)
	}
	for _, r := range results {
		tensor, err := ort.NewTensor(r.shape, r.data)
		if err != nil {
			return fmt.Errorf("make output of %s: %w: %w", r.shape, ErrShape, err)
		}
		tensors = append(tensors, tensor)
	}
	if err := s.inner.Run(tensors[:len(s.inputs)], tensors[len(s.inputs):]); err != nil {
		return fmt.Errorf("run %d texts of %d tokens: %w: %w", rows, length, ErrModel, err)
	}
	return nil
}

func fill(name string, row []int64, e Encoding, padding int32) {
	switch name {
	case "input_ids":
		for i := range row {
			row[i] = int64(padding)
		}
		for i, id := range e.IDs {
			row[i] = int64(id)
		}
	case "attention_mask":
		for i := range e.IDs {
			row[i] = 1
		}
	case "token_type_ids":
		for i := e.SecondFrom; i < len(e.IDs); i++ {
			row[i] = 1
		}
	}
}

func (s *session) close() error {
	return errors.Join(s.inner.Destroy(), releaseEnvironment())
}

func longest(batch []*job) int {
	most := 0
	for _, j := range batch {
		most = max(most, len(j.IDs))
	}
	return most
}

func finite(values []float32) bool {
	for _, v := range values {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return false
		}
	}
	return true
}
