package agent

import (
	"maps"
	"slices"
)

// systemPrompt and the examples come first and are the same for every answer, so that the model's cache of them holds.
// The model sees neither what the customer wrote nor what catalogues and articles say: there is nothing in its
// prompt that could give it instructions.
const systemPrompt = "You are a friendly shop assistant. Say the draft in your own words, in one to three short sentences. " +
	"Keep every number in brackets, like [1], exactly as it is. Do not add facts, names, prices or promises."

// fixed is the act whose words are the shop's alone.
const fixed = ""

// actOf says which examples the model gets for an occasion that is said alone. Those that are missing are fixed:
// what they say must be said exactly so.
var actOf = map[string]string{
	"greeting": "small_talk", "greeting_name": "small_talk", "thanks": "small_talk", "goodbye": "small_talk", "declined": "small_talk", "out_of_scope": "small_talk",
	"what_product": "ask", "forgotten": "ask", "compare_which": "ask", "which_product": "ask", "order_which": "ask", "no_more": "ask", "unclear": "ask", "cart_empty": "ask",
	"added": "cart", "added_limited": "cart", "removed": "cart", "removed_empty": "cart", "reduced": "cart", "cart": "cart", "sold_out": "cart", "checkout": "cart", "checkout_none": "cart",
	"back": "found", "listing_says": "listing", "price_is": "listing", "stock_is": "listing",
}

// examples are drafts and what a good assistant makes of them, in turn.
var examples = map[string][]string{
	"small_talk": {
		"Draft: Hello! What are you looking for today?", "Hello and welcome! What can I find for you today?",
		"Draft: You're welcome! Is there anything else I can find for you?", "You're welcome! Just tell me if there is anything else I can find for you.",
		"Draft: Goodbye, and thanks for stopping by!", "Thanks for stopping by, goodbye!",
		"Draft: I can help with this shop's products, orders and services. What are you looking for?", "I can help with products, orders and services of this shop. What are you looking for?",
	},
	"ask": {
		"Draft: What kind of product are you looking for?", "Tell me, what kind of product are you looking for?",
		"Draft: Which two should I compare? Say for instance \"the first and the second\".", "Which two should I compare? You can say for instance \"the first and the second\".",
		"Draft: Your cart is empty. What can I find for you?", "Your cart is still empty. What can I find for you?",
	},
	"found": {
		"Draft: Here are [1] for [2]. The closest match is [3]. You can narrow it down by price, brand or colour.",
		"I found [1] for [2]. The closest match is [3], and you can narrow it down by price, brand or colour.",
		"Draft: I found [1] for [2] [3]. I'd start with [4].", "Have a look at these [1] for [2] [3]. I'd start with [4].",
		"Draft: Here are [1] for [2]. The lowest price is [3].", "These are [1] for [2]. The lowest price is [3].",
		"Draft: Have a look at these [1] for [2]. The one that fits best is [3].", "Here are [1] for [2]. The one that fits best is [3].",
	},
	"none": {
		"Draft: Sorry, we don't have any [1]. Would something else do? Tell me what it is for.", "Sorry, we don't have any [1]. Tell me what it is for, and I'll look for something else.",
		"Draft: I couldn't find any [1] [2] here, sorry. Shall I look without the [3]?", "Sorry, I couldn't find any [1] [2] here. Shall I look without the [3]?",
		"Draft: Sorry, we don't carry [1]. Shall I look for [2] of other brands?", "Sorry, we don't carry [1]. Would you like to see [2] of other brands?",
	},
	"cart": {
		"Draft: I've put [1] in your cart. The total is now [2].", "Done, [1] is in your cart. The total is now [2].",
		"Draft: I took [1] out of your cart. The total is now [2].", "I took [1] out of your cart, so the total is now [2].",
		"Draft: In your cart: [1]. The total is [2].", "This is in your cart: [1]. The total is [2].",
		"Draft: Your cart comes to [1]. You can pay here: [2]", "Your cart comes to [1]. You can pay here: [2]",
	},
	"listing": {
		"Draft: The listing of [1] says: [2]", "I looked at the listing of [1], and it says: [2]",
		"Draft: Here is the price: [1].", "Sure, here is the price: [1].",
		"Draft: [1] is in stock, with [2] left.", "Yes, [1] is in stock, with [2] left.",
	},
	"order": {
		"Draft: Here is how your order stands: [1]. It should arrive on [2].", "I looked it up: [1]. It should arrive on [2].",
		"Draft: Here is how your order stands: [1]. Log in to see more about it.", "I looked it up: [1]. Log in to see more about it.",
	},
	"compare": {
		"Draft: This is how they differ: [1] If the price decides, take [2].", "Here is how they differ: [1] If the price decides, take [2].",
		"Draft: Side by side: [1] Customers rate [2] higher. The cheaper choice is [3].", "Here they are side by side: [1] Customers rate [2] higher, and the cheaper choice is [3].",
	},
}

// examplesOf are the lines before the draft: the user's and the assistant's in turn. A small model is led astray by examples
// of other acts; a larger one gets those of all acts, so that every answer's prompt begins alike and is in the server's cache.
func examplesOf(act string, small bool) []string {
	if small {
		return slices.Clone(examples[act])
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(examples)) {
		all = append(all, examples[name]...)
	}
	return all
}
