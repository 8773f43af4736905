package client_test

import (
	"context"
	"fmt"
	"os"

	"floorwalker/client"
)

// A whole conversation. It is compiled, and run wherever FLOORWALKER_URL names a running server.
func Example() {
	ctx := context.Background()
	c, err := client.Dial(ctx, os.Getenv("FLOORWALKER_URL"), client.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	reply, err := c.Ask(ctx, "running shoes under 80 dollars")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, card := range reply.Cards() {
		fmt.Println(card.PriceText, card.Title)
	}
	fmt.Println(reply.Text)
}
