package web

import (
	"cmp"
	"context"
	"net/http"

	"floorwalker/behaviour"
	"floorwalker/dialog"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/danielgtaylor/huma/v2"
)

// Behaviour keeps what customers did, *behaviour.Log.
type Behaviour interface {
	Add(ctx context.Context, events []behaviour.Event) (behaviour.Receipt, error)
	// Allow notes what a customer says of purposes on a platform; Consent is what holds there.
	Allow(ctx context.Context, s shop.Shopper, said behaviour.Consent) error
	Consent(ctx context.Context, s shop.Shopper) (behaviour.Consent, error)
	Erase(ctx context.Context, who string) (int, error)
	// Unclaim gives back what visitors did and a customer's login made the customer's.
	Unclaim(ctx context.Context, customer string) (int, error)
	// Shown notes the cards that a person put before a customer; more than once is once.
	Shown(ctx context.Context, session, client string, cards shop.Cards)
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
		Personalisation *bool  `json:"personalisation,omitempty" doc:"Whether what the customer did may shape what is recommended to the customer"`
		Learning        *bool  `json:"learning,omitempty" doc:"Whether it may shape what all are recommended, and how products are ordered"`
		Advertising     *bool  `json:"advertising,omitempty" doc:"Whether products that are paid for may be placed before the customer"`
	}
}

type consentsInput struct {
	Authorization string `header:"Authorization" doc:"Bearer and the session's secret"`
	Session       string `query:"session" required:"true" minLength:"1" maxLength:"64" doc:"The session's id"`
}

type consentsOutput struct {
	Body struct {
		Platform        string `json:"platform" doc:"Where this device is; the answers hold there"`
		Personalisation bool   `json:"personalisation"`
		Learning        bool   `json:"learning"`
		Advertising     bool   `json:"advertising"`
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

type unmergeInput struct {
	Authorization string `header:"Authorization" doc:"Bearer and the session's secret"`
	Body          struct {
		Session string `json:"session" minLength:"1" maxLength:"64" doc:"A session of the customer"`
	}
}

type unmergeOutput struct {
	Body struct {
		Events int `json:"events" doc:"How many events are not the customer's any more"`
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
	consent.Description = "Each purpose is allowed apart; what is not named stays as it was. It holds on the platform of the device that says it, and nowhere else."
	consent.MaxBodyBytes, consent.Security = 4<<10, security
	huma.Register(api, consent, s.setConsent)
	holds := s.operation(api, http.MethodGet, "/api/consent", "getConsent", "What the customer's behaviour may be used for", http.StatusOK)
	holds.Description = "What holds on the platform of the device that asks, silence included."
	holds.Security = security
	huma.Register(api, holds, s.getConsent)
	unmerge := s.operation(api, http.MethodPost, "/api/events/unmerge", "unmergeEvents", "Part what was done before the login from the customer", http.StatusOK)
	unmerge.Description = "What the customer's devices did before a login became the customer's. This gives all of it back to the visits; later logins do not merge it again."
	unmerge.MaxBodyBytes, unmerge.Security = 4<<10, security
	huma.Register(api, unmerge, s.unmergeEvents)
	erase := s.operation(api, http.MethodDelete, "/api/events", "eraseEvents", "Erase what the customer did", http.StatusOK)
	erase.Description = "Erases the events of the session and, where the customer is known, of all the customer's sessions."
	erase.Security = security
	huma.Register(api, erase, s.eraseEvents)
}

// clientOf is who the events of a session are by: the verified customer, else the session.
func clientOf(session dialog.Session) string { return cmp.Or(session.Customer, session.ID) }

// shopperOf is who the session's device speaks for, and where.
func shopperOf(session dialog.Session) shop.Shopper {
	return shop.Shopper{Client: clientOf(session), Session: session.ID, Platform: session.Platform}
}

func (s *Server) sendEvents(ctx context.Context, in *eventsInput) (*struct{ Body behaviour.Receipt }, error) {
	session, err := s.authenticate(ctx, in.Authorization, in.Body.Session)
	if err != nil {
		return nil, err
	}
	if !s.eventRate.allow(session.ID) {
		return nil, refuse(http.StatusTooManyRequests, shop.CodeRateLimit, "Too many events. Gather them and send them every few seconds.")
	}
	receipt, err := s.takeEvents(ctx, shopperOf(session), in.Body.Events)
	if err != nil {
		return nil, s.fail(ctx, "events not kept", err)
	}
	return &struct{ Body behaviour.Receipt }{receipt}, nil
}

// takeEvents keeps what a page tells. What a page may not tell keeps its place in the batch, and gets its own refusal.
func (s *Server) takeEvents(ctx context.Context, from shop.Shopper, events []behaviour.Event) (behaviour.Receipt, error) {
	var taken []behaviour.Event
	var at []int
	var refused []behaviour.Refusal
	for i, e := range events {
		if !e.Action.OfPage() {
			refused = append(refused, behaviour.Refusal{Index: i, ID: e.ID, Code: shop.CodeBadRequest,
				Message: "A page tells of view, hover, click, comment, rating, share and dwell; all else the server sees itself."})
			continue
		}
		e.Session, e.Client, e.Platform = from.Session, from.Client, from.Platform
		taken, at = append(taken, e), append(at, i)
	}
	receipt, err := s.parts.Behaviour.Add(ctx, taken)
	if err != nil {
		return receipt, err
	}
	for i := range receipt.Refused {
		receipt.Refused[i].Index = at[receipt.Refused[i].Index]
	}
	receipt.Refused = append(receipt.Refused, refused...)
	return receipt, nil
}

// events takes what the page tells over its socket.
func (s *Server) events(ctx context.Context, c caller, d *protocol.EventsSend) (protocol.EventsAccepted, error) {
	var answer protocol.EventsAccepted
	switch {
	case s.parts.Behaviour == nil:
		return answer, errNoEvents
	case !s.eventRate.allow(c.session):
		return answer, errEventRate
	}
	events := make([]behaviour.Event, 0, len(d.Events))
	for _, e := range d.Events {
		a := e.EventAttributes
		events = append(events, behaviour.Event{ID: e.EventID, Action: behaviour.Action(e.ActionName), QueryID: e.QueryID, Time: e.Timestamp, Message: e.Message,
			Attributes: behaviour.Attributes{Object: behaviour.Object{ID: a.Object.ObjectID}, Position: behaviour.Position{Ordinal: a.Position.Ordinal},
				DwellSeconds: a.DwellTime, Stars: a.Rating}})
	}
	receipt, err := s.takeEvents(ctx, shop.Shopper{Client: c.owner, Session: c.session, Platform: c.by.Platform}, events)
	if err != nil {
		return answer, err
	}
	answer.Accepted, answer.Duplicates = receipt.Accepted, receipt.Duplicates
	for _, r := range receipt.Refused {
		answer.Refused = append(answer.Refused, protocol.EventRefused{Index: r.Index, EventID: r.ID, Code: r.Code, Message: r.Message})
	}
	return answer, nil
}

func (s *Server) setConsent(ctx context.Context, in *consentInput) (*struct{}, error) {
	session, err := s.authenticate(ctx, in.Authorization, in.Body.Session)
	if err != nil {
		return nil, err
	}
	said := behaviour.Consent{}
	for purpose, yes := range map[behaviour.Purpose]*bool{behaviour.Personalisation: in.Body.Personalisation, behaviour.Learning: in.Body.Learning,
		behaviour.Advertising: in.Body.Advertising} {
		if yes != nil {
			said[purpose] = *yes
		}
	}
	if len(said) == 0 {
		return nil, refuse(http.StatusBadRequest, shop.CodeBadRequest, "Say of personalisation, learning or advertising whether it is allowed.")
	}
	if err := s.parts.Behaviour.Allow(ctx, shopperOf(session), said); err != nil {
		return nil, s.fail(ctx, "consent not noted", err)
	}
	return nil, nil
}

func (s *Server) getConsent(ctx context.Context, in *consentsInput) (*consentsOutput, error) {
	session, err := s.authenticate(ctx, in.Authorization, in.Session)
	if err != nil {
		return nil, err
	}
	holds, err := s.parts.Behaviour.Consent(ctx, shopperOf(session))
	if err != nil {
		return nil, s.fail(ctx, "consent not read", err)
	}
	out := &consentsOutput{}
	b := &out.Body
	b.Platform, b.Personalisation, b.Learning, b.Advertising = session.Platform, holds[behaviour.Personalisation], holds[behaviour.Learning], holds[behaviour.Advertising]
	return out, nil
}

func (s *Server) unmergeEvents(ctx context.Context, in *unmergeInput) (*unmergeOutput, error) {
	session, err := s.authenticate(ctx, in.Authorization, in.Body.Session)
	if err != nil {
		return nil, err
	}
	out := &unmergeOutput{}
	if session.Customer == "" {
		return out, nil
	}
	if out.Body.Events, err = s.parts.Behaviour.Unclaim(ctx, session.Customer); err != nil {
		return nil, s.fail(ctx, "events not given back", err)
	}
	return out, nil
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
