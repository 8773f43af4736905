package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"floorwalker/shop"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// look is how the chat greets and looks. What is empty is as the chat has it.
type look struct {
	Title  string `json:"title" maxLength:"60" doc:"The name over the chat"`
	Accent string `json:"accent" pattern:"^(#[0-9a-fA-F]{6})?$" doc:"The colour of buttons and the customer's messages, as in #0f6b5c"`
	// By language: en, zh.
	Welcome     map[string]string   `json:"welcome" maxProperties:"2" doc:"The greeting, by language"`
	WelcomeText map[string]string   `json:"welcome_text" maxProperties:"2" doc:"What stands below it"`
	Starters    map[string][]string `json:"starters" maxProperties:"2" doc:"What a customer may begin with by a click"`
}

// Bounds of what a look says.
const (
	maxGreeting     = 120
	maxGreetingText = 400
	maxStarters     = 4
)

// check says what can't be shown.
func (l look) check() error {
	long := func(text string, most int) bool { return len([]rune(text)) > most }
	for _, lang := range []string{"en", "zh"} {
		if long(l.Welcome[lang], maxGreeting) || long(l.WelcomeText[lang], maxGreetingText) {
			return shop.Errorf(shop.CodeBadRequest, "A greeting has %d characters at most, and the text below it %d.", maxGreeting, maxGreetingText)
		}
		if len(l.Starters[lang]) > maxStarters {
			return shop.Errorf(shop.CodeBadRequest, "There are %d suggestions to begin with at most.", maxStarters)
		}
		for _, s := range l.Starters[lang] {
			if s == "" || long(s, maxGreeting) {
				return shop.Errorf(shop.CodeBadRequest, "A suggestion has 1 to %d characters.", maxGreeting)
			}
		}
	}
	return nil
}

type lookStore struct{ pool *pgxpool.Pool }

func (s lookStore) read(ctx context.Context) (look, error) {
	l := look{Welcome: map[string]string{}, WelcomeText: map[string]string{}, Starters: map[string][]string{}}
	var raw []byte
	err := s.pool.QueryRow(ctx, `SELECT look FROM chat_look`).Scan(&raw)
	if errors.Is(err, pgx.ErrNoRows) {
		return l, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &l)
	}
	if err != nil {
		return l, fmt.Errorf("read the chat's look: %w", err)
	}
	return l, nil
}

func (s lookStore) write(ctx context.Context, l look) error {
	raw, err := json.Marshal(l)
	if err == nil {
		_, err = s.pool.Exec(ctx, `INSERT INTO chat_look (look) VALUES ($1) ON CONFLICT (only_row) DO UPDATE SET look = excluded.look`, raw)
	}
	if err != nil {
		return fmt.Errorf("keep the chat's look: %w", err)
	}
	return nil
}

type lookOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         look
}

// lookRoute tells every chat how it looks.
func (s *Server) lookRoute(api huma.API) {
	huma.Register(api, s.operation(api, http.MethodGet, "/api/look", "look", "How the shop's chat greets and looks", http.StatusOK),
		func(ctx context.Context, _ *struct{}) (*lookOutput, error) {
			l, err := s.looks.read(ctx)
			if err != nil {
				return nil, s.fail(ctx, "look not read", err)
			}
			return &lookOutput{"public, max-age=60", l}, nil
		})
}

// setLookRoute lets admins choose it.
func (s *Server) setLookRoute(api huma.API) {
	huma.Register(api, s.operation(api, http.MethodPut, adminAPI+"/look", "setLook", "Choose how the chat greets and looks", http.StatusNoContent),
		func(ctx context.Context, in *struct{ Body look }) (*struct{}, error) {
			if err := in.Body.check(); err != nil {
				return nil, s.fail(ctx, "look not kept", err)
			}
			return nil, s.failed(ctx, "look not kept", s.looks.write(ctx, in.Body))
		})
}
