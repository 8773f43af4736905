package web

import (
	"net/http"
	"reflect"

	"floorwalker/protocol"

	"github.com/danielgtaylor/huma/v2"
)

// plainRoutes are those that the API's library does not answer: lines, pictures and metrics. They are described all the
// same.
func (s *Server) plainRoutes(mux *router, api huma.API) {
	schemas := api.OpenAPI().Components.Schemas
	object := func(t reflect.Type) map[string]*huma.MediaType {
		return map[string]*huma.MediaType{"application/json": {Schema: huma.SchemaFromType(schemas, t)}}
	}
	frame := &huma.RequestBody{Required: true, Description: "One envelope; docs/asyncapi.json describes its types.",
		Content: object(reflect.TypeFor[protocol.Envelope]())}
	for _, route := range []struct {
		method, path, id, summary, says, by string
		body                                *huma.RequestBody
		status                              string
		answer                              *huma.Response
		serve                               http.HandlerFunc
	}{
		{http.MethodGet, "/ws", "openSocket", "Open a page's WebSocket", "The page's Origin must be on the list.", "socket", nil,
			"101", &huma.Response{Description: "The WebSocket is open"}, s.serveBrowser},
		{http.MethodGet, "/ws/app", "openAppSocket", "Open a native app's WebSocket", "What sends an Origin is refused.", "socket", nil,
			"101", &huma.Response{Description: "The WebSocket is open"}, s.serveApp},
		{http.MethodPost, streamPath, "openStream", "Open a stream, where WebSockets are blocked",
			"The body is session.resume. Each event's data is one envelope; the event close has the close code and its reason. A ticket opens one stream, once.", "ticket", frame,
			"200", &huma.Response{Description: "The session's events", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}}}, s.serveStream},
		{http.MethodPost, framesPath, "sendFrame", "Send a frame, beside a stream",
			"The body is any envelope but session.resume, with its session. Any replica takes it.", "session", frame,
			"200", &huma.Response{Description: "The acknowledgement, error or pong, where there is one", Content: object(reflect.TypeFor[framesAnswer]())}, s.serveFrames},
		{http.MethodGet, "/metrics", "metrics", "Figures for Prometheus", "", "admin", nil,
			"200", &huma.Response{Description: "Figures", Content: map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}}}, s.serveMetrics},
		{http.MethodGet, "/images/{sku}", "image", "A product's picture", "Where there is none, one is drawn.", "", nil,
			"200", &huma.Response{Description: "The picture", Content: map[string]*huma.MediaType{"image/*": {}}}, s.serveImage},
		{http.MethodGet, "/demo/images/{sku}", "demoImage", "The picture of a product of the demo", "", "", nil,
			"200", &huma.Response{Description: "The picture", Content: map[string]*huma.MediaType{"image/*": {}}}, s.serveImage},
	} {
		o := s.operation(api, route.method, route.path, route.id, route.summary, 0)
		o.Description, o.RequestBody = route.says, route.body
		o.Responses[route.status] = route.answer
		if route.by != "" {
			o.Security = []map[string][]string{{route.by: {}}}
		}
		if route.path == "/images/{sku}" || route.path == "/demo/images/{sku}" {
			o.Parameters = []*huma.Param{{Name: "sku", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}}}
		}
		describe(api, o)
		mux.HandleFunc(route.method+" "+route.path, route.serve)
	}
}

// describe adds an operation to the description alone.
func describe(api huma.API, o huma.Operation) { api.OpenAPI().AddOperation(&o) }
