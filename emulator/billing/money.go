package billing

import (
	"encoding/json"
	"math/big"
	"strings"
)

// Money is an exact amount of US dollars, and what it is in won. The zero value is nothing.
type Money struct{ usd, won *big.Rat }

// money returns an amount of dollars.
func (p *Prices) money(usd *big.Rat) Money {
	return Money{usd, new(big.Rat).Mul(usd, p.wonPerDollar)}
}

// USD returns the dollars.
func (m Money) USD() *big.Rat { return copyOf(m.usd) }

// Won returns the won.
func (m Money) Won() *big.Rat { return copyOf(m.won) }

// WonUp returns the won, rounded up.
func (m Money) WonUp() *big.Int {
	won := m.Won()
	whole := new(big.Int).Add(won.Num(), won.Denom())
	return whole.Sub(whole, big.NewInt(1)).Div(whole, won.Denom())
}

// Cmp compares two amounts, as [big.Rat.Cmp] does.
func (m Money) Cmp(n Money) int { return m.USD().Cmp(n.USD()) }

// IsZero reports whether the amount is nothing.
func (m Money) IsZero() bool { return m.USD().Sign() == 0 }

// Add returns the sum of two amounts.
func (m Money) Add(n Money) Money {
	return Money{m.USD().Add(m.USD(), n.USD()), m.Won().Add(m.Won(), n.Won())}
}

// Sub returns the difference of two amounts.
func (m Money) Sub(n Money) Money {
	return Money{m.USD().Sub(m.USD(), n.USD()), m.Won().Sub(m.Won(), n.Won())}
}

// String returns the dollars to the cent and the won, rounded half up: "$12.14 (₩16,989)".
func (m Money) String() string {
	return "$" + m.USD().FloatString(2) + " (₩" + grouped(m.Won().FloatString(0)) + ")"
}

// MarshalJSON writes {"usd": "0.0114", "won": "15.96"}, to nine and to six decimals.
func (m Money) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"usd": shortDecimal(m.USD(), 9), "won": shortDecimal(m.Won(), 6)})
}

// Quantity is an exact amount of a unit.
type Quantity struct{ value *big.Rat }

// Rat returns the quantity.
func (q Quantity) Rat() *big.Rat { return copyOf(q.value) }

// String returns the quantity with at most three decimals: "128,571.429".
func (q Quantity) String() string { return grouped(shortDecimal(q.Rat(), 3)) }

// MarshalJSON writes a decimal number with at most nine decimals, as a string.
func (q Quantity) MarshalJSON() ([]byte, error) { return json.Marshal(shortDecimal(q.Rat(), 9)) }

// copyOf returns a copy of a number, or 0.
func copyOf(r *big.Rat) *big.Rat {
	if r == nil {
		return new(big.Rat)
	}
	return new(big.Rat).Set(r)
}

// shortDecimal writes a number with at most so many decimals, without zeros at the end.
func shortDecimal(r *big.Rat, decimals int) string {
	s := r.FloatString(decimals)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		s = "0"
	}
	return s
}

// grouped puts commas between thousands.
func grouped(s string) string {
	whole, fraction, found := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if found {
		return whole + "." + fraction
	}
	return whole
}
