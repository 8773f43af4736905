package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"floorwalker/shop"
)

// checker is data that knows its own ranges.
type checker interface{ Check() error }

// DecodeClient reads one frame of a client: at most MaxFrame bytes of valid UTF-8 holding one envelope of
// version 1 with a type that clients send. data is a pointer to the type's struct of the registry, within
// its ranges. Fields that are not known are passed over, so that newer clients can speak to older servers.
//
// Every error is a *shop.Error with a stable code. The envelope is returned with it as far as it could be
// read, so that the answer can name the client_msg_id.
func DecodeClient(frame []byte) (env Envelope, data any, err error) {
	return decodeFrom(frame, FromClient)
}

// DecodeConsole reads one frame of an agent's console as DecodeClient reads a customer's. Consoles may also
// send what FromConsole marks.
func DecodeConsole(frame []byte) (env Envelope, data any, err error) {
	return decodeFrom(frame, FromClient, FromConsole)
}

func decodeFrom(frame []byte, senders ...Direction) (env Envelope, data any, err error) {
	env, spec, err := decode(frame)
	if err != nil {
		return env, nil, err
	}
	if !slices.Contains(senders, spec.Direction) {
		return env, nil, shop.Errorf(CodeUnknownType, "Clients don't send %s. See the protocol's table of types.", env.Type)
	}
	if env.ClientMsgID != "" || spec.NeedsClientMsgID {
		if err := CheckClientMsgID(env.ClientMsgID); err != nil {
			return env, nil, err
		}
	}
	data, err = decodeData(env, spec)
	return env, data, err
}

// DecodeServer reads one frame of the server, for clients. data is nil for a type that this version does
// not know: a client passes over such a frame, but must keep its seq.
func DecodeServer(frame []byte) (env Envelope, data any, err error) {
	if err := json.Unmarshal(frame, &env); err != nil {
		return env, nil, &shop.Error{Code: CodeBadJSON, Message: "The server's frame is not an envelope.", Cause: err}
	}
	spec, ok := Lookup(env.Type)
	if !ok || spec.Direction != FromServer && spec.Direction != ToConsole {
		return env, nil, nil
	}
	data = spec.New()
	if err := env.Into(data); err != nil {
		return env, nil, &shop.Error{Code: CodeBadJSON, Message: "The server's frame does not fit its type.", Cause: err}
	}
	return env, data, nil
}

func decode(frame []byte) (Envelope, Spec, error) {
	var env Envelope
	if len(frame) > MaxFrame {
		return env, Spec{}, shop.Errorf(shop.CodeTooLarge, "A frame may hold %d KiB. Send less at a time.", MaxFrame>>10)
	}
	if !utf8.Valid(frame) {
		return env, Spec{}, shop.Errorf(CodeBadUTF8, "The frame is not valid UTF-8. Encode the text as UTF-8.")
	}
	if depth(frame) > MaxDepth {
		return env, Spec{}, shop.Errorf(CodeTooDeep, "The frame is nested deeper than %d levels. Send flat data.", MaxDepth)
	}
	if trimmed := bytes.TrimLeft(frame, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '{' {
		return env, Spec{}, shop.Errorf(CodeBadJSON, "The frame is not a JSON object. Send one envelope a frame.")
	}
	if err := json.Unmarshal(frame, &env); err != nil {
		return env, Spec{}, badJSON("the envelope", err)
	}
	if env.V != Version {
		return env, Spec{}, shop.Errorf(CodeBadVersion, "This server speaks version %d of the protocol. Send \"v\":%d, or reload the page.", Version, Version)
	}
	spec, ok := Lookup(env.Type)
	if !ok {
		return env, Spec{}, shop.Errorf(CodeUnknownType, "%s is not a type of this protocol. See its table of types.", quote(string(env.Type)))
	}
	return env, spec, nil
}

func decodeData(env Envelope, spec Spec) (any, error) {
	data := spec.New()
	if len(env.Data) > 0 && !bytes.Equal(env.Data, []byte("null")) {
		if env.Data[0] != '{' {
			return nil, shop.Errorf(CodeBadJSON, "The data of %s must be an object.", env.Type)
		}
		if err := json.Unmarshal(env.Data, data); err != nil {
			return nil, badJSON("the data of "+string(env.Type), err)
		}
	}
	if c, ok := data.(checker); ok {
		if err := c.Check(); err != nil {
			return nil, err
		}
	}
	return data, nil
}

func badJSON(what string, err error) error {
	message := fmt.Sprintf("The frame is not valid JSON. Check %s.", what)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		message = fmt.Sprintf("The field %s of %s must be a %s.", quote(wrong.Field), what, wrong.Type.Kind())
	}
	return &shop.Error{Code: CodeBadJSON, Message: message, Cause: err}
}

// depth is how deep objects and arrays are nested, counted before anything is parsed; brackets inside
// strings do not count.
func depth(frame []byte) int {
	deepest, level, inString := 0, 0, false
	for i := 0; i < len(frame); i++ {
		switch c := frame[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deepest
}

// quote shows what a client sent, cut short and without line breaks, so that an error frame stays small.
func quote(s string) string {
	const most = 40
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "..."
	}
	return "\"" + strings.Map(func(r rune) rune {
		if r < ' ' || r == '"' {
			return ' '
		}
		return r
	}, s) + "\""
}
