// Command floorwalker is the shop assistant's server and its tools. Each subcommand has a file of its own;
// this package is the only place where everything is wired.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command line: one field a subcommand.
type cli struct {
	Config kong.ConfigFlag `help:"File of settings, as init writes it; floorwalker.env in the working folder where it is there." placeholder:"FILE"`

	Init         initCmd         `cmd:"" help:"Write a file of all settings, each with what it does, to fill in."`
	Serve        serveCmd        `cmd:"" help:"Start what is missing and serve customers."`
	Doctor       doctorCmd       `cmd:"" help:"Look at everything that serve would use, and say what to do about it."`
	Fetch        fetchCmd        `cmd:"" help:"Fetch what is missing into the cache folder."`
	Import       importCmd       `cmd:"" help:"Take a catalogue in: JSON Lines, CSV, icecat or retail."`
	ImportEvents importEventsCmd `cmd:"" help:"Take in what customers did elsewhere: User Behavior Insights."`
	ImportOrders importOrdersCmd `cmd:"" help:"Take in orders that were made: JSON Lines."`
	ImportPeople importPeopleCmd `cmd:"" name:"import-customers" help:"Take in who has an account: JSON Lines."`
	Export       exportCmd       `cmd:"" help:"Write the catalogue as JSON Lines, as import reads it; or everything, table by table."`
	ExportLists  exportListsCmd  `cmd:"" help:"Write the lists that customers saw and what came of them, for training."`
	Backup       backupCmd       `cmd:"" help:"Write the database and the secrets into one file, while the shop goes on."`
	Restore      restoreCmd      `cmd:"" help:"Put a backup in place of what the database holds."`
	Agent        agentCmd        `cmd:"" help:"Accounts of the people who answer at the console."`
	Testenv      testenvCmd      `cmd:"" help:"Run a command with a throw-away PostgreSQL and everything else that the tests need."`
	Eval         evalCmd         `cmd:"" help:"Measure relevance, understanding or conversations."`
	Model        modelCmd        `cmd:"" help:"Versions of the ranker: list, add, shadow, compare, promote, roll back, watch for drift, explain."`
	Learn        learnCmd        `cmd:"" help:"Learn how to order products from what customers did, and refuse what is worse."`
	Bench        benchCmd        `cmd:"" help:"Measure where the time of a turn goes, against running servers."`
	Campaign     campaignCmd     `cmd:"" help:"Sponsored products: add, list, pause, report."`
	Experiment   experimentCmd   `cmd:"" help:"Which way to recommend customers prefer: start, stop, list, report."`
	Forecast     forecastCmd     `cmd:"" help:"What will be bought, what runs out and what to order: list, make, show."`
	Prices       pricesCmd       `cmd:"" help:"Prices that are proposed: list, make, show, accept, reject."`
	Customer     customerCmd     `cmd:"" help:"What is stored of a customer: export it, erase it."`
	Webhook      webhookCmd      `cmd:"" help:"Messages that the shop's own server is told of: list them, send them again."`
	Conformance  conformanceCmd  `cmd:"" help:"Prove that a client of the protocol keeps to it, against a test server."`
}

// streams are the program's standard streams, passed in so that a test can run the whole program.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends at once; the kernel then stops what was started
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// exitCode is an error that only sets the exit status: everything was said already.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// newParser reads arguments, environment and settings file into c.
func newParser(c *cli, std streams, more ...kong.Option) (*kong.Kong, error) {
	return kong.New(c, append([]kong.Option{kong.Name("floorwalker"),
		kong.Description("A conversational shopping assistant that a shop runs on its own machines."),
		kong.Writers(std.out, std.err), kong.Bind(std), kong.UsageOnError(),
		kong.Resolvers(settings{}), kong.Configuration(readSettings, settingsFile)}, more...)...)
}

// run is the whole program: it parses the arguments, runs the subcommand and returns the exit status.
func run(ctx context.Context, args []string, std streams) int {
	var c cli
	exited := -1
	parser, err := newParser(&c, std, kong.Exit(func(code int) { exited = code }), kong.BindTo(ctx, (*context.Context)(nil)))
	if err != nil {
		fmt.Fprintln(std.err, "floorwalker:", err)
		return 2
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		fmt.Fprintln(std.err, "floorwalker:", err)
		return 2
	}
	err = parsed.Run()
	var code exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	default:
		fmt.Fprintln(std.err, "floorwalker:", err)
		return 1
	}
}
