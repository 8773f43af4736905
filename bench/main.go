package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

type settings struct {
	Sessions sessionsCmd `cmd:"" default:"withargs" help:"Compare."`
	Storm    stormCmd    `cmd:"" help:"Restart the server under many customers."`
	Chat     chatCmd     `cmd:"" hidden:"" help:"The peer: plain chat over centrifuge."`
}

// sessionsCmd is one whole comparison.
type sessionsCmd struct {
	Idle    int           `help:"Connections on which nothing is said." default:"5000"`
	Active  int           `help:"Conversations of two people." default:"500"`
	Every   time.Duration `help:"How often somebody says something in a conversation." default:"10s"`
	Turns   float64       `help:"Answers of the assistant a second, in all, while Floorwalker is measured." default:"2"`
	Stuck   int           `help:"Readers that stop reading." default:"100"`
	Measure time.Duration `help:"How long each server is measured at a time." default:"30s"`
	Repeat  int           `help:"How often they take turns." default:"2"`
	Resumes int           `help:"Resumes of a session of 200 messages." default:"300"`
	Binary  string        `help:"The program." default:"../bin/floorwalker"`
	Models  string        `help:"Folder with the models." default:"../models"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var s settings
	parsed := kong.Parse(&s, kong.Name("bench"), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := parsed.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to clean up
	}
}

// report is the last line. Times are in milliseconds.
type report struct {
	Idle   int `json:"idle"`
	Active int `json:"active"`
	// Floorwalker and Centrifuge are the two servers; the ratios are the first by the second.
	Floorwalker   figures `json:"floorwalker"`
	Centrifuge    figures `json:"centrifuge"`
	MemoryRatio   float64 `json:"memory_ratio"`
	DeliveryRatio float64 `json:"delivery_p99_ratio"`
	// Resume is from session.resume to the last of 200 messages, Handoff from the customer's request, so before its
	// commit, to the console. Both are measured beside the idle connections and before anything else.
	Resume  quantiles `json:"resume_200_messages"`
	Handoff quantiles `json:"handoff_to_console"`
	Turns   int       `json:"turns"`
	// Stuck are the readers that were stuck all the while that DeliveryStuck was measured at Floorwalker.
	Stuck         int       `json:"stuck"`
	DeliveryStuck quantiles `json:"delivery_stuck"`
	StuckRatio    float64   `json:"stuck_p99_ratio"`
}

// figures are one server's.
type figures struct {
	// KiBPerConnection is what the process grew by for each idle connection: socket buffers are the kernel's.
	KiBPerConnection float64 `json:"kib_per_connection"`
	// Delivery is from sending to arrival at the other person.
	Delivery quantiles `json:"delivery"`
	Lost     int       `json:"lost"`
}

type quantiles struct {
	N   int     `json:"n"`
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
}

// Run prints the report.
func (c *sessionsCmd) Run(ctx context.Context) error {
	r, err := c.run(ctx)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	fmt.Println(string(raw))
	return nil
}

func say(format string, args ...any) {
	fmt.Fprintf(os.Stderr, time.Now().UTC().Format("15:04:05 ")+format+"\n", args...)
}
