package courses

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean is the text of a cell as people read it: entities resolved, every kind of space a plain one, none doubled or at the ends,
// nothing invisible.
func clean(s string) string {
	if !dirty(s) {
		return strings.Trim(s, " ")
	}
	s = html.UnescapeString(s)
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = true
			continue
		case invisible(r):
			continue
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	return b.String()
}

// dirty says whether clean has more to do than trim: most cells are clean, and copying them would be most of the work.
func dirty(s string) bool {
	before := rune(0)
	for _, r := range s {
		switch {
		case r == ' ':
			if before == ' ' {
				return true
			}
		case r >= '가' && r <= '힣': // most of the others: none of what follows
		case r == '&', r < ' ', r >= 0x7f && (unicode.IsSpace(r) || invisible(r)):
			return true
		}
		before = r
	}
	return false
}

// invisible characters: controls, zero-width ones, marks of byte order and direction.
func invisible(r rune) bool {
	return r != utf8.RuneError && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
}

// lines is clean for a cell in which line breaks mean something.
func lines(s string) string {
	if !strings.ContainsAny(s, "&<\r\n") {
		return clean(s)
	}
	s = html.UnescapeString(s)
	if strings.Contains(s, "<") {
		for _, br := range []string{"<br>", "<br/>", "<br />", "<BR>", "<BR/>", "<BR />"} {
			s = strings.ReplaceAll(s, br, "\n")
		}
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	for i, p := range parts {
		parts[i] = clean(p)
	}
	return strings.Join(parts, "\n")
}

// squeeze is a header's text with nothing in it that schools change by the way: case, spaces, line breaks.
func squeeze(s string) string {
	return strings.ToLower(strings.ReplaceAll(clean(s), " ", ""))
}

// known is the text, or "" when it only says that there is none, in one of the words with which schools fill a cell that has
// nothing to say.
func known(s string) string {
	if len(s) > 30 {
		return s
	}
	switch strings.ToLower(strings.ReplaceAll(s, " ", "")) {
	case "", "-", "--", "미배정", "미정", "미지정", "없음", "시간미정", "시간미지정", "강의실미정", "강의실미배정", "강의실미지정", "추후공지",
		"tba", "tbd", "n/a", "null":
		return ""
	}
	return s
}

// clip bounds a text that others wrote before it goes into a message, and takes what is invisible out of it.
func clip(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || invisible(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// addNew appends the texts that are neither empty nor there yet.
func addNew(list []string, texts ...string) []string {
next:
	for _, t := range texts {
		if t == "" {
			continue
		}
		for _, have := range list {
			if have == t {
				continue next
			}
		}
		list = append(list, t)
	}
	return list
}
