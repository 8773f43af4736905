package embedded_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv("FLOORWALKER_TEST_STANDIN") == "ollama" {
		os.Exit(ollamaStandIn(os.Args[1]))
	}
	goleak.VerifyTestMain(m)
}

// ollamaStandIn behaves as the real program does towards Floorwalker: serve answers under OLLAMA_HOST and starts a
// runner of its own, create makes the model. The runner notes its process id beside the models.
func ollamaStandIn(subcommand string) int {
	models := os.Getenv("OLLAMA_MODELS")
	made := filepath.Join(models, "made")
	switch subcommand {
	case "create":
		old, _ := os.ReadFile(made) // missing at first
		if err := os.WriteFile(made, append(old, "made\n"...), 0o600); err != nil {
			return 1
		}
		return 0
	case "serve":
		runner := exec.Command("sleep", "1000")
		if runner.Start() != nil || os.MkdirAll(models, 0o700) != nil {
			return 1
		}
		pid := fmt.Sprintf("%d %d", os.Getpid(), runner.Process.Pid)
		if os.WriteFile(filepath.Join(models, "pids"), []byte(pid), 0o600) != nil {
			return 1
		}
		mux := http.NewServeMux()
		mux.HandleFunc("/api/version", func(http.ResponseWriter, *http.Request) {})
		mux.HandleFunc("POST /api/generate", func(w http.ResponseWriter, _ *http.Request) {
			if _, err := os.Stat(made); err != nil {
				http.Error(w, `{"error":"model not found"}`, http.StatusNotFound)
			}
		})
		fmt.Println(http.ListenAndServe(os.Getenv("OLLAMA_HOST"), mux))
	}
	return 1
}
