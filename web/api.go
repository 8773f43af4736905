package web

import (
	"context"
	"net/http"
	"strings"

	"floorwalker/shop"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// apiError is how every error leaves the HTTP API: the same code and sentence as on the wire.
type apiError struct {
	status int
	// Code is stable, in snake case.
	Code string `json:"code" doc:"Stable code in snake case" example:"not_found"`
	// Message tells a person what to do.
	Message string `json:"message" doc:"A sentence that tells what to do"`
}

func (e *apiError) Error() string  { return e.Code + ": " + e.Message }
func (e *apiError) GetStatus() int { return e.status }

var _ huma.StatusError = (*apiError)(nil)

// statuses are the HTTP statuses of codes; every other code of a shop.Error is the caller's fault, 400.
var statuses = map[string]int{
	shop.CodeNotFound: http.StatusNotFound, shop.CodeForbidden: http.StatusForbidden, shop.CodeConflict: http.StatusConflict,
	shop.CodeTooLarge: http.StatusRequestEntityTooLarge, shop.CodeRateLimit: http.StatusTooManyRequests,
	shop.CodeBusy: http.StatusServiceUnavailable, shop.CodeUnavailable: http.StatusServiceUnavailable, "draining": http.StatusServiceUnavailable,
	shop.CodeInternal: http.StatusInternalServerError,
}

// fail turns an error into the API's, and logs what the caller is not told.
func (s *Server) fail(ctx context.Context, what string, err error) error {
	code, message := shop.CodeOf(err)
	e := &apiError{status: http.StatusBadRequest, Code: code, Message: message}
	if status, ok := statuses[code]; ok {
		e.status = status
	}
	if e.status == http.StatusInternalServerError && ctx.Err() == nil {
		s.log.Error(what, "error", err)
	}
	return e
}

// refuse is an error of the API's own.
func refuse(status int, code, message string) error {
	return &apiError{status: status, Code: code, Message: message}
}

// newAPI describes the HTTP API, at /openapi.json and for people at /docs/api: the library's own page would load
// scripts from elsewhere.
func (s *Server) newAPI(mux *router) huma.API {
	c := huma.DefaultConfig("Floorwalker", "1")
	c.Info.Description = "Sessions and tickets for clients, products for the shop. The conversation itself goes over WebSocket."
	c.DocsPath, c.SchemasPath, c.CreateHooks = "", "", nil
	c.Transformers = append(c.Transformers, ownError)
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"admin":   {Type: "http", Scheme: "bearer", Description: "The shop's admin token."},
		"session": {Type: "http", Scheme: "bearer", Description: "The session's secret."},
		"ticket":  {Type: "http", Scheme: "bearer", Description: "A ticket for one stream."},
		"socket": {Type: "apiKey", In: "header", Name: "Sec-WebSocket-Protocol",
			Description: "floorwalker.v1 and ticket.<ticket>, both offered; the server chooses the first."},
	}
	return humago.New(mux, c)
}

// ownError rewrites the library's own errors (a body that does not fit its schema) in the API's form.
func ownError(_ huma.Context, _ string, v any) (any, error) {
	model, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	e := &apiError{status: model.Status, Code: shop.CodeBadRequest, Message: sentence(model.Detail)}
	switch model.Status {
	case http.StatusRequestEntityTooLarge:
		e.Code = shop.CodeTooLarge
	case http.StatusInternalServerError:
		e.Code, e.Message = shop.CodeOf(nil)
	}
	for _, detail := range model.Errors {
		e.Message += " " + sentence(detail.Message+" at "+detail.Location)
	}
	return e, nil
}

func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

// operation is one call of the API.
func (s *Server) operation(api huma.API, method, path, id, summary string, status int) huma.Operation {
	schema := api.OpenAPI().Components.Schemas
	return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, DefaultStatus: status,
		MaxBodyBytes: 1 << 20, Responses: map[string]*huma.Response{"default": {Description: "What went wrong",
			Content: map[string]*huma.MediaType{"application/json": {Schema: huma.SchemaFromType(schema, errorType)}}}}}
}

// bearer is the token of an Authorization header, or "".
func bearer(header string) string {
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
