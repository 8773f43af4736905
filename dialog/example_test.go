package dialog_test

import (
	"context"
	"fmt"
	"os"

	"floorwalker/dialog"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/jackc/pgx/v5/pgxpool"
)

// greeter is the smallest assistant.
type greeter struct{}

func (greeter) Answer(ctx context.Context, turn shop.Turn, out shop.Output) (shop.Outcome, error) {
	if err := out.Say(ctx, "You want "+turn.Text+"."); err != nil {
		return shop.Outcome{}, err
	}
	return shop.Outcome{Parse: shop.Parse{Intent: shop.IntentSearch, Lang: shop.English}, State: turn.State}, nil
}

// A whole conversation: open, attach, post, read until the answer is complete, shut down. It is compiled,
// and run wherever DATABASE_URL names a migrated database.
func ExampleManager() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()

	m := dialog.NewManager(pool, greeter{}, dialog.Options{})
	stopped := make(chan error, 1)
	go func() { stopped <- m.Run(ctx) }()

	opened, err := m.Open(ctx, dialog.OpenRequest{Lang: shop.English})
	if err != nil {
		fmt.Println(err)
		return
	}
	sub, err := m.Attach(ctx, opened.SessionID, dialog.Position{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sub.Close()
	if _, err = m.Post(ctx, opened.SessionID, dialog.PostRequest{ClientMsgID: "1", Text: "red shoes"}); err != nil {
		fmt.Println(err)
		return
	}
	for {
		env, err := sub.Next(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		if env.Type == protocol.TypeMessageCompleted {
			var done protocol.MessageCompleted
			if err := env.Into(&done); err == nil {
				fmt.Println(done.State, done.Text)
			}
			break
		}
	}
	stop()
	fmt.Println(<-stopped)
}
