// Package client speaks the wire protocol to a Floorwalker server: it opens a session, connects, sends what a
// customer writes, hands out the server's events in order and each once, and comes back by itself with its
// position after a lost line. The bench, the evaluation and tests use it; so may any Go program.
//
//	c, err := client.Dial(ctx, "http://127.0.0.1:8080", client.Options{})
//	defer c.Close()
//	reply, err := c.Ask(ctx, "running shoes under 80 dollars")
//	for _, list := range reply.Shown {
//		for _, card := range list.Cards { fmt.Println(card.Title, card.PriceText) }
//	}
//	fmt.Println(reply.Text)
//
// It keeps nothing on disk: to continue a conversation later, keep Credentials and give them to Dial.
package client
