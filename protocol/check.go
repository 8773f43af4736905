package protocol

import (
	"strings"
	"unicode/utf8"

	"floorwalker/shop"
)

// Limits of single fields.
const (
	// MaxText is the longest message, in Unicode code points.
	MaxText = 4000
	// MaxQuantity is the most pieces of one product in a cart.
	MaxQuantity = 999
	maxName     = 128
	maxPosition = 10_000
	maxID       = 64
)

// CheckClientMsgID refuses ids that are empty, longer than MaxClientMsgID or hold anything but
// letters, digits and "._:-".
func CheckClientMsgID(id string) error {
	if id == "" {
		return shop.Errorf(CodeBadField, "client_msg_id is missing. Give each message a new one, and the same one to a retry.")
	}
	if len(id) > MaxClientMsgID {
		return shop.Errorf(CodeBadField, "client_msg_id may hold %d characters. A UUID fits.", MaxClientMsgID)
	}
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:-"
	if strings.Trim(id, allowed) != "" {
		return shop.Errorf(CodeBadField, "client_msg_id may hold letters, digits and . _ : - only. A UUID fits.")
	}
	return nil
}

// CleanText is the text of a message as it is stored: without NUL and without space around it. It refuses
// what is not UTF-8, empty, or longer than limit code points (MaxText when limit is 0).
func CleanText(text string, limit int) (string, error) {
	if limit <= 0 {
		limit = MaxText
	}
	if !utf8.ValidString(text) {
		return "", shop.Errorf(CodeBadUTF8, "The text is not valid UTF-8. Encode it as UTF-8.")
	}
	text = strings.TrimSpace(strings.ReplaceAll(text, "\x00", ""))
	if text == "" {
		return "", shop.Errorf(CodeBadField, "The text is empty. Write what you are looking for.")
	}
	if n := utf8.RuneCountInString(text); n > limit {
		return "", shop.Errorf(shop.CodeTooLarge, "The text has %d characters; %d are allowed. Send it in parts.", n, limit)
	}
	return text, nil
}

// CleanMessage is CleanText, but lets an empty text through where a picture goes along.
func CleanMessage(text, picture string, limit int) (string, error) {
	if !givenID(picture, maxID) {
		return "", shop.Errorf(CodeBadField, "picture is too long or holds a NUL. Send the id that the server gave.")
	}
	if picture != "" && strings.TrimSpace(strings.ReplaceAll(text, "\x00", "")) == "" {
		return "", nil
	}
	return CleanText(text, limit)
}

// Check refuses positions that can't be.
func (d *SessionResume) Check() error {
	if d.Seq < 0 {
		return shop.Errorf(CodeBadField, "seq is %d; it counts from 0.", d.Seq)
	}
	if d.Seq > 0 && d.Epoch == "" {
		return shop.Errorf(CodeBadField, "epoch is missing. Send it with seq, or send neither.")
	}
	if !givenID(d.Epoch, maxName) {
		return shop.Errorf(CodeBadField, "epoch is too long or holds a NUL. Send the one that the server gave.")
	}
	return nil
}

// Check cleans the text and refuses what CleanText refuses.
func (d *MessageSend) Check() error {
	text, err := CleanMessage(d.Text, d.Picture, MaxText)
	if err != nil {
		return err
	}
	if !givenID(d.Replaces, maxID) {
		return shop.Errorf(CodeBadField, "replaces is too long or holds a NUL. Send the message_id that the server gave.")
	}
	if d.LessLike != "" {
		if err := checkSKU(d.LessLike); err != nil {
			return err
		}
	}
	d.Text = text
	// A language that is not spoken here is no error: the text's own language wins anyway.
	if d.Locale != shop.English && d.Locale != shop.Chinese {
		d.Locale = ""
	}
	return nil
}

// Check refuses ids that can't be.
func (d *TurnStop) Check() error {
	if !givenID(d.MessageID, maxName) {
		return shop.Errorf(CodeBadField, "message_id is too long or holds a NUL. Send the one of the answer to stop.")
	}
	return nil
}

// Check refuses an empty SKU, and quantities and positions out of range.
func (d *CartSet) Check() error {
	if err := checkPlace(d.SKU, d.RankingID, d.Position); err != nil {
		return err
	}
	if d.Quantity < 0 || d.Quantity > MaxQuantity {
		return shop.Errorf(CodeBadField, "quantity is %d; it must be from 0 to %d.", d.Quantity, MaxQuantity)
	}
	return nil
}

// Check refuses an empty SKU and positions out of range.
func (d *CardDecline) Check() error {
	return checkPlace(d.SKU, d.RankingID, d.Position)
}

// checkPlace refuses what can't be a card's place in a list.
func checkPlace(sku, ranking string, position int) error {
	if position < 0 || position > maxPosition || !givenID(ranking, maxName) {
		return shop.Errorf(CodeBadField, "position or ranking_id is out of range. Send those of the card.")
	}
	return checkSKU(sku)
}

// maxPage is the longest name of a page, in code points.
const maxPage = 300

// Check cuts the page's name and refuses SKUs that can't be.
func (d *ContextSet) Check() error {
	d.Page = cleanLine(d.Page, maxPage)
	if d.Product == "" {
		return nil
	}
	return checkSKU(d.Product)
}

// MaxEvents is how many events one frame tells of.
const MaxEvents = 100

// Check refuses an empty list and one that is too long; each event is looked at by itself.
func (d *EventsSend) Check() error {
	if n := len(d.Events); n == 0 || n > MaxEvents {
		return shop.Errorf(CodeBadField, "There are %d events; send from 1 to %d at once.", n, MaxEvents)
	}
	return nil
}

// givenID says whether text may be an id that the server gave: at most limit bytes, and without NUL, which PostgreSQL
// can't hold.
func givenID(text string, limit int) bool {
	return len(text) <= limit && !strings.ContainsRune(text, 0)
}

func checkSKU(sku string) error {
	if sku == "" || !givenID(sku, maxName) {
		return shop.Errorf(CodeBadField, "sku must have 1 to %d bytes. Send the one of the card.", maxName)
	}
	return nil
}
