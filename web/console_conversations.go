package web

import (
	"context"
	"net/http"

	"floorwalker/behaviour"
	"floorwalker/desk"
	"floorwalker/protocol"
	"floorwalker/shop"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

type conversationInput struct {
	Session string `path:"session" maxLength:"64"`
}

type packetBody struct {
	desk.Packet
	// Cart and Orders are the customer's own; orders, and who it is, only of a verified customer.
	Cart   *shop.Cart     `json:"cart,omitempty"`
	Orders []shop.Order   `json:"orders"`
	Known  *shop.Customer `json:"known,omitempty"`
	// Missing names what the shop's own system did not tell: cart, orders, known.
	Missing []string `json:"missing,omitempty"`
	// RejectedProducts are the turned-down products that are still sold.
	RejectedProducts []foundProduct `json:"rejected_products"`
}

type claimInput struct {
	Session string `path:"session" maxLength:"64"`
	Body    struct {
		OwnerEpoch int64 `json:"owner_epoch" doc:"The owner epoch that the case showed: of all who claim at once one wins"`
	}
}

type noteInput struct {
	Session string `path:"session" maxLength:"64"`
	Body    struct {
		ClientMsgID string `json:"client_msg_id" maxLength:"64"`
		Text        string `json:"text" maxLength:"16000"`
	}
}

type releaseInput struct {
	Session string `path:"session" maxLength:"64"`
	Body    struct {
		Note string `json:"note,omitempty" maxLength:"16000" doc:"A whisper that stays with the conversation"`
	}
}

type transferInput struct {
	Session string `path:"session" maxLength:"64"`
	Body    struct {
		Agent string `json:"agent,omitempty" maxLength:"64" doc:"An agent who is at the desk"`
		Queue string `json:"queue,omitempty" maxLength:"40" doc:"Or a queue"`
		Note  string `json:"note,omitempty" maxLength:"16000"`
	}
}

type replyInput struct {
	Session string `path:"session" maxLength:"64"`
	Body    struct {
		ClientMsgID string   `json:"client_msg_id" maxLength:"64" doc:"The console's own name of the message; a retry carries the same"`
		Text        string   `json:"text" maxLength:"16000"`
		SKUs        []string `json:"skus,omitempty" maxItems:"12" doc:"Products to send as cards before the text; price and stock come from the catalogue"`
	}
}

type ackOutput struct{ Body protocol.Acknowledgement }

// conversationRoutes are what an agent does with one conversation.
func (s *Server) conversationRoutes(api huma.API) {
	const one = consoleAPI + "/conversations/{session}"
	huma.Register(api, s.operation(api, http.MethodGet, one, "packet", "Everything that is known of a conversation", http.StatusOK), s.packet)
	huma.Register(api, s.operation(api, http.MethodPost, one+"/claim", "claim", "Take the conversation over", http.StatusOK),
		func(ctx context.Context, in *claimInput) (*struct{ Body protocol.Case }, error) {
			c, err := s.parts.Desk.Claim(ctx, loginOf(ctx).Agent, in.Session, in.Body.OwnerEpoch)
			if err != nil {
				return nil, s.fail(ctx, "not claimed", err)
			}
			return &struct{ Body protocol.Case }{c}, nil
		})
	huma.Register(api, s.operation(api, http.MethodPost, one+"/release", "release", "Give it back to the assistant", http.StatusNoContent),
		func(ctx context.Context, in *releaseInput) (*struct{}, error) {
			return nil, s.failed(ctx, "not released", s.parts.Desk.Release(ctx, loginOf(ctx).Agent, in.Session, in.Body.Note))
		})
	huma.Register(api, s.operation(api, http.MethodPost, one+"/transfer", "transfer", "Give it to a colleague or a queue", http.StatusNoContent),
		func(ctx context.Context, in *transferInput) (*struct{}, error) {
			to := desk.Target{AgentID: in.Body.Agent, Queue: in.Body.Queue}
			return nil, s.failed(ctx, "not transferred", s.parts.Desk.Transfer(ctx, loginOf(ctx).Agent, in.Session, to, in.Body.Note))
		})
	huma.Register(api, s.operation(api, http.MethodPost, one+"/resolve", "resolve", "Close the matter and ask how it was", http.StatusNoContent),
		func(ctx context.Context, in *conversationInput) (*struct{}, error) {
			return nil, s.failed(ctx, "not resolved", s.parts.Desk.Resolve(ctx, loginOf(ctx).Agent, in.Session))
		})
	huma.Register(api, s.operation(api, http.MethodPost, one+"/messages", "reply", "Write to the customer, with cards if wanted", http.StatusOK), s.reply)
	if s.parts.Pictures != nil {
		huma.Register(api, s.operation(api, http.MethodGet, one+"/pictures/{id}", "lookAtPicture", "Look at a picture that the customer sent", http.StatusOK), s.lookAtPicture)
	}
	huma.Register(api, s.operation(api, http.MethodPost, one+"/notes", "note", "Whisper to colleagues; customers never see it", http.StatusNoContent),
		func(ctx context.Context, in *noteInput) (*struct{}, error) {
			return nil, s.failed(ctx, "note not kept", s.parts.Desk.Whisper(ctx, loginOf(ctx).Agent, in.Session, in.Body.ClientMsgID, in.Body.Text))
		})
}

// failed is fail, and nil for no error.
func (s *Server) failed(ctx context.Context, what string, err error) error {
	if err == nil {
		return nil
	}
	return s.fail(ctx, what, err)
}

func (s *Server) packet(ctx context.Context, in *conversationInput) (*struct{ Body packetBody }, error) {
	p, err := s.parts.Desk.Packet(ctx, loginOf(ctx).Agent, in.Session, s.addressOf(ctx))
	if err != nil {
		return nil, s.fail(ctx, "packet not read", err)
	}
	b := packetBody{Packet: p, Orders: []shop.Order{}, RejectedProducts: []foundProduct{}}
	if err := s.belongings(ctx, p, &b); err != nil {
		return nil, err
	}
	if len(p.Rejected) > 0 {
		rejected, err := s.parts.Catalogue.Products(ctx, p.Rejected)
		if err != nil {
			return nil, s.fail(ctx, "products not read", err)
		}
		for _, r := range rejected {
			b.RejectedProducts = append(b.RejectedProducts, foundProduct{r.SKU, r.TitleIn(p.Session.Lang), r.Brand, r.Price, r.Stock})
		}
	}
	return &struct{ Body packetBody }{b}, nil
}

// belongings reads what the shop keeps of the customer. A system that does not answer leaves a gap, which is named.
func (s *Server) belongings(ctx context.Context, p desk.Packet, b *packetBody) error {
	customer := p.Session.Customer
	owner := customer
	orElse(&owner, p.Session.ID)
	for _, part := range []struct {
		name string
		read func() error
	}{
		{"cart", func() error {
			if s.parts.Carts == nil {
				return nil
			}
			cart, err := s.parts.Carts.Get(ctx, owner)
			if err == nil {
				b.Cart = &cart
			}
			return err
		}},
		{"orders", func() error {
			if s.parts.Purchases == nil || customer == "" {
				return nil
			}
			all, err := s.parts.Purchases.Of(ctx, customer)
			if len(all) > 0 {
				b.Orders = all
			}
			return err
		}},
		{"known", func() error {
			if s.parts.Customers == nil || customer == "" {
				return nil
			}
			known, err := s.parts.Customers.Customer(ctx, customer)
			if code, _ := shop.CodeOf(err); err != nil && code == shop.CodeNotFound {
				return nil
			}
			if err == nil {
				b.Known = &known
			}
			return err
		}},
	} {
		err := part.read()
		if code, _ := shop.CodeOf(err); err != nil && code == shop.CodeUnavailable {
			b.Missing = append(b.Missing, part.name)
			continue
		}
		if err != nil {
			return s.fail(ctx, part.name+" not read", err)
		}
	}
	return nil
}

func (s *Server) reply(ctx context.Context, in *replyInput) (*ackOutput, error) {
	r := desk.Reply{ClientMsgID: in.Body.ClientMsgID, Text: in.Body.Text}
	session, err := s.parts.Sessions.Session(ctx, in.Session)
	if err != nil {
		return nil, s.fail(ctx, "session not read", err)
	}
	if len(in.Body.SKUs) > 0 {
		found, err := s.parts.Catalogue.Products(ctx, in.Body.SKUs)
		if err != nil {
			return nil, s.fail(ctx, "products not read", err)
		}
		if len(found) < len(in.Body.SKUs) {
			return nil, refuse(http.StatusNotFound, shop.CodeNotFound, "One of the products is not sold any more. Search again.")
		}
		// A retry shows the same list.
		name := uuid.NewSHA1(uuid.NameSpaceOID, []byte(session.ID+"/"+in.Body.ClientMsgID))
		r.Cards = &shop.Cards{RankingID: "agent-" + name.String(), Model: "agent", Cards: cardsOf(found, in.Body.SKUs, session.Lang)}
	}
	ack, err := s.parts.Desk.Reply(ctx, loginOf(ctx).Agent, in.Session, r)
	if err != nil {
		return nil, s.fail(ctx, "reply not stored", err)
	}
	if r.Cards != nil && s.parts.Behaviour != nil {
		s.parts.Behaviour.Shown(behaviour.WithPlatform(ctx, session.Platform), session.ID, clientOf(session), *r.Cards)
	}
	return &ackOutput{ack}, nil
}

// cardsOf are products as cards, in the order of the SKUs.
func cardsOf(found []shop.Product, skus []string, lang shop.Lang) []shop.Card {
	cards := []shop.Card{}
	for _, sku := range skus {
		for _, p := range found {
			if p.SKU == sku {
				card := shop.Card{Position: len(cards) + 1, SKU: p.SKU, Version: p.Version, Title: p.TitleIn(lang), Brand: p.Brand,
					Category: p.Category, Description: p.DescriptionIn(lang), Price: p.Price, PriceText: p.Price.String(), Stock: p.Stock,
					Rating: p.Rating, ImageURL: p.ImageURL, Attributes: p.Attributes, Why: []string{}}
				if p.Was != nil {
					card.Was, card.WasText = p.Was, p.Was.String()
				}
				cards = append(cards, card)
				break
			}
		}
	}
	return cards
}
