package agent

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"floorwalker/shop"
)

// checkoutLife is how long a signed checkout link is good.
const checkoutLife = 30 * time.Minute

// checkout hands the cart to the shop's own checkout by a signed link.
func (t *talk) checkout(ctx context.Context) error {
	cart, err := t.Carts.Get(ctx, t.owner())
	if err != nil {
		return fmt.Errorf("read cart: %w", err)
	}
	if len(cart.Lines) == 0 {
		return t.say(ctx, "cart_empty")
	}
	t.noteValue(cart.Total)
	if t.c.CheckoutURL == "" {
		return t.say(ctx, "checkout_none", cart.Total)
	}
	t.CheckoutURL = t.checkoutLink(cart)
	return t.say(ctx, "checkout", cart.Total, t.CheckoutURL)
}

// checkoutLink carries the lines, the owner and an expiry, signed with HMAC-SHA256 over the other parameters in
// their encoded form, sorted by name as url.Values.Encode does.
func (t *talk) checkoutLink(cart shop.Cart) string {
	values := url.Values{"cart": {t.owner()}, "expires": {strconv.FormatInt(t.c.Now().Add(checkoutLife).Unix(), 10)}}
	for _, l := range cart.Lines {
		values.Add("line", l.SKU+":"+strconv.Itoa(l.Quantity))
	}
	mac := hmac.New(sha256.New, t.c.CheckoutKey)
	mac.Write([]byte(values.Encode())) //nolint:errcheck // a hash takes everything
	values.Set("signature", hex.EncodeToString(mac.Sum(nil)))
	separator := "?"
	if strings.Contains(t.c.CheckoutURL, "?") {
		separator = "&"
	}
	return t.c.CheckoutURL + separator + values.Encode()
}
