package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"floorwalker/client"
	"floorwalker/evaluation"
	"floorwalker/protocol"
)

// benchCmd measures where the time of a turn goes, over real sockets against running servers.
type benchCmd struct {
	URL           []string      `name:"url" help:"Running servers, measured one after the other: give one with and one without a language model to compare." default:"http://127.0.0.1:8080"`
	Conversations int           `help:"Conversations at each concurrency." default:"32"`
	Turns         int           `help:"Questions in each conversation, at most 20." default:"5"`
	Concurrency   []int         `help:"How many conversations run at once." default:"1,8,32"`
	Questions     string        `type:"existingfile" help:"What is asked, one question a line; built in when empty."`
	Timeout       time.Duration `help:"The longest that one answer may take." default:"120s"`
}

// benchQuestions suit shops of many kinds; those that a shop has nothing for measure that too.
var benchQuestions = []string{
	"wireless mouse", "running shoes under 80 dollars", "a black backpack", "27 inch monitor", "laptop between 500 and 900 dollars",
	"waterproof jacket for women", "coffee maker", "something in blue", "only the cheaper ones", "noise cancelling headphones",
	"desk lamp", "leather wallet", "usb-c cable", "a gift for my mother under 50 dollars", "printer with wifi", "kids t-shirt",
	"mechanical keyboard", "yoga mat", "external hard drive 2 TB", "garden chair", "无线鼠标", "三百元以内的背包", "red dress size M", "bluetooth speaker",
}

// benchRun is one server at one concurrency.
type benchRun struct {
	URL string `json:"url"`
	// LLM is the state of the server's language model: ready, building, absent…
	LLM           string  `json:"llm"`
	Model         string  `json:"model,omitempty"`
	Concurrency   int     `json:"concurrency"`
	Conversations int     `json:"conversations"`
	Turns         int     `json:"turns"`
	Failed        int     `json:"failed"`
	TurnsPerS     float64 `json:"turns_per_s"`
	TemplateShare float64 `json:"template_share"`
	// Stages: parse, embed, search and rank as the server's trace has them; acknowledged, first_card,
	// first_token and done as the client sees them, from sending the question.
	Stages map[string]benchStage `json:"stages"`
}

type benchStage struct {
	N     int     `json:"n"`
	P50Ms float64 `json:"p50_ms"`
	P95Ms float64 `json:"p95_ms"`
	P99Ms float64 `json:"p99_ms"`
}

// Run measures every server at every concurrency and prints one report.
func (c *benchCmd) Run(ctx context.Context, std streams) error {
	questions, err := c.questions()
	if err != nil {
		return err
	}
	if c.Turns < 1 || c.Turns > 20 || c.Conversations < 1 {
		return errors.New("a conversation has 1 to 20 turns, and there is at least one conversation")
	}
	var report struct {
		Runs []benchRun `json:"runs"`
	}
	for _, url := range c.URL {
		for _, n := range c.Concurrency {
			if n < 1 {
				return errors.New("at least one conversation runs at a time")
			}
			run, err := c.measure(ctx, url, n, questions)
			if err != nil {
				return fmt.Errorf("measure %s: %w", url, err)
			}
			run.print(std.err)
			report.Runs = append(report.Runs, run)
		}
	}
	return printJSON(std.out, report)
}

func (c *benchCmd) questions() ([]string, error) {
	if c.Questions == "" {
		return benchQuestions, nil
	}
	f, err := os.Open(c.Questions)
	if err != nil {
		return nil, fmt.Errorf("open questions: %w", err)
	}
	defer f.Close()
	var questions []string
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if q := strings.TrimSpace(lines.Text()); q != "" {
			questions = append(questions, q)
		}
	}
	if len(questions) == 0 {
		return nil, errors.New("the file holds no questions")
	}
	return questions, nil
}

// measure runs the conversations of one level, n at once.
func (c *benchCmd) measure(ctx context.Context, url string, n int, questions []string) (benchRun, error) {
	run := benchRun{URL: url, Concurrency: n, Conversations: max(c.Conversations, n)}
	first, err := client.Dial(ctx, url, client.Options{})
	if err != nil {
		return run, err
	}
	var can struct {
		LLM struct{ State, Detail string }
	}
	err = errors.Join(first.Get(ctx, "/capabilities", &can), first.Close())
	if err != nil {
		return run, err
	}
	if run.LLM = can.LLM.State; run.LLM == "ready" {
		run.Model = can.LLM.Detail
	}
	var (
		mu      sync.Mutex
		stages  = map[string][]float64{}
		share   []float64
		workers sync.WaitGroup
		next    = make(chan int)
	)
	note := func(r client.Reply, err error) {
		mu.Lock()
		defer mu.Unlock()
		run.Turns++
		if err != nil || r.Completed == nil || r.Completed.State != protocol.StateComplete {
			run.Failed++
			return
		}
		for name, value := range stagesOf(r) {
			stages[name] = append(stages[name], value)
		}
		if r.Completed.Trace != nil {
			share = append(share, r.Completed.Trace.TemplateShare)
		}
	}
	began := time.Now()
	for range n {
		workers.Go(func() {
			for i := range next {
				c.converse(ctx, url, i, questions, note)
			}
		})
	}
	for i := range run.Conversations {
		next <- i
	}
	close(next)
	workers.Wait()
	if ctx.Err() != nil {
		return run, ctx.Err()
	}
	run.TurnsPerS = math.Round(10*float64(run.Turns)/time.Since(began).Seconds()) / 10
	run.Stages = map[string]benchStage{}
	for name, values := range stages {
		run.Stages[name] = benchStage{len(values), evaluation.Percentile(values, 50), evaluation.Percentile(values, 95), evaluation.Percentile(values, 99)}
	}
	for _, s := range share {
		run.TemplateShare += s / float64(len(share))
	}
	run.TemplateShare = math.Round(1000*run.TemplateShare) / 1000
	return run, nil
}

// converse holds one conversation; each begins elsewhere in the list of questions.
func (c *benchCmd) converse(ctx context.Context, url string, i int, questions []string, note func(client.Reply, error)) {
	k, err := client.Dial(ctx, url, client.Options{})
	if err != nil {
		note(client.Reply{}, err)
		return
	}
	defer k.Close()
	for turn := range c.Turns {
		asking, cancel := context.WithTimeout(ctx, c.Timeout)
		note(k.Ask(asking, questions[(i*7+turn)%len(questions)]))
		cancel()
	}
}

// stagesOf are the milliseconds of one turn's stages.
func stagesOf(r client.Reply) map[string]float64 {
	ms := map[string]float64{}
	if r.Completed.Trace != nil {
		for _, s := range r.Completed.Trace.Stages {
			switch s.Name {
			case "first_card", "first_token", "done": // the client's own figures stand for these
			default:
				ms[s.Name] += float64(s.Micros) / 1000
			}
		}
	}
	for name, d := range map[string]time.Duration{"acknowledged": r.Acked, "first_card": r.FirstCard, "first_token": r.FirstToken, "done": r.Done} {
		if d > 0 {
			ms[name] = float64(d.Microseconds()) / 1000
		}
	}
	return ms
}

// stageOrder is the order in which a turn goes through its stages.
var stageOrder = []string{"acknowledged", "parse", "embed", "search", "rank", "first_card", "first_token", "done"}

// print shows the run to a person.
func (r benchRun) print(w io.Writer) {
	fmt.Fprintf(w, "%s, language model %s, %d at once: %d turns, %d failed, %.1f turns/s\n", r.URL, r.LLM, r.Concurrency, r.Turns, r.Failed, r.TurnsPerS)
	names := slices.Sorted(maps.Keys(r.Stages))
	slices.SortStableFunc(names, func(a, b string) int { return stagePlace(a) - stagePlace(b) })
	for _, name := range names {
		s := r.Stages[name]
		fmt.Fprintf(w, "  %-14s p50 %8.1f ms   p95 %8.1f ms   p99 %8.1f ms   (%d)\n", name, s.P50Ms, s.P95Ms, s.P99Ms, s.N)
	}
}

func stagePlace(name string) int {
	if i := slices.Index(stageOrder, name); i >= 0 {
		return i
	}
	return len(stageOrder)
}
