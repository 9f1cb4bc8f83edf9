package rules

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenName
	tokenInt
	tokenFloat
	tokenString
	tokenBytes
	tokenPunct // an operator or other punctuation
)

// token is a lexical token. For strings and bytes, text is the value; otherwise it is the source
// text.
type token struct {
	kind     tokenKind
	text     string
	pos, end int
	number   Value
}

// punctuation lists operators and other punctuation, longer tokens first.
var punctuation = []string{"&&", "||", "==", "!=", "<=", ">=", "(", ")", "{", "}", "[", "]", ",", ";", ":", "?", ".", "+", "-",
	"*", "/", "%", "<", ">", "!", "=", "$"}

func isNameStart(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool     { return c >= '0' && c <= '9' }
func isNamePart(c byte) bool  { return isNameStart(c) || isDigit(c) }

// skipSpace returns the offset of the first byte at or after at that is neither white space nor
// comment.
func (p *parser) skipSpace(at int) int {
	for at < len(p.src.text) {
		rest := p.src.text[at:]
		switch c := rest[0]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
			at++
		case strings.HasPrefix(rest, "//"):
			n := strings.IndexByte(rest, '\n')
			if n < 0 {
				return len(p.src.text)
			}
			at += n
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				p.fail(at, "unterminated comment: expected '*/'")
			}
			at += n + 4
		case strings.HasPrefix(rest, "\ufeff") && at == 0:
			at += 3
		default:
			return at
		}
	}
	return at
}

// scan returns the token that starts at or after offset at.
func (p *parser) scan(at int) token {
	at = p.skipSpace(at)
	if at >= len(p.src.text) {
		return token{kind: tokenEnd, pos: at, end: at}
	}
	rest := p.src.text[at:]
	c := rest[0]
	switch {
	case (c == 'b' || c == 'B') && len(rest) > 1 && (rest[1] == '\'' || rest[1] == '"'):
		text, end := p.scanQuoted(at+1, true)
		return token{kind: tokenBytes, text: text, pos: at, end: end}
	case isNameStart(c):
		n := 1
		for n < len(rest) && isNamePart(rest[n]) {
			n++
		}
		return token{kind: tokenName, text: rest[:n], pos: at, end: at + n}
	case isDigit(c):
		return p.scanNumber(at)
	case c == '\'' || c == '"':
		text, end := p.scanQuoted(at, false)
		return token{kind: tokenString, text: text, pos: at, end: end}
	}
	for _, m := range punctuation {
		if strings.HasPrefix(rest, m) {
			return token{kind: tokenPunct, text: m, pos: at, end: at + len(m)}
		}
	}
	char, _ := utf8.DecodeRuneInString(rest)
	switch char {
	case '&', '|':
		p.fail(at, "unexpected '%c': write '%c%c'", char, char, char)
	}
	p.fail(at, "unexpected character %q", char)
	return token{}
}

// numberLen returns the length of the number at the start of text, and whether it is an integer or
// a float.
func numberLen(text string) (n int, kind tokenKind) {
	digits := func() {
		for n < len(text) && isDigit(text[n]) {
			n++
		}
	}
	kind = tokenInt
	if strings.HasPrefix(text, "0x") || strings.HasPrefix(text, "0X") {
		n = 2
		for n < len(text) && (isDigit(text[n]) || text[n]|0x20 >= 'a' && text[n]|0x20 <= 'f') {
			n++
		}
		return n, kind
	}
	digits()
	if n+1 < len(text) && text[n] == '.' && isDigit(text[n+1]) {
		kind = tokenFloat
		n++
		digits()
	}
	if n < len(text) && text[n]|0x20 == 'e' {
		mantissa := n
		n++
		if n < len(text) && (text[n] == '+' || text[n] == '-') {
			n++
		}
		if n < len(text) && isDigit(text[n]) {
			kind = tokenFloat
			digits()
		} else {
			n = mantissa
		}
	}
	return n, kind
}

func (p *parser) scanNumber(at int) token {
	rest := p.src.text[at:]
	n, kind := numberLen(rest)
	if n < len(rest) && isNamePart(rest[n]) {
		p.fail(at+n, "unexpected %q after a number", rest[n])
	}
	t := token{kind: kind, text: rest[:n], pos: at, end: at + n}
	if kind == tokenFloat {
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			p.fail(at, "%s is too large for a 64-bit float", t.text)
		}
		t.number = FloatValue(f)
		return t
	}
	base, text := 10, t.text
	if len(text) > 1 && text[1]|0x20 == 'x' {
		base, text = 16, text[2:]
	}
	i, err := strconv.ParseInt(text, base, 64)
	if err != nil {
		p.fail(at, "%s is not a 64-bit integer", t.text)
	}
	t.number = IntValue(i)
	return t
}

// scanQuoted scans a quoted literal whose opening quote is at offset at, and returns its value and
// the offset after it.
func (p *parser) scanQuoted(at int, asBytes bool) (string, int) {
	text := p.src.text
	quote := text[at]
	var out strings.Builder
	for n := at + 1; n < len(text); {
		switch c := text[n]; c {
		case quote:
			return out.String(), n + 1
		case '\n':
			p.fail(at, "unterminated string: expected %c before the end of the line", quote)
		case '\\':
			n = p.scanEscape(&out, n, asBytes)
		default:
			out.WriteByte(c)
			n++
		}
	}
	p.fail(at, "unterminated string: expected %c", quote)
	return "", 0
}

// simpleEscapes are the escapes of a single letter.
var simpleEscapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'a': '\a', 'b': '\b', 'f': '\f', 'v': '\v',
	'\\': '\\', '\'': '\'', '"': '"', '`': '`', '?': '?'}

// scanEscape scans the escape at offset n and returns the offset after it.
func (p *parser) scanEscape(out *strings.Builder, n int, asBytes bool) int {
	text := p.src.text
	if n+1 >= len(text) {
		p.fail(n, "unterminated escape")
	}
	c := text[n+1]
	if b, ok := simpleEscapes[c]; ok {
		out.WriteByte(b)
		return n + 2
	}
	digits, base, from := 0, 16, n+2
	switch {
	case c == 'x' || c == 'X':
		digits = 2
	case c == 'u' && !asBytes:
		digits = 4
	case c == 'U' && !asBytes:
		digits = 8
	case c >= '0' && c <= '3':
		digits, base, from = 3, 8, n+1
	default:
		p.fail(n, "unknown escape \\%c: use \\\\ for a backslash", c)
	}
	if from+digits > len(text) {
		p.fail(n, "unterminated escape")
	}
	code, err := strconv.ParseUint(text[from:from+digits], base, 32)
	if err != nil {
		p.fail(n, "the escape \\%c requires %d digits", c, digits)
	}
	if asBytes {
		out.WriteByte(byte(code))
		return from + digits
	}
	if !utf8.ValidRune(rune(code)) {
		p.fail(n, "the escape is not a valid character")
	}
	out.WriteRune(rune(code))
	return from + digits
}
