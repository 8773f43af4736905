// Package protocol is the wire: the one envelope that travels both ways over the WebSocket, every type
// that may stand in it, the codes of errors and of closed sockets, and the JSON Schema generated from
// these Go types. It opens no socket and knows no session; package dialog makes the events, package web
// carries them.
//
// Reading a customer's frame:
//
//	env, data, err := protocol.DecodeClient(frame)
//	if err != nil {
//		out <- protocol.ErrorEnvelope(err, env, now) // a stable code and a sentence; the connection lives
//		continue
//	}
//	switch d := data.(type) {
//	case *protocol.MessageSend:
//		ack, err := manager.Post(ctx, session, dialog.PostRequest{ClientMsgID: env.ClientMsgID, Text: d.Text})
//	case *protocol.TurnStop:
//		err = manager.Interrupt(ctx, session, d.MessageID)
//	}
package protocol
