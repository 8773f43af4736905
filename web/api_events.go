package web

import (
	"cmp"
	"context"
	"net/http"

	"floorwalker/behaviour"
	"floorwalker/dialog"
	"floorwalker/shop"

	"github.com/danielgtaylor/huma/v2"
)

// Behaviour keeps what customers did, *behaviour.Log.
type Behaviour interface {
	Add(ctx context.Context, events []behaviour.Event) (behaviour.Receipt, error)
	Allow(ctx context.Context, client string, personalisation bool) error
	Erase(ctx context.Context, who string) (int, error)
}

var _ Behaviour = (*behaviour.Log)(nil)

const (
	// maxEvents is how many events a page sends at once, maxEventBody how many bytes.
	maxEvents    = 500
	maxEventBody = 512 << 10
)

type eventsInput struct {
	Authorization string `header:"Authorization" doc:"Bearer and the session's secret"`
	Body          struct {
		Session string            `json:"session" minLength:"1" maxLength:"64" doc:"The session's id"`
		Events  []behaviour.Event `json:"events" minItems:"1" maxItems:"500" doc:"At most 500"`
	}
}

type consentInput struct {
	Authorization string `header:"Authorization" doc:"Bearer and the session's secret"`
	Body          struct {
		Session         string `json:"session" minLength:"1" maxLength:"64" doc:"The session's id"`
		Personalisation bool   `json:"personalisation" doc:"Whether what the customer did may shape what is recommended to the customer"`
	}
}

type eraseInput struct {
	Authorization string `header:"Authorization" doc:"Bearer and the session's secret"`
	Session       string `query:"session" required:"true" minLength:"1" maxLength:"64" doc:"The session's id"`
}

type eraseOutput struct {
	Body struct {
		Erased int `json:"erased" doc:"How many events there were"`
	}
}

// eventRoutes take in what customers do, and let them say what it may be used for. Without a place to keep it there
// are none.
func (s *Server) eventRoutes(api huma.API) {
	if s.parts.Behaviour == nil {
		return
	}
	security := []map[string][]string{{"session": {}}}
	send := s.operation(api, http.MethodPost, "/api/events", "sendEvents", "Tell what the customer did", http.StatusOK)
	send.Description = "Events in the words of OpenSearch's User Behavior Insights. What was accepted is committed when the answer comes; " +
		"an event that comes again is counted once. Impressions, carts and declined cards the server logs itself: of those none are taken."
	send.MaxBodyBytes, send.Security = maxEventBody, security
	huma.Register(api, send, s.sendEvents)
	consent := s.operation(api, http.MethodPut, "/api/consent", "setConsent", "Say what the customer's behaviour may be used for", http.StatusNoContent)
	consent.MaxBodyBytes, consent.Security = 4<<10, security
	huma.Register(api, consent, s.setConsent)
	erase := s.operation(api, http.MethodDelete, "/api/events", "eraseEvents", "Erase what the customer did", http.StatusOK)
	erase.Description = "Erases the events of the session and, where the customer is known, of all the customer's sessions."
	erase.Security = security
	huma.Register(api, erase, s.eraseEvents)
}

// clientOf is who the events of a session are by: the verified customer, else the session.
func clientOf(session dialog.Session) string { return cmp.Or(session.Customer, session.ID) }

func (s *Server) sendEvents(ctx context.Context, in *eventsInput) (*struct{ Body behaviour.Receipt }, error) {
	session, err := s.authenticate(ctx, in.Authorization, in.Body.Session)
	if err != nil {
		return nil, err
	}
	if !s.eventRate.allow(session.ID) {
		return nil, refuse(http.StatusTooManyRequests, shop.CodeRateLimit, "Too many events. Gather them and send them every few seconds.")
	}
	// What a page may not tell keeps its place in the batch, and gets its own refusal.
	var taken []behaviour.Event
	var at []int
	var refused []behaviour.Refusal
	for i, e := range in.Body.Events {
		if !e.Action.OfPage() {
			refused = append(refused, behaviour.Refusal{Index: i, ID: e.ID, Code: shop.CodeBadRequest,
				Message: "A page tells of hover, click, comment, rating, share and dwell; all else the server sees itself."})
			continue
		}
		e.Session, e.Client = session.ID, clientOf(session)
		taken, at = append(taken, e), append(at, i)
	}
	receipt, err := s.parts.Behaviour.Add(ctx, taken)
	if err != nil {
		return nil, s.fail(ctx, "events not kept", err)
	}
	for i := range receipt.Refused {
		receipt.Refused[i].Index = at[receipt.Refused[i].Index]
	}
	receipt.Refused = append(receipt.Refused, refused...)
	return &struct{ Body behaviour.Receipt }{receipt}, nil
}

func (s *Server) setConsent(ctx context.Context, in *consentInput) (*struct{}, error) {
	session, err := s.authenticate(ctx, in.Authorization, in.Body.Session)
	if err != nil {
		return nil, err
	}
	if err := s.parts.Behaviour.Allow(ctx, clientOf(session), in.Body.Personalisation); err != nil {
		return nil, s.fail(ctx, "consent not noted", err)
	}
	return nil, nil
}

func (s *Server) eraseEvents(ctx context.Context, in *eraseInput) (*eraseOutput, error) {
	session, err := s.authenticate(ctx, in.Authorization, in.Session)
	if err != nil {
		return nil, err
	}
	out := &eraseOutput{}
	for _, who := range []string{session.ID, session.Customer} {
		if who == "" {
			continue
		}
		n, err := s.parts.Behaviour.Erase(ctx, who)
		if err != nil {
			return nil, s.fail(ctx, "events not erased", err)
		}
		out.Body.Erased += n
	}
	return out, nil
}
