package courses

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/scanner"
)

// grammar is an EBNF grammar in Go's notation, as the guide publishes it.
type grammar map[string]expression

// expression is a part of a production. Exactly one field is set.
type expression struct {
	terminal string
	name     string
	sequence []expression
	choice   []expression
	optional *expression
	repeated *expression
}

// parseGrammar parses productions such as: days = day { day } . It is long because the parts of the
// recursive parser share its state.
func parseGrammar(t testing.TB, text string) grammar {
	t.Helper()
	var s scanner.Scanner
	s.Init(strings.NewReader(text))
	s.Mode = scanner.ScanIdents | scanner.ScanStrings
	token := s.Scan()
	next := func() string {
		text := s.TokenText()
		token = s.Scan()
		return text
	}
	want := func(text string) {
		if got := next(); got != text {
			t.Fatalf("grammar: %s: got %q, want %q", s.Pos(), got, text)
		}
	}
	var choice func() expression
	factor := func() expression {
		if token == scanner.String {
			literal, err := strconv.Unquote(next())
			if err != nil {
				t.Fatal(err)
			}
			return expression{terminal: literal}
		}
		if token == scanner.Ident {
			return expression{name: next()}
		}
		switch open := next(); open {
		case "(":
			e := choice()
			want(")")
			return e
		case "[":
			e := choice()
			want("]")
			return expression{optional: &e}
		case "{":
			e := choice()
			want("}")
			return expression{repeated: &e}
		default:
			t.Fatalf("grammar: %s: unexpected %q", s.Pos(), open)
			return expression{}
		}
	}
	choice = func() expression {
		var choices []expression
		for {
			var sequence []expression
			for !slices.Contains([]string{"|", ")", "]", "}", "."}, s.TokenText()) {
				sequence = append(sequence, factor())
			}
			choices = append(choices, expression{sequence: sequence})
			if s.TokenText() != "|" {
				return expression{choice: choices}
			}
			next()
		}
	}
	g := grammar{}
	for token != scanner.EOF {
		name := next()
		want("=")
		g[name] = choice()
		want(".")
	}
	return g
}

// generate returns a random text of e.
func (g grammar) generate(r *rand.Rand, e expression) string {
	switch {
	case e.terminal != "":
		return e.terminal
	case e.name != "":
		production, ok := g[e.name]
		if !ok {
			panic("the grammar has no production " + e.name)
		}
		return g.generate(r, production)
	case e.choice != nil:
		return g.generate(r, e.choice[r.IntN(len(e.choice))])
	case e.optional != nil:
		if r.IntN(2) == 0 {
			return ""
		}
		return g.generate(r, *e.optional)
	case e.repeated != nil:
		text := ""
		for r.IntN(3) == 0 {
			text += g.generate(r, *e.repeated)
		}
		return text
	}
	text := ""
	for _, part := range e.sequence {
		text += g.generate(r, part)
	}
	return text
}

// matcher recognizes texts of a grammar. Spaces can precede every terminal.
type matcher struct {
	grammar
	text string
	seen map[string][]int // ends of a production by name and begin
}

// ends returns where the texts of e that begin at pos can end.
func (m *matcher) ends(e expression, pos int) []int {
	switch {
	case e.terminal != "":
		for pos < len(m.text) && m.text[pos] == ' ' {
			pos++
		}
		if end := pos + len(e.terminal); end <= len(m.text) && strings.EqualFold(m.text[pos:end], e.terminal) {
			return []int{end}
		}
		return nil
	case e.name != "":
		key := fmt.Sprint(e.name, pos)
		ends, ok := m.seen[key]
		if !ok {
			ends = m.ends(m.grammar[e.name], pos)
			m.seen[key] = ends
		}
		return ends
	case e.choice != nil:
		var ends []int
		for _, c := range e.choice {
			ends = append(ends, m.ends(c, pos)...)
		}
		return unique(ends)
	case e.optional != nil:
		return unique(append(m.ends(*e.optional, pos), pos))
	case e.repeated != nil:
		all := []int{pos}
		for i := 0; i < len(all); i++ {
			for _, end := range m.ends(*e.repeated, all[i]) {
				if !slices.Contains(all, end) {
					all = append(all, end)
				}
			}
		}
		return all
	}
	ends := []int{pos}
	for _, part := range e.sequence {
		var next []int
		for _, at := range ends {
			next = append(next, m.ends(part, at)...)
		}
		ends = unique(next)
	}
	return ends
}

func unique(ends []int) []int {
	slices.Sort(ends)
	return slices.Compact(ends)
}

// matches reports whether the whole text is a cell.
func (g grammar) matches(text string) bool {
	m := matcher{grammar: g, text: text, seen: map[string][]int{}}
	return slices.Contains(m.ends(expression{name: "cell"}, 0), len(strings.TrimRight(text, " ")))
}

// grammarExamples are examples without free texts, and the productions of their parts.
var grammarExamples = []struct{ example, production string }{
	{"월(11:00~12:15)", `days "(" clocks ")"`},
	{"Mon 10:00-11:15", `days clocks`},
	{"월 10.15-11.45", `days clocks`},
	{"월 13:30(75)", `days time "(" minutes ")"`},
	{"월 10:00부터 11:15까지", `days time "부" "터" time "까" "지"`},
	{"월3,4", `days periods`},
	{"월(3-4)", `days "(" periods ")"`},
	{"월 1 2 3", `days periods`},
	{"월 6-1.5", `days periods`},
	{"월67", `days runTogether`},
	{"월3(11:00~12:15)", `days periods "(" clocks ")"`},
	{"월", `days`},
	{"MoWe 10:00-11:15", `days clocks`},
	{"월-금 3", `days periods`},
}

// guideGrammar returns the guide's grammar for one example.
func guideGrammar(t testing.TB, days dayNames, production string) grammar {
	t.Helper()
	text := example(t, "ebnf") + "example = " + production + " .\nplaceholder = \"미\" \"정\" | \"T\" \"B\" \"A\" | \"-\" [ \"-\" ] .\n"
	declared := `declared = "월"`
	for _, n := range days.names {
		declared += " | " + strconv.Quote(n.text)
	}
	g := parseGrammar(t, text+declared+" .\n")
	if days.names != nil { // declared names replace the others, and can be run together
		g["day"] = parseGrammar(t, `day = declared { declared } [ "." ] .`)["day"]
		g["declared"] = expression{choice: g["declared"].choice[1:]}
	}
	return g
}

// TestGuideGrammar checks both directions of the guide's grammar: what it generates is read, unless
// it makes no sense, and what is read belongs to it.
func TestGuideGrammar(t *testing.T) {
	for _, e := range grammarExamples {
		t.Run(e.example, func(t *testing.T) {
			format, err := newTimeFormat(e.example, hourlyPeriods(14))
			if err != nil {
				t.Fatal(err)
			}
			g := guideGrammar(t, format.patterns[0].days, e.production)
			r := rand.New(rand.NewPCG(1, 2))
			read := 0
			for range 2000 {
				cell := g.generate(r, expression{name: "cell"})
				if !g.matches(cell) {
					t.Fatalf("the test's matcher does not match %q", cell)
				}
				_, err := format.parseCell(cell, "/")
				if err == nil {
					read++
				}
				mutated := mutate(r, cell)
				if _, err := format.parseCell(mutated, "/"); err == nil && !g.matches(normalizeCell(mutated)) {
					t.Fatalf("%q was read, but does not belong to the grammar", mutated)
				}
			}
			if read < 200 {
				t.Errorf("only %d of 2000 cells of the grammar were read", read)
			}
		})
	}
}

// mutate changes a cell in one or two random places.
func mutate(r *rand.Rand, cell string) string {
	runes := []rune(cell)
	pieces := []rune("월수일3450179:.,/~-()ap시분교 \n미")
	for range 1 + r.IntN(2) {
		at := r.IntN(len(runes) + 1)
		switch r.IntN(3) {
		case 0:
			runes = slices.Insert(runes, at, pieces[r.IntN(len(pieces))])
		case 1:
			if at < len(runes) {
				runes = slices.Delete(runes, at, at+1)
			}
		default:
			if at < len(runes) {
				runes[at] = pieces[r.IntN(len(pieces))]
			}
		}
	}
	return string(runes)
}

// FuzzGuideGrammar checks that every cell that is read belongs to the guide's grammar: no character of
// it was skipped.
func FuzzGuideGrammar(f *testing.F) {
	type target struct {
		format *timeFormat
		grammar
	}
	var targets []target
	for i, e := range grammarExamples {
		format, err := newTimeFormat(e.example, hourlyPeriods(14))
		if err != nil {
			f.Fatal(err)
		}
		g := guideGrammar(f, format.patterns[0].days, e.production)
		targets = append(targets, target{format, g})
		for seed := range uint64(5) {
			f.Add(uint8(i), g.generate(rand.New(rand.NewPCG(seed, 1)), expression{name: "cell"}))
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, cell string) {
		if len(cell) > 200 || dropPlaceholder(cleanText(cell)) == "" {
			return
		}
		target := targets[int(i)%len(targets)]
		if _, err := target.format.parseCell(cell, "/"); err == nil && !target.matches(normalizeCell(cell)) {
			t.Fatalf("%q was read, but does not belong to the grammar", cell)
		}
	})
}
