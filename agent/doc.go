// Package agent answers one turn of a conversation: it parses the utterance, changes the dialogue state by
// stated rules, acts, shows cards and writes a grounded answer. It knows neither sessions nor sockets nor
// databases: what it needs comes in as small interfaces.
//
// Every name, price and stock figure in an answer is put in by the server. The language model, where it is up,
// writes the words around them and refers to products by placeholder.
//
//	a := agent.New(agent.Parts{Parser: parser, Search: store, Rank: ranker, …}, agent.Config{})
//	outcome, err := a.Answer(ctx, turn, out)
package agent
