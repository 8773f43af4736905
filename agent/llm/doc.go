// Package llm talks to a language model that Ollama serves. The model may be there, come later, hang or
// answer nonsense: the client probes for it in the background, gives every call a deadline, admits only as
// many calls at once as the machine bears, stops asking a model that keeps failing, and passes on a cancel
// at once. What the model says is data; nothing here trusts it.
//
//	client, err := llm.New("http://127.0.0.1:11434", "smollm2", llm.Options{})
//	go client.Run(ctx) // notices when the model comes and goes
//	if client.Up() {
//		usage, err := client.Stream(ctx, []llm.Message{{Role: llm.User, Content: "Hello"}}, func(token string) error {
//			return out.Say(ctx, token)
//		})
//	}
package llm
