package protocol_test

import (
	"fmt"
	"time"

	"floorwalker/protocol"
)

func ExampleDecodeClient() {
	frame := []byte(`{"v":1,"type":"message.send","client_msg_id":"c-1","data":{"text":"running shoes under 80 dollars"}}`)
	env, data, err := protocol.DecodeClient(frame)
	if err != nil {
		fmt.Println(err)
		return
	}
	switch d := data.(type) {
	case *protocol.MessageSend:
		fmt.Println(env.ClientMsgID, d.Text)
	}
	_, _, err = protocol.DecodeClient([]byte(`{"v":1,"type":"message.sent"}`))
	fmt.Println(err)
	// Output:
	// c-1 running shoes under 80 dollars
	// unknown_type: "message.sent" is not a type of this protocol. See its table of types.
}

func ExampleNew() {
	env, err := protocol.New(protocol.TypePong, protocol.Pong{}, time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err)
		return
	}
	frame, err := env.Encode()
	fmt.Println(string(frame), err)
	// Output: {"v":1,"type":"pong","ts":"2026-05-01T12:00:00Z","data":{}} <nil>
}

func ExampleLookupClose() {
	c := protocol.LookupClose(4000)
	fmt.Println(c.Name, c.Reconnect, c.MaxWait)
	// Output: slow_reader true 1s
}
