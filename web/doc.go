// Package web is the door of the shop: HTTP and WebSocket. It serves the customer's page, opens sessions,
// hands out tickets, carries the protocol's frames between sockets and the session manager, keeps products by
// HTTP, and says whether everything is up. It answers no question itself and holds nothing that a restart
// would lose.
//
//	server := web.New(web.Parts{Sessions: manager, Catalogue: store, Carts: carts, Pool: pool, Status: status,
//		Drain: manager.Drain}, web.Config{Origins: []string{"https://shop.example"}})
//	listener, err := net.Listen("tcp", ":8080")
//	err = server.Serve(ctx, listener) // until ctx ends: turns drained, sockets told to come back
//
// Who may connect: browsers on /ws from the listed origins alone, native apps (which send no Origin) on
// /ws/app. Both show a ticket in Sec-WebSocket-Protocol; a ticket is had for the session's secret, works once
// and for half a minute. No secret ever stands in a URL.
package web
