package hosting

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	shell "mvdan.cc/sh/v3/pattern"
)

// pattern is a glob, with the extended operators of shells, or a regular expression.
// Source: https://firebase.google.com/docs/hosting/full-config#glob_pattern_matching.
type pattern struct {
	any    []*pattern // what it is put together of; otherwise it is
	expr   *regexp.Regexp
	except []*pattern // what it does not match although expr does
	not    bool       // it matches what it otherwise would not
}

func (p *pattern) matches(path string) bool { return p.selects(path) != p.not }

func (p *pattern) selects(path string) bool {
	if p.any != nil {
		return slices.ContainsFunc(p.any, func(a *pattern) bool { return a.matches(path) })
	}
	return p.expr.MatchString(path) && !slices.ContainsFunc(p.except, func(e *pattern) bool { return e.matches(path) })
}

// compileSource compiles a glob for paths of requests, which begin with a slash. "!" before it turns it around.
func compileSource(glob string) (*pattern, error) {
	not := strings.HasPrefix(glob, "!") && !strings.HasPrefix(glob, "!(")
	if not {
		glob = glob[1:]
	}
	if !strings.HasPrefix(glob, "/") {
		glob = "/" + glob
	}
	p, err := compileGlob(glob, 0)
	if err == nil {
		p.not = not
	}
	return p, err
}

// compileIgnore compiles a glob for files, whose names begin without a slash and may begin with a dot.
func compileIgnore(glob string) (*pattern, error) {
	return compileGlob(strings.TrimPrefix(glob, "/"), shell.GlobLeadingDot)
}

// maxNegations bounds the !(…) of a glob: each doubles the work.
const maxNegations = 4

func compileGlob(glob string, mode shell.Mode) (*pattern, error) {
	all := expand(glob)
	if len(all) > maxAlternatives {
		return nil, fmt.Errorf("glob %q: its braces make more than %d", glob, maxAlternatives)
	}
	p := &pattern{}
	for _, one := range all {
		next, err := compileShell(one, mode, maxNegations)
		if err != nil {
			return nil, err
		}
		p.any = append(p.any, next)
	}
	return p, nil
}

// compileShell leaves all to the shell's patterns but !(…), which no regular expression of Go can say: that a!(b)c
// matches is that a*c does and a@(b)c does not.
func compileShell(glob string, mode shell.Mode, negations int) (*pattern, error) {
	text, err := shell.Regexp(glob, mode|shell.Filenames|shell.EntireString|shell.ExtendedOperators)
	var negative *shell.NegExtGlobError
	if errors.As(err, &negative) {
		if negations == 0 {
			return nil, fmt.Errorf("glob %q: more than %d of !(…)", glob, maxNegations)
		}
		g := negative.Groups[0]
		p, err := compileShell(glob[:g.Start]+"*"+glob[g.End:], mode, negations-1)
		if err != nil {
			return nil, err
		}
		but, err := compileShell(glob[:g.Start]+"@"+glob[g.Start+1:], mode, negations-1)
		if err != nil {
			return nil, err
		}
		p.except = append(p.except, but)
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("glob %q: %w", glob, err)
	}
	expr, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("glob %q: %w", glob, err)
	}
	return &pattern{expr: expr}, nil
}

// maxAlternatives bounds what the braces of a glob expand to.
const maxAlternatives = 100

// expand writes a{b,c} as ab and ac. Braces without a comma, or without an end, are what they are.
func expand(glob string) []string {
	for start := 0; start < len(glob); start++ {
		switch glob[start] {
		case '\\':
			start++
		case '{':
			parts, end := alternatives(glob[start+1:])
			if len(parts) < 2 {
				continue
			}
			var all []string
			for _, part := range parts {
				for _, rest := range expand(part + glob[start+1+end:]) {
					if all = append(all, glob[:start]+rest); len(all) > maxAlternatives {
						return all
					}
				}
			}
			return all
		}
	}
	return []string{glob}
}

// alternatives are the parts of a list in braces, which begins after the first one, and where it ends.
func alternatives(text string) (parts []string, end int) {
	depth, from := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '{':
			depth++
		case ',':
			if depth == 0 {
				parts, from = append(parts, text[from:i]), i+1
			}
		case '}':
			if depth == 0 {
				return append(parts, text[from:i]), i + 1
			}
			depth--
		}
	}
	return nil, 0
}
