package hosting

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	shell "mvdan.cc/sh/v3/pattern"
)

// pattern is a compiled glob, with the extended operators of shells, or a compiled regular expression.
// Source: https://firebase.google.com/docs/hosting/full-config#glob_pattern_matching.
type pattern struct {
	// alternatives, if set, takes the place of expr: the pattern matches if any of them does
	alternatives []*pattern
	expr         *regexp.Regexp
	except       []*pattern // paths that do not match even though expr does
	negated      bool       // inverts the result
}

func (p *pattern) matches(path string) bool { return p.matchesPositive(path) != p.negated }

// matchesPositive is matches without the negation.
func (p *pattern) matchesPositive(path string) bool {
	if p.alternatives != nil {
		return slices.ContainsFunc(p.alternatives, func(a *pattern) bool { return a.matches(path) })
	}
	return p.expr.MatchString(path) && !slices.ContainsFunc(p.except, func(e *pattern) bool { return e.matches(path) })
}

// compileSource compiles a glob for request paths, which begin with a slash. A leading "!" negates it.
func compileSource(glob string) (*pattern, error) {
	negated := strings.HasPrefix(glob, "!") && !strings.HasPrefix(glob, "!(")
	if negated {
		glob = glob[1:]
	}
	if !strings.HasPrefix(glob, "/") {
		glob = "/" + glob
	}
	p, err := compileGlob(glob, 0)
	if err == nil {
		p.negated = negated
	}
	return p, err
}

// compileIgnore compiles a glob for file names, which have no leading slash and may begin with a dot.
func compileIgnore(glob string) (*pattern, error) {
	return compileGlob(strings.TrimPrefix(glob, "/"), shell.GlobLeadingDot)
}

// maxNegations limits the !(…) groups in a glob: each doubles the work.
const maxNegations = 4

func compileGlob(glob string, mode shell.Mode) (*pattern, error) {
	all := expandBraces(glob)
	if len(all) > maxAlternatives {
		return nil, fmt.Errorf("glob %q: its braces expand to more than %d globs", glob, maxAlternatives)
	}
	p := &pattern{}
	for _, one := range all {
		next, err := compileShell(one, mode, maxNegations)
		if err != nil {
			return nil, err
		}
		p.alternatives = append(p.alternatives, next)
	}
	return p, nil
}

// compileShell compiles a glob without braces. The shell package handles everything but !(…), which Go's
// regular expressions cannot express: a!(b)c matches what a*c matches and a@(b)c does not.
func compileShell(glob string, mode shell.Mode, negations int) (*pattern, error) {
	text, err := shell.Regexp(glob, mode|shell.Filenames|shell.EntireString|shell.ExtendedOperators)
	var negation *shell.NegExtGlobError
	if errors.As(err, &negation) {
		if negations == 0 {
			return nil, fmt.Errorf("glob %q: more than %d groups of the form !(…)", glob, maxNegations)
		}
		g := negation.Groups[0]
		p, err := compileShell(glob[:g.Start]+"*"+glob[g.End:], mode, negations-1)
		if err != nil {
			return nil, err
		}
		except, err := compileShell(glob[:g.Start]+"@"+glob[g.Start+1:], mode, negations-1)
		if err != nil {
			return nil, err
		}
		p.except = append(p.except, except)
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

// maxAlternatives limits how many globs the braces of one glob expand to.
const maxAlternatives = 100

// expandBraces expands a{b,c} to ab and ac. Braces without a comma and unclosed braces stay literal. The
// result may exceed maxAlternatives by one, but never more.
func expandBraces(glob string) []string {
	for start := 0; start < len(glob); start++ {
		switch glob[start] {
		case '\\':
			start++
		case '{':
			parts, end := splitBraces(glob[start+1:])
			if len(parts) < 2 {
				continue
			}
			var all []string
			for _, part := range parts {
				for _, rest := range expandBraces(part + glob[start+1+end:]) {
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

// splitBraces returns the parts of the brace list whose opening brace precedes text, and the offset after
// its closing brace. It returns no parts if the list is not closed.
func splitBraces(text string) (parts []string, end int) {
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
