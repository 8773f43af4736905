package onnx

import (
	"fmt"
	"path/filepath"
	goruntime "runtime"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// Runtime is the loaded ONNX Runtime library. Models that are open keep it loaded; it is unloaded when
// the runtime and all of them are closed.
type Runtime struct {
	gate  *gate
	close func() error
}

// environment is the one that ONNX Runtime allows a process, with how many hold it. It is the only state
// of this package, because the library behind it is one a process too.
var environment struct {
	sync.Mutex
	holders int
	library string
}

// OpenRuntime loads the shared library at the path. It may be called again while it is open, with the
// same path. processors is how many model runs go on at once, each in a thread of its own; 0 is as many as there are.
func OpenRuntime(libraryPath string, processors int) (*Runtime, error) {
	library, err := filepath.Abs(libraryPath)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w: %w", libraryPath, ErrRuntime, err)
	}
	if err := holdEnvironment(library); err != nil {
		return nil, err
	}
	if processors <= 0 {
		processors = goruntime.GOMAXPROCS(0)
	}
	return &Runtime{gate: newGate(processors), close: sync.OnceValue(releaseEnvironment)}, nil
}

// Close gives the library back. Models that are still open keep working. It may be called twice.
func (r *Runtime) Close() error { return r.close() }

// holdEnvironment loads the library, or counts one more holder of it; library "" is the loaded one.
func holdEnvironment(library string) error {
	environment.Lock()
	defer environment.Unlock()
	if environment.holders > 0 {
		if library != "" && library != environment.library {
			return fmt.Errorf("open %s: %w: %s is loaded already", library, ErrRuntime, environment.library)
		}
		environment.holders++
		return nil
	}
	if library == "" {
		return fmt.Errorf("%w: the runtime was closed", ErrClosed)
	}
	ort.SetSharedLibraryPath(library)
	if err := ort.InitializeEnvironment(ort.WithLogLevelError()); err != nil {
		return fmt.Errorf("open %s: %w: %w", library, ErrRuntime, err)
	}
	environment.holders, environment.library = 1, library
	return nil
}

func releaseEnvironment() error {
	environment.Lock()
	defer environment.Unlock()
	if environment.holders--; environment.holders > 0 {
		return nil
	}
	if err := ort.DestroyEnvironment(); err != nil {
		return fmt.Errorf("unload ONNX Runtime: %w: %w", ErrRuntime, err)
	}
	return nil
}
