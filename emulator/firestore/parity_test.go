package firestore_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	emulator "heek.kr/heektime/emulator/firestore"
)

var updateParity = flag.Bool("update", false, "write docs/parity.md")

// parityPage is what TestParity writes.
const parityPage = "../../docs/parity.md"

// parityGroup is a section of the page: cases that share a project and its documents.
type parityGroup struct {
	heading string
	seed    map[string]map[string]any
	rules   string // without, everybody may do everything
	cases   []parityCase

	statusOnly bool // of an answer that is not an error only this is compared: it is shown as OK
}

// parityCase is one comparison. Answers are in the short form of [abridge].
type parityCase struct {
	name string
	// The requests, each like "POST :commit {…}"; see [parity.request]. The last one's answer counts.
	steps []string
	do    func(*parity) string // instead of steps

	official   string // what Google's emulator was recorded to answer, "" if nobody has
	production string // what production is documented to answer, "" if that is the same, or not documented
	here       string // what this emulator answers, "" if that is production's answer, or else the emulator's
	why        string // the reason for a difference
}

// want returns the answer that this emulator must give.
func (c *parityCase) want() string {
	switch {
	case c.here != "":
		return c.here
	case c.production != "":
		return c.production
	}
	return c.official
}

func parityGroups() []parityGroup {
	return []parityGroup{
		parityWrites(), parityTransforms(), parityLimits(), parityVerify(), parityBatchWrite(), parityGets(), parityLists(), parityQueries(),
		parityQueryErrors(), parityAggregations(), parityNearest(), parityTransactions(), parityWriteStream(), parityListen(), parityWebChannel(),
		parityAuthorization(), parityREST(), parityControl(), parityRules(),
	}
}

// TestParity sends the requests of all cases, compares the answers with those that the cases list, and
// docs/parity.md with the page that it makes of them.
func TestParity(t *testing.T) {
	w := startWeb(t, unindexed)
	var page bytes.Buffer
	page.WriteString(parityIntroduction)
	for i, g := range parityGroups() {
		p := &parity{web: w, t: t, project: fmt.Sprint("parity-", i)}
		p.root = "projects/" + p.project + "/databases/(default)/documents"
		p.prepare(g)
		fmt.Fprintf(&page, "\n## %s\n\n| case | Google's emulator | production | here |\n|---|---|---|---|\n", g.heading)
		for _, c := range g.cases {
			got := p.answer(c)
			if g.statusOnly && !codeOnly.MatchString(got) {
				got = "OK"
			}
			if got != c.want() {
				t.Errorf("%s: %s: %s, want %s", g.heading, c.name, got, c.want())
			}
			if differ := c.want() != c.official && c.official != "" || c.production != "" && c.want() != c.production; differ != (c.why != "") {
				t.Errorf("%s: %s: a difference needs a reason, and a reason a difference", g.heading, c.name)
			}
			page.WriteString(c.row())
		}
	}
	if *updateParity {
		if err := os.WriteFile(parityPage, page.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if old, err := os.ReadFile(parityPage); err != nil || !bytes.Equal(old, page.Bytes()) {
		t.Errorf("docs/parity.md is not what this test makes (%v): go test ./emulator/firestore -run TestParity -update", err)
	}
}

// codeOnly matches the code of an error.
var codeOnly = regexp.MustCompile(`^[A-Z_]+$`)

// row returns the case's line of the page.
func (c *parityCase) row() string {
	cell := func(answer, otherwise string) string {
		if answer == "" {
			return otherwise
		}
		return "`` " + strings.ReplaceAll(answer, "|", "\\|") + " ``"
	}
	production, here := cell(c.production, ""), "the same"
	if c.want() != c.official || c.production != "" && c.production != c.official {
		here = cell(c.want(), "")
	}
	if c.production == c.official {
		production = ""
	}
	if c.why != "" {
		here += ": " + c.why
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", strings.ReplaceAll(c.name, "|", "\\|"), cell(c.official, "not recorded"), production, here)
}

// parity sends the requests of one group.
type parity struct {
	*web
	t       *testing.T
	project string
	root    string // of the documents
	saved   string // what a case keeps between its requests
}

func (p *parity) prepare(g parityGroup) {
	p.t.Helper()
	if g.rules != "" {
		if _, err := p.SetRules(p.project, []byte(g.rules)); err != nil {
			p.t.Fatal(err)
		}
	}
	if err := database(p.t, p.cloud, p.project).Seed(g.seed); err != nil {
		p.t.Fatal(err)
	}
}

func (p *parity) answer(c parityCase) (answer string) {
	p.t.Helper()
	if c.do != nil {
		return c.do(p)
	}
	for _, s := range c.steps {
		answer = p.request(s)
	}
	return answer
}

// request sends a request, "METHOD PATH BODY" or "AUTHORIZATION: METHOD PATH BODY", and returns its answer. A
// path begins after …/documents, or with ~ after the host. $ is the documents' root, @ what [parity.save]
// kept. Without an authorization the caller is a server, with "nobody" there is none.
func (p *parity) request(text string) string {
	p.t.Helper()
	return abridge(p.send1(text), p.root, strings.Contains(text, `"select"`) || strings.Contains(text, "distanceResultField"))
}

func (p *parity) send1(text string) reply {
	p.t.Helper()
	authorization := "Bearer owner"
	if who, rest, ok := strings.Cut(text, ": "); ok && !strings.Contains(who, "{") {
		authorization, text = who, rest
		if who == "nobody" {
			authorization = ""
		}
	}
	text = strings.NewReplacer("$", p.root, "@", p.saved).Replace(text)
	method, rest, _ := strings.Cut(text, " ")
	path, body, _ := strings.Cut(rest, " ")
	if full, ok := strings.CutPrefix(path, "~"); ok {
		path = full
	} else {
		path = "/v1/" + p.root + path
	}
	return p.web.do(method, path, authorization, body)
}

func (p *parity) db() *emulator.Database { return database(p.t, p.cloud, p.project) }

const parityIntroduction = `# Parity

What Google's emulator answers, what production does, and what this emulator does: per RPC, REST method, step of a WebChannel, and
built-in of the security rules. The tables are made by ` + "`TestParity`" + ` of [emulator/firestore](../emulator/firestore), which sends each request
and fails if the answer is not the one in the last column. ` + "`go test ./emulator/firestore -run TestParity -update`" + ` writes this page.

- **Google's emulator** is version 1.22.0 of cloud-firestore-emulator, from the recordings that
  [hidane](https://github.com/hidane-dev/hidane) has published (October 2026). Nobody ran it here. Most cases are shorter than
  the recorded ones, with fewer documents: the answer is what was recorded for the same request, about these documents.
- **Production** is what Google documents, where that is something else, or what the reason names. An empty cell means: the same as the
  emulator, or not documented.
- Where both differ, this emulator does what production does. Where production is not documented, it does what Google's emulator does, or
  gives a reason.

Answers are short forms: an error's code; a document's path, with its fields where they matter; ` + "`time`" + ` for any timestamp and ` + "`time (ms)`" + `
for one of whole milliseconds; ` + "`{}`" + ` for nothing. Error messages are not compared: most of those of Google's emulator name internals of
Datastore.
`
