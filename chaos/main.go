package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// settings are the command line.
type settings struct {
	Run      runCmd      `cmd:"" default:"withargs" help:"Kill and check."`
	Replicas replicasCmd `cmd:"" help:"Start two servers over one PostgreSQL and one external NATS, and keep them open."`
	Ollama   ollamaCmd   `cmd:"" hidden:"" help:"The stand-in for Ollama."`
}

// runCmd is one whole run.
type runCmd struct {
	Rounds    int           `help:"How many kills." default:"200"`
	Soak      time.Duration `help:"Run for so long instead, with one kill each --every, and watch memory. The first server is spared, so that its memory tells."`
	Every     time.Duration `help:"The pause between two kills of a soak." default:"10s"`
	Customers int           `help:"Conversations at once." default:"50"`
	Agents    int           `help:"People at the desk." default:"5"`
	CheckEach int           `help:"Rounds between two whole checks." default:"10"`
	Seed      uint64        `help:"What is killed and when." default:"1"`
	Binary    string        `help:"The program under trial." default:"bin/floorwalker"`
	NATS      string        `name:"nats" help:"The nats-server program." default:"bin/nats-server"`
	Models    string        `help:"Folder with the models." default:"models"`
	Cache     string        `help:"Folder with what was fetched; the user's own when empty." env:"FLOORWALKER_CACHE"`
	Data      string        `help:"Folder for logs and data, used again by the next run, which then opens sooner. A temporary one when empty."`

	// onWire, where set, sees each wire before a server uses it.
	onWire func(w *wire)
}

// replicasCmd is a shop of two replicas to look at.
type replicasCmd struct {
	Binary string `help:"The program." default:"bin/floorwalker"`
	NATS   string `name:"nats" help:"The nats-server program." default:"bin/nats-server"`
	Models string `help:"Folder with the models." default:"models"`
	Data   string `help:"Folder for logs and data. A temporary one when empty."`
}

// Run opens the shop and waits for a signal.
func (c *replicasCmd) Run(ctx context.Context) error {
	s, err := openStage(ctx, &runCmd{Binary: c.Binary, NATS: c.NATS, Models: c.Models, Data: c.Data})
	if err != nil {
		return err
	}
	defer s.close()
	for _, r := range s.replicas {
		fmt.Printf("%s is open: %s\n", r.name, r.url)
	}
	fmt.Printf("agents: %s agent add kim --name Kim --database-url %s\nthe logs are in %s; Ctrl-C stops all of it\n", c.Binary, s.postgres.URL(), s.dir)
	<-ctx.Done()
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var s settings
	parsed := kong.Parse(&s, kong.Name("chaos"), kong.Description("Kills a shop's servers while customers talk, and checks that nothing is lost."),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err := parsed.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to clean up
	}
}

// Run prints the report as its last line; anything found is an error.
func (c *runCmd) Run(ctx context.Context) error {
	report, err := c.run(ctx)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(report)
	if err != nil {
		return err
	}
	fmt.Println(string(raw))
	if report.bad() {
		return errors.New("something acknowledged was lost, or worse; the lines above say what")
	}
	return nil
}

// report is the last line.
type report struct {
	Rounds      int `json:"rounds"`
	Acked       int `json:"acked"`
	Lost        int `json:"lost"`
	Duplicated  int `json:"duplicated"`
	Gaps        int `json:"gaps"`
	DoubleOwned int `json:"double_owned"`
	// Soak is how the first server's memory, goroutines and file descriptors went.
	Soak *trend `json:"soak,omitempty"`
}

func (r report) bad() bool {
	return r.Lost+r.Duplicated+r.Gaps+r.DoubleOwned > 0 || r.Soak != nil && !r.Soak.Flat
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().UTC().Format("15:04:05 ")+format+"\n", args...)
}
