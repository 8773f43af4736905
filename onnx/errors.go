package onnx

import "errors"

// What can be wrong with a model, a file or a result. Every error of this package wraps one of these
// or the context's.
var (
	// ErrTokenizer: tokenizer.json is not a BERT WordPiece tokenizer that this package can follow exactly.
	ErrTokenizer = errors.New("unsupported tokenizer")
	// ErrConfig: config.json is missing, malformed, or for another task.
	ErrConfig = errors.New("unusable model configuration")
	// ErrHash: a file's SHA-256 is not the one in manifest.json.
	ErrHash = errors.New("file differs from its manifest")
	// ErrModel: ONNX Runtime can't read or run the model file.
	ErrModel = errors.New("unusable model file")
	// ErrShape: the model takes or gives tensors of another shape or type than its task needs.
	ErrShape = errors.New("model has the wrong inputs or outputs")
	// ErrNotFinite: the model gave NaN or infinity.
	ErrNotFinite = errors.New("model gave a value that is not a number")
	// ErrRuntime: the ONNX Runtime library can't be loaded, or is already loaded from another path.
	ErrRuntime = errors.New("unusable ONNX Runtime library")
	// ErrClosed: the runtime or the model was closed.
	ErrClosed = errors.New("model is closed")
)
