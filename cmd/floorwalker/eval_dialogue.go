package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"floorwalker/client"
	"floorwalker/evaluation"
)

// evalDialogueCmd plays conversations over a real WebSocket against a running server.
type evalDialogueCmd struct {
	URL     string        `name:"url" required:"" help:"Address of the running server: ws://127.0.0.1:8080/ws or http://127.0.0.1:8080."`
	Cases   string        `required:"" type:"existingfile" help:"Conversations, one JSON object a line."`
	Timeout time.Duration `help:"The longest that one answer may take." default:"60s"`
	Origin  string        `help:"Connect as a page of this origin instead of as a native app."`
	Verbose bool          `short:"v" help:"Show every turn, not only those that fail."`
}

// Run plays every case whose catalogue the server has and prints the report.
func (c *evalDialogueCmd) Run(ctx context.Context, std streams) error {
	cases, err := readCases[evaluation.DialogueCase](c.Cases)
	if err != nil {
		return err
	}
	told := func(played evaluation.DialogueCase, turn int, reply client.Reply, wrong []string) {
		if len(wrong) == 0 && !c.Verbose {
			return
		}
		mark := "ok  "
		if len(wrong) > 0 {
			mark = "FAIL"
		}
		fmt.Fprintf(std.err, "%s %s turn %d: %q\n", mark, played.ID, turn+1, played.Turns[turn].Say)
		for _, card := range reply.Cards() {
			fmt.Fprintf(std.err, "     card %d %s %s\n", card.Position, card.PriceText, card.Title)
		}
		fmt.Fprintf(std.err, "     %s\n", strings.ReplaceAll(reply.Text, "\n", "\n     "))
		for _, w := range wrong {
			fmt.Fprintf(std.err, "     - %s\n", w)
		}
	}
	report, err := evaluation.Dialogues(ctx, c.URL, cases, evaluation.DialogueOptions{TurnTimeout: c.Timeout,
		Client: client.Options{Origin: c.Origin}, Told: told})
	if err != nil {
		return err
	}
	if report.Skipped > 0 {
		fmt.Fprintf(std.err, "%d cases are for catalogues that the server does not have and were not played\n", report.Skipped)
	}
	return printJSON(std.out, report)
}
