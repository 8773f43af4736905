// Package privacy takes out of text what tells who a customer is: mail addresses, phone numbers, payment cards (by
// their check digit) and Chinese identity numbers (by theirs). It stands before everything that leaves the conversation:
// logs, prompts of a language model, messages to other systems.
//
// What is found is what can be recognised by its form; names and postal addresses are not. It changes no transcript:
// there the customer's words stay as they were written.
//
//	privacy.Redact("mail ann@example.com or call 138 1234 5678")   // "mail [email] or call [phone]"
//	log := slog.New(privacy.Handler(slog.NewTextHandler(os.Stderr, nil)))
package privacy
