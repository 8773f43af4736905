package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"floorwalker/behaviour"
	"floorwalker/embedded"
	"floorwalker/onnx"
)

// models are the ONNX models in use, opened together.
type models struct {
	runtime          *onnx.Runtime
	english, chinese *onnx.Embedder
	cross            *onnx.CrossEncoder // nil where there is no ranker in the folder, or crossErr says why it can't be used
	crossErr         error
	basket           *onnx.Trees // nil where there is none in the folder
}

// openRuntime loads ONNX Runtime.
func openRuntime(s services) (*onnx.Runtime, error) {
	library := s.ORT
	if library == "" {
		found, err := embedded.ONNXRuntime(s.cacheDir())
		if err != nil {
			return nil, err
		}
		library = found
	}
	return onnx.OpenRuntime(library, s.Threads)
}

// openTrees loads ONNX Runtime and trees over the features.
func openTrees(s services, dir string, features []string) (*onnx.Runtime, *onnx.Trees, error) {
	rt, err := openRuntime(s)
	if err != nil {
		return nil, nil, err
	}
	trees, err := onnx.LoadTrees(rt, dir, features)
	if err != nil {
		return nil, nil, errors.Join(err, rt.Close())
	}
	return rt, trees, nil
}

// openModels loads ONNX Runtime and the models from the folder. A ranker that can't be loaded is no error: products are
// then ranked without it.
func openModels(s services) (*models, error) {
	m := &models{}
	var err error
	if m.runtime, err = openRuntime(s); err != nil {
		return nil, err
	}
	if m.english, err = onnx.LoadEmbedder(m.runtime, filepath.Join(s.Models, "all-minilm-l6-v2"), onnx.EmbedderOptions{}); err != nil {
		return nil, errors.Join(fmt.Errorf("load the English model (--models names the folder): %w", err), m.close())
	}
	if m.chinese, err = onnx.LoadEmbedder(m.runtime, filepath.Join(s.Models, "bge-small-zh-v1.5"), onnx.EmbedderOptions{}); err != nil {
		return nil, errors.Join(fmt.Errorf("load the Chinese model (--models names the folder): %w", err), m.close())
	}
	ranker := filepath.Join(s.Models, "ranker")
	if _, err := os.Stat(ranker); err == nil {
		if m.cross, err = onnx.LoadCrossEncoder(m.runtime, ranker, onnx.CrossEncoderOptions{}); err != nil {
			m.crossErr = fmt.Errorf("load the ranker: %w", err)
		}
	}
	basket := filepath.Join(s.Models, "next-basket")
	if _, err := os.Stat(basket); err == nil {
		if m.basket, err = onnx.LoadTrees(m.runtime, basket, behaviour.FeatureNames); err != nil {
			return nil, errors.Join(fmt.Errorf("load the order of recommendations: %w", err), m.close())
		}
	}
	return m, nil
}

// learned is the model that puts recommendations in order; nil where there is none.
func (m *models) learned() behaviour.Learned {
	if m.basket == nil {
		return nil
	}
	return m.basket
}

// close frees everything; it may be called on a half-opened set.
func (m *models) close() error {
	var errs []error
	if m.cross != nil {
		errs = append(errs, m.cross.Close())
	}
	for _, e := range []*onnx.Embedder{m.chinese, m.english} {
		if e != nil {
			errs = append(errs, e.Close())
		}
	}
	if m.basket != nil {
		errs = append(errs, m.basket.Close())
	}
	if m.runtime != nil {
		errs = append(errs, m.runtime.Close())
	}
	return errors.Join(errs...)
}
