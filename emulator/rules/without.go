package rules

import (
	"strings"
)

// Without returns the text of a rules file without whatever allows these methods: an allow statement
// loses them, and one that has no others is removed. Everything else stays as it is, comments included.
// For text that does not compile it returns an [*Error].
func Without(name, text string, methods ...Method) (string, error) {
	if _, _, err := Compile(name, text); err != nil {
		return "", err
	}
	f, err := parse(&source{file: name, text: text})
	if err != nil {
		return "", err
	}
	w := &withholder{text: text}
	for _, m := range methods {
		w.methods |= 1 << m
	}
	for _, s := range f.services {
		w.matches(s.matches)
	}
	w.kept.WriteString(text[w.done:])
	return w.kept.String(), nil
}

// withholder copies a rules file without some methods. Allow statements of a match block may come after
// blocks inside of it, so it collects the changes of a block in the order of their positions.
type withholder struct {
	text    string
	methods methodSet
	kept    strings.Builder
	done    int // offset up to which text is in kept
}

func (w *withholder) matches(list []*match) {
	for _, m := range list {
		allows, inner := m.allows, m.matches
		for len(allows) > 0 || len(inner) > 0 {
			if len(inner) == 0 || len(allows) > 0 && allows[0].pos < inner[0].pos {
				w.allow(allows[0])
				allows = allows[1:]
				continue
			}
			w.matches(inner[:1])
			inner = inner[1:]
		}
	}
}

func (w *withholder) allow(a *allow) {
	rest := a.mask &^ w.methods
	switch rest {
	case a.mask:
	case 0:
		w.replace(a.pos, a.end, "")
	default:
		var names []string
		for m := Get; m <= Delete; m++ {
			if rest.has(m) {
				names = append(names, m.String())
			}
		}
		w.replace(a.methods[0].pos, a.methods[len(a.methods)-1].end, strings.Join(names, ", "))
	}
}

func (w *withholder) replace(pos, end int, with string) {
	w.kept.WriteString(w.text[w.done:pos])
	w.kept.WriteString(with)
	w.done = end
}
