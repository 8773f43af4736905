package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"floorwalker/agent/understanding"
	"floorwalker/embedded"
	"floorwalker/evaluation"
	"floorwalker/shop"
)

// evalCmd measures; each of its commands prints progress on stderr and one JSON object as stdout's last line.
type evalCmd struct {
	Relevance     evalRelevanceCmd     `cmd:"" help:"Measure search and ranking against ratings."`
	Understanding evalUnderstandingCmd `cmd:"" help:"Measure a parser on cases."`
	Dialogue      evalDialogueCmd      `cmd:"" help:"Play conversations against a running server."`
	Intent        evalIntentCmd        `cmd:"" help:"Measure how well it is foretold which visits end in a purchase."`
	Personal      evalPersonalCmd      `cmd:"" help:"Measure what personal recommendations add to a turn, at 5 million events."`
	Forecast      evalForecastCmd      `cmd:"" help:"Measure forecasts of what is bought on real sales, beside naive ones."`
	Prices        evalPricesCmd        `cmd:"" help:"Measure elasticities and proposed prices on a market that is known, and on real price changes."`
	Recommend     evalRecommendCmd     `cmd:"" help:"Measure recommendations on purchases, split by time."`
}

// evalUnderstandingCmd measures intents and slots.
type evalUnderstandingCmd struct {
	Cases    string        `required:"" type:"existingfile" help:"Cases, one JSON object a line."`
	Verbose  bool          `short:"v" help:"Show every case that is not exact."`
	Parsed   string        `type:"path" help:"Write the intent that each case was read as to this file, one JSON object a line."`
	Patience time.Duration `help:"How long the model may take for an utterance: what is measured is its answer." default:"1m"`
	services
	languageModel
}

// Run parses every case and prints the report.
func (c *evalUnderstandingCmd) Run(ctx context.Context, std streams) (err error) {
	cases, err := readCases[evaluation.UnderstandingCase](c.Cases)
	if err != nil {
		return err
	}
	m, err := openModels(c.services)
	if err != nil {
		return err
	}
	defer m.close()
	local, err := understanding.NewLocal(ctx, m.english, m.chinese)
	if err != nil {
		return err
	}
	parser, stop, err := c.parser(ctx, local, std)
	if err != nil {
		return err
	}
	defer stop()
	parsed, err := c.parsed()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, parsed.Close()) }()
	var unwritten error
	told := func(x evaluation.UnderstandingCase, got shop.Parse, exact bool) {
		if c.Verbose && !exact {
			showCase(std.err, x, got)
		}
		unwritten = errors.Join(unwritten, printJSON(parsed, parsedCase{x.ID, got.Intent}))
	}
	report, err := evaluation.Understanding(ctx, parser, cases, told)
	if err = errors.Join(err, unwritten); err != nil {
		return err
	}
	return printJSON(std.out, report)
}

// parsedCase is a line of --parsed.
type parsedCase struct {
	ID     string      `json:"id"`
	Intent shop.Intent `json:"intent"`
}

// parsed is where the intents go that cases were read as.
func (c *evalUnderstandingCmd) parsed() (io.WriteCloser, error) {
	if c.Parsed == "" {
		return unkept{io.Discard}, nil
	}
	file, err := os.Create(c.Parsed)
	if err != nil {
		return nil, fmt.Errorf("write what cases were read as: %w", err)
	}
	return file, nil
}

// unkept is for what nobody wants kept.
type unkept struct{ io.Writer }

func (unkept) Close() error { return nil }

// showCase shows a person how a case was read, and how it should have been.
func showCase(w io.Writer, c evaluation.UnderstandingCase, got shop.Parse) {
	want, _ := json.Marshal(c.Slots)    //nolint:errcheck // shown to a person
	slots, _ := json.Marshal(got.Slots) //nolint:errcheck // shown to a person
	mark := " "
	if c.Intent != got.Intent {
		mark = "*"
	}
	fmt.Fprintf(w, "%s %s %q (%d shown)\n   want %s %s\n   got  %s %s %.2f\n", mark, c.ID, c.Text, len(c.Shown), c.Intent, want, got.Intent, slots, got.Confidence)
}

// parser is the one that --parser names. Where a model is needed, it is started and waited for; auto goes without
// one that can't be had.
func (c *evalUnderstandingCmd) parser(ctx context.Context, local *understanding.Local, std streams) (evaluation.Parser, func(), error) {
	if c.Parser == "local" || c.Parser == "auto" && c.OllamaHost == "" && !embedded.OllamaBuilt(c.cacheDir()) {
		return local, func() {}, nil
	}
	m, err := startModel(c.languageModel, c.services, nil, c.Patience, warnings(std.err))
	if err != nil {
		return nil, nil, err
	}
	running, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	stop := func() {
		cancel()
		<-done
		_ = m.stop() // the command ends
	}
	if m.client == nil {
		close(done)
		return local, stop, nil
	}
	go func() {
		defer close(done)
		_ = m.watch(running) // ends with the context
	}()
	for deadline := time.Now().Add(modelWait); !m.client.Up(); time.Sleep(100 * time.Millisecond) {
		if ctx.Err() != nil || time.Now().After(deadline) {
			stop()
			return nil, nil, fmt.Errorf("the language model is not there: %s", m.client.Status())
		}
	}
	if m.tuned != nil && m.adapter.Fits(m.client.Info()) {
		for deadline := time.Now().Add(modelWait); !m.tuned.Up(); time.Sleep(100 * time.Millisecond) {
			if ctx.Err() != nil || time.Now().After(deadline) {
				stop()
				return nil, nil, fmt.Errorf("the adapted model is not there: %s", m.tuned.Status())
			}
		}
	}
	if c.Parser == "llm" {
		asked, err := m.asked()
		return modelAlone{asked}, stop, err
	}
	parser, err := m.parser(local, c.languageModel)
	return parser, stop, err
}

// modelAlone measures the model by itself: an answer that can't be used counts as a wrong one.
type modelAlone struct{ *understanding.LLM }

func (m modelAlone) Parse(ctx context.Context, u shop.Utterance) (shop.Parse, error) {
	p, err := m.LLM.Parse(ctx, u)
	if err != nil && ctx.Err() == nil {
		return shop.Parse{Intent: shop.IntentOutOfScope, Parser: "llm"}, nil
	}
	return p, err
}

// modelWait is how long measuring waits for the model to be there.
const modelWait = 2 * time.Minute

func readCases[T any](path string) ([]T, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open cases: %w", err)
	}
	defer f.Close()
	cases, err := evaluation.ReadCases[T](f)
	if err != nil {
		return nil, err
	}
	if len(cases) == 0 {
		return nil, errors.New("the file holds no cases")
	}
	return cases, nil
}

// printJSON writes one object on one line.
func printJSON(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s\n", text)
	return err
}
