package web

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"floorwalker/pictures"
	"floorwalker/shop"

	"github.com/danielgtaylor/huma/v2"
)

// Pictures keeps what customers send to be looked at, *pictures.Store.
type Pictures interface {
	Keep(ctx context.Context, session string, upload io.Reader) (shop.Picture, error)
	Send(ctx context.Context, session, id string) (shop.Picture, error)
	Read(ctx context.Context, session, id string) (jpeg []byte, err error)
}

var _ Pictures = (*pictures.Store)(nil)

var errNoPictures = shop.Errorf(shop.CodeBadRequest, "This shop takes no pictures. Describe it in words.")

type pictureInput struct {
	Authorization string `header:"Authorization" doc:"Bearer and the session's secret"`
	Session       string `query:"session" required:"true" minLength:"1" maxLength:"64" doc:"The session's id"`
	RawBody       []byte `contentType:"application/octet-stream"`
}

type pictureGet struct {
	Authorization string `header:"Authorization" doc:"Bearer and the session's secret"`
	Session       string `query:"session" required:"true" minLength:"1" maxLength:"64" doc:"The session's id"`
	ID            string `path:"id" maxLength:"64"`
}

// pictureOutput is a picture that does nothing but be looked at, wherever it is opened.
type pictureOutput struct {
	ContentType  string `header:"Content-Type"`
	CacheControl string `header:"Cache-Control"`
	Policy       string `header:"Content-Security-Policy"`
	Disposition  string `header:"Content-Disposition"`
	Body         []byte
}

// pictureRoutes take pictures in and show them to those who may see the conversation. Without a place to keep them there
// are none.
func (s *Server) pictureRoutes(api huma.API) {
	if s.parts.Pictures == nil {
		return
	}
	security := []map[string][]string{{"session": {}}}
	put := s.operation(api, http.MethodPost, "/api/pictures", "putPicture", "Put a picture that a message will go with", http.StatusCreated)
	put.Description = "The body is the file itself: JPEG, PNG, GIF or WebP by its content, at most 10 MB and 20 million points. It is drawn anew, " +
		"upright and at most 1,600 points long; what the camera wrote into it is not kept. The answer's id goes into message.send."
	put.MaxBodyBytes, put.Security = pictures.MaxUpload, security
	huma.Register(api, put, s.putPicture)
	get := s.operation(api, http.MethodGet, "/api/pictures/{id}", "getPicture", "Look at a picture of the session", http.StatusOK)
	get.Security = security
	huma.Register(api, get, s.getPicture)
}

func (s *Server) putPicture(ctx context.Context, in *pictureInput) (*struct{ Body shop.Picture }, error) {
	session, err := s.authenticate(ctx, in.Authorization, in.Session)
	if err != nil {
		return nil, err
	}
	if !s.pictureRate.allow(clientOf(session)) {
		return nil, refuse(http.StatusTooManyRequests, shop.CodeRateLimit, "You send pictures faster than we can look at them. Wait a moment and send it again.")
	}
	kept, err := s.parts.Pictures.Keep(ctx, session.ID, bytes.NewReader(in.RawBody))
	if err != nil {
		return nil, s.fail(ctx, "picture not kept", err)
	}
	return &struct{ Body shop.Picture }{kept}, nil
}

func (s *Server) getPicture(ctx context.Context, in *pictureGet) (*pictureOutput, error) {
	session, err := s.authenticate(ctx, in.Authorization, in.Session)
	if err != nil {
		return nil, err
	}
	return s.picture(ctx, session.ID, in.ID)
}

func (s *Server) lookAtPicture(ctx context.Context, in *struct {
	Session string `path:"session" maxLength:"64"`
	ID      string `path:"id" maxLength:"64"`
}) (*pictureOutput, error) {
	session, err := s.parts.Sessions.Session(ctx, in.Session)
	if err == nil {
		err = s.parts.Desk.MaySee(ctx, loginOf(ctx).Agent, session.ID)
	}
	if err != nil {
		return nil, s.fail(ctx, "picture not shown", err)
	}
	return s.picture(ctx, session.ID, in.ID)
}

func (s *Server) picture(ctx context.Context, session, id string) (*pictureOutput, error) {
	jpeg, err := s.parts.Pictures.Read(ctx, session, id)
	if err != nil {
		return nil, s.fail(ctx, "picture not read", err)
	}
	return &pictureOutput{ContentType: "image/jpeg", CacheControl: "private, max-age=86400, immutable", Policy: picturePolicy,
		Disposition: `inline; filename="picture.jpg"`, Body: jpeg}, nil
}
