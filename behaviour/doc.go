// Package behaviour keeps what customers did. Events come in the words of OpenSearch's User Behavior Insights: from
// the customer's page by HTTP, from the shop's own servers by NATS, and from the server itself, which logs each
// impression once.
//
//	log := behaviour.NewLog(pool, behaviour.Options{})
//	receipt, err := log.Add(ctx, events) // committed when it returns; retries are counted once
//	answers := log.Watch(assistant)      // every card shown is an impression
//
// It knows no catalogue: what is sold out is for the caller to leave out.
package behaviour
