// Package understanding turns an utterance into an intent and slots. Local needs no language model: rules read
// amounts, sizes, positions and order numbers; a tagger finds the words for a product and its properties; a
// classifier over the embedding, the words and the state of the conversation decides the intent. Tagger and
// classifier are small linear models, learned from the utterances under exemplars/ by go generate and kept
// under learned/. LLM asks a language model for the same; Auto asks it only where Local is not sure.
//
// A parser never returns an intent outside the closed list, and slots hold only what was said.
//
//	local, err := understanding.NewLocal(ctx, english, chinese)
//	local.SetVocabulary(vocabulary)
//	parse, err := local.Parse(ctx, shop.Utterance{Text: "black boots under 80 dollars"})
package understanding
