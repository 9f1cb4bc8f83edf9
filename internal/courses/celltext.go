package courses

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// normalizeCell prepares a cell with meetings or rooms for reading. Unlike [cleanLines] it keeps blank
// lines, because a blank line can stand for a meeting without a room. It replaces fullwidth
// characters, as East Asian keyboards type them, with ASCII, and composes decomposed Hangul.
func normalizeCell(s string) string {
	lines := strings.Split(breakLines(s), "\n")
	for i, line := range lines {
		lines[i] = cleanText(line)
	}
	s = strings.Join(lines, "\n")
	isASCII := true
	for i := 0; i < len(s) && isASCII; i++ {
		isASCII = s[i] < 0x80
	}
	if isASCII {
		return s
	}
	return strings.Map(foldRune, norm.NFC.String(s))
}

// foldRune replaces characters that mean the same in a cell with meetings.
func foldRune(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r < 0x2000 && r != '\u00b7':
		return r
	}
	switch r {
	case '・', 'ㆍ', '‧', '∙', '⋅', '•':
		return '·'
	case '、', '､':
		return ','
	case '∶', '︰':
		return ':'
	case '⁄', '∕':
		return '/'
	case '【', '〔':
		return '['
	case '】', '〕':
		return ']'
	case '｡':
		return '.'
	}
	return r
}

// breakLines returns s with every kind of line break as "\n".
func breakLines(s string) string {
	if !strings.ContainsAny(s, "&<\r") {
		return s
	}
	s = unescapeEntities(s)
	if strings.Contains(s, "<") {
		s = lineBreakTag.ReplaceAllString(s, "\n")
	}
	return lineBreaks.Replace(s)
}

var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")
