package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"floorwalker/shop"

	"github.com/danielgtaylor/huma/v2"
)

// productBody is a product in the import format.
type productBody struct {
	SKU          string            `json:"sku,omitempty" maxLength:"200" doc:"Must be that of the path, or be left out"`
	Title        string            `json:"title" minLength:"1" maxLength:"1000"`
	Brand        string            `json:"brand,omitempty"`
	Category     string            `json:"category,omitempty"`
	Description  string            `json:"description,omitempty"`
	PriceMinor   int64             `json:"price_minor" minimum:"0" doc:"Price in the currency's minor unit: 7999 is 79.99 dollars"`
	WasMinor     int64             `json:"was_minor,omitempty" minimum:"0" doc:"What it cost before, where it costs less now"`
	Currency     string            `json:"currency" pattern:"^[A-Z]{3}$" doc:"ISO 4217"`
	Stock        int               `json:"stock" minimum:"0" doc:"Pieces that can be sold now"`
	ImageURL     string            `json:"image_url,omitempty"`
	Rating       float64           `json:"rating,omitempty" minimum:"0" maximum:"5"`
	Attributes   map[string]any    `json:"attributes,omitempty" doc:"Facts of the listing: texts, numbers, true or false, lists of those"`
	Titles       map[string]string `json:"titles,omitempty" doc:"Titles by language code"`
	Descriptions map[string]string `json:"descriptions,omitempty"`
	ReleasedAt   string            `json:"released_at,omitempty" doc:"Date or RFC 3339 time"`
	CostMinor    int64             `json:"cost_minor,omitempty" minimum:"0" doc:"What a piece costs the shop, in the price's minor unit; never shown to customers"`
	DeliveryDays int               `json:"delivery_days,omitempty" minimum:"0" maximum:"365" doc:"After how many days a piece arrives, from 1; 0 is unknown"`
}

type productInput struct {
	Authorization string `header:"Authorization" doc:"Bearer and the admin token"`
	SKU           string `path:"sku" maxLength:"200"`
}

type productPut struct {
	Authorization string `header:"Authorization" doc:"Bearer and the admin token"`
	SKU           string `path:"sku" maxLength:"200"`
	Body          productBody
	RawBody       []byte
}

type productOutput struct{ Body shop.Product }

type productsFound struct {
	Body struct {
		Products []foundProduct `json:"products"`
	}
}

// foundProduct is what anybody may know of a product.
type foundProduct struct {
	SKU   string     `json:"sku"`
	Title string     `json:"title"`
	Brand string     `json:"brand,omitempty"`
	Price shop.Money `json:"price"`
	Stock int        `json:"stock"`
}

// productRoutes keep single products; searches see a change as soon as the call returns.
func (s *Server) productRoutes(api huma.API) {
	const path = "/api/products/{sku}"
	admin := []map[string][]string{{"admin": {}}}
	put := s.operation(api, http.MethodPut, path, "putProduct", "Create or replace a product", http.StatusOK)
	get := s.operation(api, http.MethodGet, path, "getProduct", "Read a product", http.StatusOK)
	remove := s.operation(api, http.MethodDelete, path, "deleteProduct", "Delete a product", http.StatusNoContent)
	put.Security, get.Security, remove.Security = admin, admin, admin
	huma.Register(api, put, s.putProduct)
	huma.Register(api, get, s.getProduct)
	huma.Register(api, remove, s.deleteProduct)
	find := s.operation(api, http.MethodGet, "/api/catalogue", "findByTitle", "Find products by their exact title, or brand", http.StatusOK)
	find.Description = "For checking what an answer names. The title may be in any language that the product has; case does not count."
	huma.Register(api, find, s.findByTitle)
}

// admit lets the admin token in. Tokens are compared as hashes, so the time taken tells nothing of them.
func (s *Server) admit(authorization string) error {
	if s.c.AdminToken == "" {
		return refuse(http.StatusForbidden, shop.CodeForbidden, "This server has no admin token. Start it with one to use this call.")
	}
	got, want := sha256.Sum256([]byte(bearer(authorization))), sha256.Sum256([]byte(s.c.AdminToken))
	if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
		return refuse(http.StatusUnauthorized, shop.CodeForbidden, "The admin token is missing or wrong. Send Authorization: Bearer and the token.")
	}
	return nil
}

func (s *Server) putProduct(ctx context.Context, in *productPut) (*productOutput, error) {
	if err := s.admit(in.Authorization); err != nil {
		return nil, err
	}
	if !utf8.Valid(in.RawBody) {
		return nil, refuse(http.StatusBadRequest, shop.CodeBadRequest, "The body is not valid UTF-8. Encode it as UTF-8.")
	}
	product, err := in.Body.product(in.SKU)
	if err != nil {
		return nil, s.fail(ctx, "product not read", err)
	}
	stored, err := s.parts.Catalogue.Put(ctx, product)
	if err != nil {
		return nil, s.fail(ctx, "product not stored", err)
	}
	return &productOutput{stored}, nil
}

func (s *Server) getProduct(ctx context.Context, in *productInput) (*productOutput, error) {
	if err := s.admit(in.Authorization); err != nil {
		return nil, err
	}
	found, err := s.parts.Catalogue.Products(ctx, []string{in.SKU})
	if err != nil {
		return nil, s.fail(ctx, "product not read", err)
	}
	if len(found) == 0 {
		return nil, refuse(http.StatusNotFound, shop.CodeNotFound, "There is no product with this SKU.")
	}
	return &productOutput{found[0]}, nil
}

func (s *Server) deleteProduct(ctx context.Context, in *productInput) (*struct{}, error) {
	if err := s.admit(in.Authorization); err != nil {
		return nil, err
	}
	if err := s.parts.Catalogue.Delete(ctx, in.SKU); err != nil {
		return nil, s.fail(ctx, "product not deleted", err)
	}
	return nil, nil
}

// findByTitle is open to all: it tells nothing that a question in the chat would not.
func (s *Server) findByTitle(ctx context.Context, in *struct {
	Title string `query:"title" required:"true" minLength:"1" maxLength:"300"`
}) (*productsFound, error) {
	const look = 20
	lang := shop.English
	if strings.ContainsFunc(in.Title, isHan) {
		lang = shop.Chinese
	}
	candidates, err := s.parts.Catalogue.Search(ctx, shop.Query{Text: in.Title, Lang: lang, Limit: look})
	if err != nil {
		return nil, s.fail(ctx, "catalogue not searched", err)
	}
	out := &productsFound{}
	out.Body.Products = []foundProduct{}
	for _, c := range candidates {
		if p := c.Product; titled(p, in.Title) {
			out.Body.Products = append(out.Body.Products, foundProduct{p.SKU, p.Title, p.Brand, p.Price, p.Stock})
		}
	}
	return out, nil
}

func titled(p shop.Product, title string) bool {
	title = strings.TrimSpace(title)
	if strings.EqualFold(p.Title, title) || strings.EqualFold(p.Brand+" "+p.Title, title) || strings.EqualFold(p.Brand, title) {
		return true
	}
	for _, t := range p.Titles {
		if strings.EqualFold(t, title) {
			return true
		}
	}
	return false
}

// product is the body as the catalogue takes it.
func (b productBody) product(sku string) (shop.Product, error) {
	if b.SKU != "" && b.SKU != sku {
		return shop.Product{}, shop.Errorf(shop.CodeBadRequest, "The body's sku is not that of the path. Leave it out, or make them the same.")
	}
	p := shop.Product{SKU: sku, Title: b.Title, Brand: b.Brand, Category: b.Category, Description: b.Description,
		Price: shop.Money{Minor: b.PriceMinor, Currency: b.Currency}, Stock: b.Stock, ImageURL: b.ImageURL, Rating: b.Rating,
		Attributes: map[string]string{}, Titles: b.Titles, Descriptions: b.Descriptions, CostMinor: b.CostMinor, DeliveryDays: b.DeliveryDays}
	if b.WasMinor > 0 {
		p.Was = &shop.Money{Minor: b.WasMinor, Currency: b.Currency}
	}
	for name, value := range b.Attributes {
		text, err := attributeText(value)
		if err != nil {
			return p, shop.Errorf(shop.CodeBadRequest, "The attribute %q is %v. Send a text, a number, true or false, or a list of those.", name, err)
		}
		if text != "" {
			p.Attributes[name] = text
		}
	}
	if b.ReleasedAt != "" {
		at, err := time.Parse(time.RFC3339, b.ReleasedAt)
		if err != nil {
			at, err = time.Parse(time.DateOnly, b.ReleasedAt)
		}
		if err != nil {
			return p, shop.Errorf(shop.CodeBadRequest, "released_at is no date. Write it as in 2026-05-01.")
		}
		p.ReleasedAt = at.UTC()
	}
	return p, nil
}

// attributeText writes an attribute as a listing would.
func attributeText(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return strings.TrimSpace(v), nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case bool:
		if v {
			return "yes", nil
		}
		return "no", nil
	case []any:
		var parts []string
		for _, e := range v {
			if _, nested := e.([]any); nested {
				return "", fmt.Errorf("a list in a list")
			}
			text, err := attributeText(e)
			if err != nil {
				return "", err
			}
			if text != "" {
				parts = append(parts, text)
			}
		}
		return strings.Join(parts, ", "), nil
	}
	return "", fmt.Errorf("an object")
}
