package protocol_test

import (
	"encoding/json"
	"strings"
	"testing"

	"floorwalker/protocol"

	"github.com/invopop/jsonschema"
)

type object = map[string]any

// answers are the types that the server answers a client's with.
var answers = map[protocol.Type][]protocol.Type{
	protocol.TypeSessionResume: {protocol.TypeSessionOpened, protocol.TypeSessionResumed, protocol.TypeSessionReset, protocol.TypeError},
	protocol.TypeMessageSend:   {protocol.TypeMessageAccepted, protocol.TypeError},
	protocol.TypePing:          {protocol.TypePong},
}

// asyncAPI is the protocol as an AsyncAPI 3 document. Its actions are the server's: it receives what clients send.
func asyncAPI(t *testing.T, r *jsonschema.Reflector) object {
	t.Helper()
	schemas, messages := object{}, object{}
	for name, s := range schemasByName(r) {
		schemas[name] = plain(t, s)
	}
	customers, consoles, operations := object{}, object{}, object{}
	for _, spec := range protocol.Registry() {
		name := string(spec.Type)
		messages[name] = message(spec)
		here := object{"$ref": "#/components/messages/" + name}
		switch spec.Direction {
		case protocol.FromClient:
			customers[name], consoles[name] = here, here
			operations[name] = operation("receive", "customer", spec)
		case protocol.FromServer:
			customers[name], consoles[name] = here, here
			operations[name] = operation("send", "customer", spec)
		case protocol.FromConsole:
			consoles[name] = here
			operations[name] = operation("receive", "console", spec)
		case protocol.ToConsole:
			consoles[name] = here
			operations[name] = operation("send", "console", spec)
		}
	}
	handoff := r.Reflect(&protocol.HandoffEvent{})
	handoff.Version = ""
	schemas["HandoffEvent"] = plain(t, handoff)
	messages["handoff"] = object{"name": "handoff", "title": "handoff", "summary": handoff.Description, "contentType": "application/json",
		"payload": object{"$ref": "#/components/schemas/HandoffEvent"}}
	operations["handoff"] = object{"action": "send", "channel": object{"$ref": "#/channels/handoff"},
		"summary": "Other systems hear of handoffs, at least once each.", "messages": []object{{"$ref": "#/channels/handoff/messages/handoff"}}}
	shop, ticket := []object{{"$ref": "#/servers/shop"}}, []object{{"$ref": "#/components/securitySchemes/ticket"}}
	return object{
		"asyncapi": "3.0.0",
		"info": object{"title": "Floorwalker", "version": "1", "description": "What a customer's page or app and the server say to each other. " +
			"docs/protocol.md explains it: how to resume, to retry, and what each close code asks for. Generated from the Go types."},
		"defaultContentType": "application/json",
		"servers": object{
			"shop": object{"host": "chat.shop.example", "protocol": "wss", "description": "Where Floorwalker serves.", "security": ticket},
			"nats": object{"host": "nats.shop.example:4222", "protocol": "nats", "description": "The JetStream that other systems hear from."},
		},
		"channels": object{
			"customer": object{"address": "/ws", "title": "A customer's socket", "servers": shop, "messages": customers,
				"description": "Pages connect at /ws, native apps, which send no Origin, at /ws/app. Where WebSocket is blocked, POST /api/stream " +
					"gives the server's envelopes as server-sent events, and POST /api/frames takes the client's."},
			"console": object{"address": "/console/ws", "title": "An agent's socket", "servers": shop, "messages": consoles,
				"description": "One socket for the desk and all conversations that the agent watches; the console's cookie opens it."},
			"handoff": object{"address": "floorwalker.handoff.{event}", "title": "Who has which conversation", "servers": []object{{"$ref": "#/servers/nats"}},
				"parameters": object{"event": object{"description": "What happened.", "enum": []string{"requested", "claimed", "transferred", "released", "resolved"}}},
				"messages":   object{"handoff": object{"$ref": "#/components/messages/handoff"}}},
		},
		"operations": operations,
		"components": object{"messages": messages, "schemas": schemas, "securitySchemes": object{
			"ticket": object{"type": "httpApiKey", "in": "header", "name": "Sec-WebSocket-Protocol",
				"description": "Offer floorwalker.v1 and ticket.<ticket>; POST /api/tickets gives a ticket for one socket."}}},
	}
}

// message is one type: the envelope, with this type's name and data.
func message(spec protocol.Spec) object {
	frame := object{"type": "object", "required": required(spec), "properties": object{
		"type": object{"const": string(spec.Type)}, "data": object{"$ref": "#/components/schemas/" + dataName(spec)}}}
	return object{"name": string(spec.Type), "title": string(spec.Type), "summary": spec.Says, "contentType": "application/json",
		"payload": object{"allOf": []object{{"$ref": "#/components/schemas/Envelope"}, frame}}}
}

func required(spec protocol.Spec) []string {
	fields := []string{"v", "type"}
	if spec.Logged {
		fields = append(fields, "id", "session", "seq", "epoch", "ts")
	}
	if spec.NeedsClientMsgID {
		fields = append(fields, "client_msg_id")
	}
	return fields
}

func operation(action, channel string, spec protocol.Spec) object {
	at := func(typ protocol.Type) object {
		return object{"$ref": "#/channels/" + channel + "/messages/" + string(typ)}
	}
	o := object{"action": action, "channel": object{"$ref": "#/channels/" + channel}, "summary": spec.Says, "messages": []object{at(spec.Type)}}
	if replies := answers[spec.Type]; replies != nil {
		var all []object
		for _, typ := range replies {
			all = append(all, at(typ))
		}
		o["reply"] = object{"channel": object{"$ref": "#/channels/" + channel}, "messages": all}
	}
	return o
}

// plain is a schema as AsyncAPI has it: what it refers to stands among the document's own.
func plain(t *testing.T, s *jsonschema.Schema) (o object) {
	t.Helper()
	raw := strings.ReplaceAll(string(pretty(t, s)), `"#/$defs/Error"`, `"#/$defs/ErrorBody"`)
	if err := json.Unmarshal([]byte(strings.ReplaceAll(raw, "#/$defs/", "#/components/schemas/")), &o); err != nil {
		t.Fatal(err)
	}
	return o
}
