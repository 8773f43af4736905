// Command chaos kills what a shop runs on, again and again and in the middle of commits, while customers talk with
// the assistant and with agents, and checks that nothing acknowledged is lost.
//
// It runs the real binary, twice, over one PostgreSQL, one external NATS and a stand-in for Ollama. Customers and
// agents are on different replicas. Between each server and PostgreSQL stands a wire that knows every commit by what
// it writes; a round picks a victim and a commit, and kills the victim with SIGKILL before the commit, before its
// answer, or right after. Every few rounds the talk pauses, and the database is compared with what clients were told:
//
//   - every acknowledged client_msg_id has exactly one row and one event;
//   - each log counts from 1 without gaps, and what every client was shown equals it byte for byte;
//   - every message has exactly one final state;
//   - a conversation has one owner at a time: nobody else wrote in it, and of all who claimed it one was told yes;
//   - other systems are told of every handoff.
//
// The last line of output is one JSON object. make chaos runs it; with --soak it runs for a time instead of a number
// of rounds and watches the servers' memory, goroutines and file descriptors.
package main
