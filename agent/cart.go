package agent

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"floorwalker/lexicon"
	"floorwalker/shop"
)

// owner is whose cart it is: a verified customer's over all devices, else the session's.
func (t *talk) owner() string {
	if t.turn.Verified && t.turn.Customer != "" {
		return t.turn.Customer
	}
	return t.turn.SessionID
}

// mostAtOnce bounds the quantity of one utterance.
const mostAtOnce = 99

// addToCart puts what was referred to into the cart, as many as asked for and in stock.
func (t *talk) addToCart(ctx context.Context) error {
	products, missing, err := t.referred(ctx)
	switch {
	case err != nil:
		return err
	case missing:
		return t.say(ctx, "gone")
	case len(products) == 0 && bare(t.parse.Slots.Product) != "":
		return t.addNamed(ctx)
	case len(products) == 0:
		return t.say(ctx, "which_product")
	}
	return t.add(ctx, products)
}

func (t *talk) add(ctx context.Context, products []shop.Product) error {
	quantity := min(max(t.parse.Slots.Quantity, 1), mostAtOnce)
	var cart shop.Cart
	var put []string
	var d draft
	limited := false
	for _, p := range products {
		if p.Stock == 0 {
			d.add(t.fill("sold_out", p.TitleIn(t.lang)))
			continue
		}
		before, err := t.Carts.Get(ctx, t.owner())
		if err != nil {
			return fmt.Errorf("read cart: %w", err)
		}
		after, err := t.Carts.Add(ctx, t.owner(), p.SKU, quantity)
		if known, ok := errors.AsType[*shop.Error](err); ok && (known.Code == shop.CodeConflict || known.Code == shop.CodeNotFound) {
			// Sold out or deleted since it was read, or no room for it.
			occasion := "sold_out"
			if known.Code == shop.CodeConflict && len(before.Lines) > 0 && inCart(before, p.SKU) == 0 {
				occasion = "cart_full"
			}
			d.add(t.fill(occasion, valuesFor(occasion, p.TitleIn(t.lang))...))
			continue
		}
		if err != nil {
			return fmt.Errorf("add to cart: %w", err)
		}
		cart = after
		added := inCart(after, p.SKU) - inCart(before, p.SKU)
		limited = limited || added < quantity
		put = append(put, t.pieces(max(added, 0), p.TitleIn(t.lang)))
	}
	if len(put) == 0 {
		return t.tell(ctx, "cart", d)
	}
	if err := t.out.CartChanged(ctx, cart); err != nil {
		return err
	}
	occasion := "added"
	if limited {
		occasion = "added_limited"
	}
	d.add(t.fill(occasion, strings.Join(put, t.comma()), cart.Total))
	if len(products) == 1 && !limited {
		if err := t.offerWithIt(ctx, &d, products[0].SKU, cart); err != nil {
			return err
		}
	}
	return t.tell(ctx, "cart", d)
}

// valuesFor are the values of an occasion that names a product, or none.
func valuesFor(occasion, title string) []any {
	if strings.Contains(english[occasion][0], "%s") {
		return []any{title}
	}
	return nil
}

func inCart(cart shop.Cart, sku string) int {
	for _, l := range cart.Lines {
		if l.SKU == sku {
			return l.Quantity
		}
	}
	return 0
}

// pieces is a quantity of a product as an answer names it.
func (t *talk) pieces(n int, title string) string { return fmt.Sprintf("%d × %s", n, title) }

func (t *talk) comma() string {
	if t.lang == shop.Chinese {
		return "，"
	}
	return ", "
}

// addNamed looks for a product that is named but not on the screen, and takes it only where it is the only one:
// several are shown, and the customer chooses.
func (t *talk) addNamed(ctx context.Context) error {
	slots := t.parse.Slots
	need := shop.Need{Product: bare(slots.Product), Brand: slots.Brand, Color: slots.Color, Size: slots.Size, Material: slots.Material, Audience: slots.Audience}
	r, err := t.look(ctx, need, nil)
	if err != nil {
		return err
	}
	switch len(r.shown) {
	case 0:
		var d draft
		d.add(t.fill("none", t.what(need)))
		d.add(t.fill("none_hint"))
		return t.tell(ctx, "none", d)
	case 1:
		if err := t.show(ctx, r); err != nil {
			return err
		}
		return t.add(ctx, []shop.Product{r.shown[0].Product})
	}
	t.state.Need, t.state.Beside = need, nil
	if err := t.show(ctx, r); err != nil {
		return err
	}
	return t.say(ctx, "several", t.format("products_many", len(r.shown)))
}

var everythingCue = regexp.MustCompile(`(?i)\b(?:empty|clear|everything|all of (?:it|them)|all items|reset)\b|清空|全部|所有|都(?:删|不要|去掉|移除)`)

// removeFromCart takes out what is named, by the words of its title or by position.
func (t *talk) removeFromCart(ctx context.Context) error {
	cart, err := t.Carts.Get(ctx, t.owner())
	if err != nil {
		return fmt.Errorf("read cart: %w", err)
	}
	if len(cart.Lines) == 0 {
		return t.say(ctx, "cart_empty")
	}
	if everythingCue.MatchString(t.turn.Text) && len(t.parse.Slots.Reference) == 0 && bare(t.parse.Slots.Product) == "" {
		for _, l := range cart.Lines {
			if cart, err = t.Carts.Set(ctx, t.owner(), l.ID, 0); err != nil {
				return fmt.Errorf("empty cart: %w", err)
			}
		}
		if err := t.out.CartChanged(ctx, cart); err != nil {
			return err
		}
		return t.say(ctx, "cleared")
	}
	lines := t.cartLines(cart)
	if len(lines) == 0 {
		var d draft
		d.add(t.fill("not_in_cart"))
		d.add(t.cartText(cart))
		return t.tell(ctx, "cart", d)
	}
	return t.takeOut(ctx, lines)
}

func (t *talk) takeOut(ctx context.Context, lines []shop.CartLine) error {
	var cart shop.Cart
	var out []string
	var err error
	n := t.parse.Slots.Quantity
	for _, l := range lines {
		left := 0
		if n > 0 && n < l.Quantity {
			left = l.Quantity - n
		}
		if cart, err = t.Carts.Set(ctx, t.owner(), l.ID, left); err != nil {
			return fmt.Errorf("take out of cart: %w", err)
		}
		out = append(out, l.Title)
		if left > 0 {
			out[len(out)-1] = t.pieces(left, l.Title)
		}
	}
	if err := t.out.CartChanged(ctx, cart); err != nil {
		return err
	}
	switch names := strings.Join(out, t.comma()); {
	case len(cart.Lines) == 0:
		return t.say(ctx, "removed_empty", names)
	case len(lines) == 1 && n > 0 && n < lines[0].Quantity:
		return t.say(ctx, "reduced", names, cart.Total)
	default:
		return t.say(ctx, "removed", names, cart.Total)
	}
}

// cartLines finds the lines that are meant: by words, else by the position on the screen, else by the position in
// the cart, else the only one.
func (t *talk) cartLines(cart shop.Cart) []shop.CartLine {
	said := spoken(t.turn.Text + " " + t.parse.Slots.Product)
	best, second, at := 0, 0, -1
	for i, l := range cart.Lines {
		score := 0
		for _, w := range singulars(l.Title) {
			if len(w) > 2 && said[w] && !idle[w] || lexicon.IsHan(w) && strings.Contains(t.turn.Text, w) {
				score++
			}
		}
		if score > best {
			best, second, at = score, best, i
		} else {
			second = max(second, score)
		}
	}
	if at >= 0 && best > second {
		return cart.Lines[at : at+1]
	}
	var lines []shop.CartLine
	for _, n := range t.parse.Slots.Reference {
		if n < 1 {
			continue
		}
		i := -1
		if n <= len(t.state.Shown) {
			i = slices.IndexFunc(cart.Lines, func(l shop.CartLine) bool { return l.SKU == t.state.Shown[n-1].SKU })
		}
		if i < 0 && n <= len(cart.Lines) {
			i = n - 1
		}
		if i >= 0 {
			lines = append(lines, cart.Lines[i])
		}
	}
	if len(lines) == 0 && len(cart.Lines) == 1 && bare(t.parse.Slots.Product) == "" {
		return cart.Lines
	}
	return lines
}

// viewCart says what the cart holds.
func (t *talk) viewCart(ctx context.Context) error {
	cart, err := t.Carts.Get(ctx, t.owner())
	if err != nil {
		return fmt.Errorf("read cart: %w", err)
	}
	if err := t.out.CartChanged(ctx, cart); err != nil {
		return err
	}
	var d draft
	d.add(t.cartText(cart))
	return t.tell(ctx, "cart", d)
}

func (t *talk) cartText(cart shop.Cart) string {
	if len(cart.Lines) == 0 {
		return t.fill("cart_empty")
	}
	parts := make([]string, len(cart.Lines))
	for i, l := range cart.Lines {
		parts[i] = t.pieces(l.Quantity, l.Title) + " (" + l.Price.Times(l.Quantity).String() + ")"
	}
	return t.fill("cart", strings.Join(parts, t.comma()), cart.Total)
}
