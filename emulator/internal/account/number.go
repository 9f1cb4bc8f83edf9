package account

import (
	"fmt"
	"strconv"
)

// MarshalJSON encodes a string, as Google APIs do with 64-bit integers.
func (m Milliseconds) MarshalJSON() ([]byte, error) { return quote(int64(m)), nil }

// UnmarshalJSON decodes a string or a number.
func (m *Milliseconds) UnmarshalJSON(text []byte) error { return unquote(text, (*int64)(m)) }

// MarshalJSON encodes a string, as Google APIs do with 64-bit integers.
func (s Seconds) MarshalJSON() ([]byte, error) { return quote(int64(s)), nil }

// UnmarshalJSON decodes a string or a number.
func (s *Seconds) UnmarshalJSON(text []byte) error { return unquote(text, (*int64)(s)) }

// quote returns n as a JSON string.
func quote(n int64) []byte { return strconv.AppendQuote(nil, strconv.FormatInt(n, 10)) }

// unquote decodes a JSON string or number.
func unquote(text []byte, into *int64) error {
	s := string(text)
	if s == "null" {
		return nil
	}
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return fmt.Errorf("%s is not a 64-bit integer", text)
	}
	*into = n
	return nil
}
