package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/cpu"
)

// FetchOllama brings the small model and the server into the cache, where they are missing.
func FetchOllama(ctx context.Context, cache string, out io.Writer) error {
	return fetchOllama(ctx, cache, newProgress(out), func(int) {})
}

func fetchOllama(ctx context.Context, cache string, p progress, building func(percent int)) error {
	if err := Fetch(ctx, cache, []Component{smallModelComponent()}, p.out); err != nil {
		return err
	}
	if _, err := os.Stat(ollamaProgram(cache)); err == nil {
		return nil
	}
	unlock, err := lockOrWait(ctx, filepath.Join(cache, "ollama.lock"), p.out)
	if err != nil {
		return err
	}
	defer unlock()
	if _, err := os.Stat(ollamaProgram(cache)); err == nil { // another start built it meanwhile
		return nil
	}
	building(0)
	count := &compileCounter{building: building}
	far := func() string { return fmt.Sprintf("%d %%", count.percent()) }
	return p.during("building Ollama "+OllamaVersion+" (about ten minutes on two cores, once)", far,
		func() error { return buildOllama(ctx, cache, count) })
}

// ollamaProgram is the built server. Its folder names what its code needs of the processor.
func ollamaProgram(cache string) string {
	return filepath.Join(cache, "ollama-"+OllamaVersion+"-"+processor(), "ollama")
}

// processor is the kind of processor that is built for: any of the last ten years, not just this one, so that
// the cache can move. Older ones get their own, slower build.
func processor() string {
	switch {
	case runtime.GOARCH != "amd64":
		return runtime.GOARCH
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA && cpu.X86.HasBMI2:
		return "x86-64-v3"
	default:
		return "x86-64"
	}
}

// buildOllama builds the server into the cache. A build that was cut off goes on where Go's build cache has got to,
// which is why the headers' path must be the same each time.
func buildOllama(ctx context.Context, cache string, count *compileCounter) error {
	headers := filepath.Join(cache, "ollama-headers-"+OllamaVersion)
	if err := placeHeaders(ctx, headers); err != nil {
		return err
	}
	if _, err := ollamaModule.download(ctx); err != nil {
		return err
	}
	// The caller holds a lock: what lies here was left by a build that was killed.
	work := filepath.Join(cache, ".building-ollama")
	if err := errors.Join(os.RemoveAll(work), makeFolder(work)); err != nil {
		return fmt.Errorf("make the build folder: %w", err)
	}
	defer os.RemoveAll(work)
	log, err := os.Create(filepath.Join(cache, "ollama-build.log"))
	if err != nil {
		return fmt.Errorf("open the build's log: %w", err)
	}
	defer log.Close()
	flags := "-O3"
	if runtime.GOARCH == "amd64" {
		flags += " -march=" + processor()
	}
	// Low priority: the shop is open meanwhile.
	cmd := command(ctx, "nice", "-n", "15", "go", "install", "-x", "-trimpath", ollamaModule.path+"@"+ollamaModule.version)
	cmd.Dir = work
	cmd.Env = append(os.Environ(), "GOBIN="+work, "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=1", "CGO_CPPFLAGS=-I"+headers, "CGO_CFLAGS="+flags, "CGO_CXXFLAGS="+flags)
	errs := &errorLines{}
	cmd.Stdout = io.MultiWriter(log, count, errs)
	cmd.Stderr = cmd.Stdout
	if err := finish(cmd); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return errors.New("build Ollama: nice and Go are needed")
		}
		return fmt.Errorf("build Ollama (ollama-build.log in the cache folder says more): %w: %s", err, errs.String())
	}
	if err := os.Rename(work, filepath.Dir(ollamaProgram(cache))); err != nil {
		return fmt.Errorf("keep Ollama: %w", err)
	}
	return nil
}

// placeHeaders collects the headers that Ollama's module lacks.
func placeHeaders(ctx context.Context, folder string) error {
	for _, h := range ollamaHeaders {
		target := filepath.Join(folder, filepath.FromSlash(h.to))
		if _, err := os.Stat(target); err == nil {
			continue
		}
		source, err := h.module.download(ctx)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(filepath.Join(source, filepath.FromSlash(h.from)))
		if err != nil {
			return fmt.Errorf("read a header: %w", err)
		}
		if err := placeHeader(target, text); err != nil {
			return err
		}
	}
	// The one-file form of this header has no other for its declarations alone.
	return placeHeader(filepath.Join(folder, "nlohmann", "json_fwd.hpp"), []byte("#include \"json.hpp\"\n"))
}

func placeHeader(target string, text []byte) error {
	if err := makeFolder(filepath.Dir(target)); err != nil {
		return fmt.Errorf("make the header folder: %w", err)
	}
	if err := writeFile(target+".new", bytes.NewReader(text), 0o644); err != nil {
		return fmt.Errorf("write a header: %w", err)
	}
	return os.Rename(target+".new", target)
}

// download has Go fetch the module and returns the folder of its sources. Go checks it against the checksum
// database, and we against the pinned sum.
func (m module) download(ctx context.Context) (string, error) {
	cmd := command(ctx, "go", "mod", "download", "-json", m.path+"@"+m.version)
	cmd.Dir = os.TempDir() // outside any module
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	var output, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &complaints
	err := finish(cmd)
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("Go is needed to build Ollama; or give the address of one that runs, by OLLAMA_HOST")
	}
	var answer struct{ Dir, Sum, Error string }
	if decodeErr := json.Unmarshal(output.Bytes(), &answer); err != nil || decodeErr != nil || answer.Error != "" {
		return "", fmt.Errorf("fetch %s@%s: %w: %s %s", m.path, m.version, errors.Join(err, decodeErr), answer.Error, lastLines(complaints.String(), 3))
	}
	if answer.Sum != m.sum {
		return "", fmt.Errorf("fetch %s@%s: its checksum is %s, pinned is %s", m.path, m.version, answer.Sum, m.sum)
	}
	return answer.Dir, nil
}

// errorLines keeps what a build said about errors.
type errorLines struct{ kept []string }

func (e *errorLines) Write(p []byte) (int, error) {
	for line := range strings.SplitSeq(string(p), "\n") {
		if strings.Contains(line, "rror:") || strings.HasPrefix(line, "go: ") {
			e.kept = append(e.kept, line)
			e.kept = e.kept[max(0, len(e.kept)-5):]
		}
	}
	return len(p), nil
}

func (e *errorLines) String() string { return strings.Join(e.kept, " | ") }

// OllamaBuilt reports whether the cache holds the server already.
func OllamaBuilt(cache string) bool {
	_, err := os.Stat(ollamaProgram(cache))
	return err == nil
}
