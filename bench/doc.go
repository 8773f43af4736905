// Command bench holds many conversations with Floorwalker and, in the same run and from the same loopback addresses,
// as many plain chats with a server made of github.com/centrifugal/centrifuge, and compares what a connection costs
// and how fast a message arrives.
//
// It is a module of its own, so that the peer is no dependency of the product. make bench-sessions runs it; its last
// line of output is one JSON object, and so is that of bench storm, which restarts Floorwalker under many customers
// (make bench-storm). The load stays on loopback and within the numbers given.
package main
