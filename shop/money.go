package shop

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Money is an amount in the minor unit of its currency: 7999 USD is 79.99 dollars, 500 JPY is 500 yen.
type Money struct {
	// Minor is the amount in minor units (cents, fen, yen).
	Minor int64 `json:"minor"`
	// Currency is the ISO 4217 code, in capitals.
	Currency string `json:"currency"`
}

// Exponent is how many decimal digits the currency's major unit has: 2 for USD, 0 for JPY, 3 for KWD.
func Exponent(currency string) int {
	switch currency {
	case "JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF":
		return 0
	case "KWD", "BHD", "OMR", "JOD", "TND", "IQD":
		return 3
	}
	return 2
}

// FromMajor turns a number as a person says it ("79.99") into Money, rounding half away from zero.
// The float never lives longer than this call.
func FromMajor(amount float64, currency string) Money {
	return Money{Minor: int64(math.Round(amount * math.Pow10(Exponent(currency)))), Currency: currency}
}

// Major is the amount in major units, for showing and for slots. Never calculate with it.
func (m Money) Major() float64 { return float64(m.Minor) / math.Pow10(Exponent(m.Currency)) }

// Decimal is the amount in major units with every digit of the currency: "79.99", "500".
func (m Money) Decimal() string {
	exp := Exponent(m.Currency)
	sign, n := "", m.Minor
	if n < 0 {
		sign, n = "-", -n
	}
	digits := strconv.FormatInt(n, 10)
	if exp == 0 {
		return sign + digits
	}
	if len(digits) <= exp {
		digits = strings.Repeat("0", exp+1-len(digits)) + digits
	}
	return sign + digits[:len(digits)-exp] + "." + digits[len(digits)-exp:]
}

// String is the amount as a customer reads it: "$79.99", "¥300.00", "CHF 12.50".
func (m Money) String() string {
	if symbol, ok := symbols[m.Currency]; ok {
		if m.Minor < 0 {
			return "-" + symbol + Money{-m.Minor, m.Currency}.Decimal()
		}
		return symbol + m.Decimal()
	}
	return m.Currency + " " + m.Decimal()
}

var symbols = map[string]string{"USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥", "JPY": "JP¥", "KRW": "₩", "INR": "₹"}

// Times is the amount for n pieces.
func (m Money) Times(n int) Money { return Money{m.Minor * int64(n), m.Currency} }

// Plus adds two amounts of the same currency.
func (m Money) Plus(other Money) (Money, error) {
	if m.Currency != other.Currency {
		return Money{}, fmt.Errorf("add %s to %s: %w", other.Currency, m.Currency, ErrCurrency)
	}
	return Money{m.Minor + other.Minor, m.Currency}, nil
}

// ErrCurrency says that two amounts of different currencies met without a rate.
var ErrCurrency = errors.New("currencies differ")

// Rates converts between currencies: the value of one major unit of each currency in one common currency.
type Rates map[string]float64

// Convert turns m into the currency to. ok is false where a rate is missing.
func (r Rates) Convert(m Money, to string) (converted Money, ok bool) {
	if m.Currency == to {
		return m, true
	}
	from, target := r[m.Currency], r[to]
	if from <= 0 || target <= 0 {
		return Money{}, false
	}
	return FromMajor(m.Major()*from/target, to), true
}
