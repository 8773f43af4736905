package privacy_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"unicode/utf8"

	"floorwalker/privacy"
)

func TestWhatTellsWhoACustomerIsIsTakenOut(t *testing.T) {
	for text, want := range map[string]string{
		"mail ann.b+x@mail.example.co.uk please": "mail [email] please",
		"我的邮箱是wang.fang@例子.公司，谢谢":                "我的邮箱是[email]，谢谢",
		"我的邮箱是王芳@例子.公司，谢谢":                       "[email]，谢谢",
		"ａｎｎ＠ｅｘａｍｐｌｅ．ｃｏｍ":                        "[email]",
		"call +49 (0)30 1234-5678 now":           "call [phone] now",
		"0049 30 12345678":                       "[phone]",
		"手机13812345678":                          "手机[phone]",
		"打我电话 138-1234-5678 吧":                   "打我电话 [phone] 吧",
		"１３８１２３４５６７８":                            "[phone]",
		"+86 138 1234 5678":                      "[phone]",
		"固话010-62345678":                         "固话[phone]",
		"(415) 555-0132 or 415.555.0132":         "[phone] or [phone]",
		"020 7946 0958":                          "[phone]",
		"01 23 45 67 89":                         "[phone]",
		"my phone number is 5550132":             "my phone number is [phone]",
		"card 4111 1111 1111 1111 exp 12/27":     "card [card] exp 12/27",
		"5500-0000-0000-0004":                    "[card]",
		"order 12 4111111111111111":              "order 12 [card]",
		"卡号6222021234567890128":                  "卡号[card]",
		"身份证11010519491231002X。":                 "身份证[id]。",
		"440308 19990101 0012":                   "[id]",
		"ann@example.com 4111111111111111":       "[email] [card]",
	} {
		if got := privacy.Redact(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
		if !privacy.Holds(text) {
			t.Errorf("%q is said to hold nothing", text)
		}
	}
}

func TestWhatShoppersSayStays(t *testing.T) {
	for _, text := range []string{
		"running shoes under 80 dollars", "between $1,299.00 and 1 500 EUR", "order #10482", "order 20260501-0042", "size 42-44", "1920x1080 at 144 Hz",
		"the one from 2026-05-01 12:30", "EAN 4006381333931", "part no. AB4111111111111111", "4111 1111 1111 1112", "11010519491231002Y", "110105194912310021",
		"3 pieces for 20 30 40", "session 550e8400-e29b-41d4-a716-446655440000", "127.0.0.1:58213", "价格在100到200之间", "买2件，每件3000元", "iPhone 15 Pro 256GB",
		"@home", "a@b", "took 1.2345678s", "100000 20000 3000", "15-inch 2024 model", "50-70 litres, 0-10 kg", "0 to 100 in 5.5", "DIN EN 13537 2012",
	} {
		if got := privacy.Redact(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestLogsAreRedactedWhateverTheyAreGiven(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(privacy.Handler(slog.NewTextHandler(&out, nil)))
	log = log.With("asked", "for 13812345678").WithGroup("g")
	log.Info("from ann@example.com", "text", "card 4111111111111111", "error", errors.New("no row for ann@example.com"),
		slog.Group("who", "id", "11010519491231002X"), "any", []string{"(415) 555-0132"}, "seq", 12, "bytes", []byte("bob@example.com"))
	got := out.String()
	for _, secret := range []string{"13812345678", "@example.com", "4111111111111111", "11010519491231002X", "555-0132"} {
		if strings.Contains(got, secret) {
			t.Errorf("%q stands in %s", secret, got)
		}
	}
	for _, kept := range []string{"[email]", "[phone]", "[card]", "[id]", "g.seq=12", "asked=", "g.who.id="} {
		if !strings.Contains(got, kept) {
			t.Errorf("%q is not in %s", kept, got)
		}
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("ann@example.com 4111111111111111 +49 30 1234567")
	f.Add("１３８１２３４５６７８\xff@。.")
	f.Fuzz(func(t *testing.T, text string) {
		got := privacy.Redact(text)
		if got != text && !strings.Contains(got, "]") {
			t.Errorf("%q became %q", text, got)
		}
		if utf8.ValidString(text) && !utf8.ValidString(got) {
			t.Errorf("%q became %q", text, got)
		}
	})
}
