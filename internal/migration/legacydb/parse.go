package legacydb

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // machines that run the command may have no time zones
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"heek.kr/heektime/internal/schema"
	"heek.kr/heektime/internal/spelling"
)

// mappingFile is migrate.yaml as it is written.
type mappingFile struct {
	TimeZone string               `yaml:"timeZone"`
	Schools  map[string]string    `yaml:"schools"`
	Terms    map[string]termEntry `yaml:"terms"`
	Rules    map[string]string    `yaml:"rules"`
	Rows     map[string]rowEntry  `yaml:"rows"`
}

type termEntry struct {
	Month string `yaml:"month"`
	Term  string `yaml:"term"`
}

type rowEntry struct {
	Key    string                `yaml:"key"`
	Select string                `yaml:"select"`
	Tables map[string]tableEntry `yaml:"tables"`
	Save   []string              `yaml:"save"`
	Remove []string              `yaml:"remove"`
}

type tableEntry struct {
	Key      string   `yaml:"key"`
	Parent   string   `yaml:"parent"`
	Children []string `yaml:"children"`
}

// UnmarshalYAML accepts the name of the key column alone.
func (t *tableEntry) UnmarshalYAML(unmarshal func(any) error) error {
	if unmarshal(&t.Key) == nil {
		return nil
	}
	type plain tableEntry
	return unmarshal((*plain)(t))
}

// ParseMapping parses a mapping. Errors name the file, the line, and what to do.
func ParseMapping(name string, text []byte) (*Mapping, error) {
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%s is not UTF-8: save it as UTF-8", name)
	}
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, true))
	}
	if len(parsed.Docs) != 1 || parsed.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s has %d YAML documents, want one: copy the default mapping and change it", name, len(parsed.Docs))
	}
	var file mappingFile
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %s", name, yaml.FormatError(err, false, true))
	}
	p := mappingParser{name: name, root: parsed.Docs[0].Body}
	m := &Mapping{Schools: file.Schools, Terms: map[string]Term{}, Rows: map[Kind]*RowMapping{}}
	m.TimeZone = p.zone(file.TimeZone)
	for id, to := range file.Schools {
		p.check(schema.CheckID(to), "schools", id)
	}
	for old, term := range file.Terms {
		m.Terms[old] = p.term(old, term)
	}
	m.Rules = p.rules(file.Rules)
	p.kinds(file.Rows)
	for _, kind := range Kinds() {
		m.Rows[kind] = p.rows(kind, file.Rows[string(kind)])
	}
	// Maps have no order: sort by line.
	slices.SortFunc(p.problems, func(a, b problem) int {
		if a.line != b.line {
			return a.line - b.line
		}
		return strings.Compare(a.Error(), b.Error())
	})
	var errs []error
	for _, e := range p.problems {
		errs = append(errs, e)
	}
	return m, errors.Join(errs...)
}

type problem struct {
	line int
	error
}

// mappingParser collects everything that is wrong with a mapping.
type mappingParser struct {
	name     string
	root     ast.Node
	problems []problem
}

// addf reports a mistake at a key, below other keys.
func (p *mappingParser) addf(path []string, format string, args ...any) {
	line := lineAt(p.root, path)
	p.problems = append(p.problems, problem{line, fmt.Errorf("%s:%d: %s: %w", p.name, line, strings.Join(path, "."), fmt.Errorf(format, args...))})
}

func (p *mappingParser) check(err error, path ...string) {
	if err != nil {
		p.addf(path, "%w", err)
	}
}

// lineAt returns the line of the deepest of the keys that exists.
func lineAt(node ast.Node, path []string) int {
	line := node.GetToken().Position.Line
	for _, key := range path {
		var values []*ast.MappingValueNode
		switch n := node.(type) {
		case *ast.MappingNode:
			values = n.Values
		case *ast.MappingValueNode:
			values = []*ast.MappingValueNode{n}
		}
		i := slices.IndexFunc(values, func(v *ast.MappingValueNode) bool { return strings.Trim(v.Key.String(), `"'`) == key })
		if i < 0 {
			return line
		}
		line, node = values[i].Key.GetToken().Position.Line, values[i].Value
	}
	return line
}

func (p *mappingParser) zone(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if name == "" || name == "Local" || err != nil {
		p.addf([]string{"timeZone"}, "%q is not a time zone: want a name such as Asia/Seoul or UTC", name)
		return time.UTC
	}
	return zone
}

var month = regexp.MustCompile(`^(0[1-9]|1[0-2])$`)

func (p *mappingParser) term(old string, entry termEntry) Term {
	term := Term{Month: entry.Month, Name: schema.Term(entry.Term)}
	if entry.Term == "" {
		term.Name = schema.Term(old)
	}
	if err := term.Name.Validate(); err != nil {
		p.addf([]string{"terms", old}, "%w; say which with term", err)
	}
	if !month.MatchString(term.Month) {
		p.addf([]string{"terms", old, "month"}, `%q is not a month: want "01" to "12", in quotes`, term.Month)
	}
	return term
}

// The rules that are not an action.
const timestampRule = "timestamp"

func (p *mappingParser) rules(rules map[string]string) Rules {
	r := Rules{Actions: map[Field]Action{}}
	for name := range rules {
		if name != timestampRule && name != string(TimetableSemester) && actions[Field(name)] == nil {
			p.addf([]string{"rules", name}, "there is no such rule%s", spelling.Suggest(name, ruleNames()))
		}
	}
	for field, allowed := range actions {
		action, set := rules[string(field)]
		if r.Actions[field] = Action(action); !set {
			r.Actions[field] = allowed[0]
		} else if !slices.Contains(allowed, Action(action)) {
			p.addf([]string{"rules", string(field)}, "%q is not possible: want %s", action, oneOf(allowed))
		}
	}
	if semester := rules[string(TimetableSemester)]; semester != string(LeaveOut) {
		r.Semester = semester
	}
	text, ok := rules[timestampRule]
	if !ok {
		text = "2000-01-01T00:00:00Z"
	}
	var err error
	if r.Timestamp, err = time.Parse(time.RFC3339, text); err != nil {
		p.addf([]string{"rules", timestampRule}, "%q is not a time: want a time such as 2017-01-01T00:00:00+09:00", text)
	}
	return r
}

func ruleNames() []string {
	names := []string{timestampRule, string(TimetableSemester)}
	for field := range actions {
		names = append(names, string(field))
	}
	return names
}

func oneOf(all []Action) string {
	var names []string
	for _, a := range all {
		names = append(names, string(a))
	}
	return strings.Join(names, " or ")
}

func (p *mappingParser) kinds(rows map[string]rowEntry) {
	var kinds []string
	for _, kind := range Kinds() {
		kinds = append(kinds, string(kind))
		if _, ok := rows[string(kind)]; !ok {
			p.addf([]string{"rows"}, "%s is missing: say with select and key where the rows are", kind)
		}
	}
	for kind := range rows {
		if !slices.Contains(kinds, kind) {
			p.addf([]string{"rows", kind}, "there is no such kind of row: want %s%s", strings.Join(kinds, ", "), spelling.Suggest(kind, kinds))
		}
	}
}

var (
	identifier = regexp.MustCompile(`^[\p{L}_][\p{L}\p{N}_$]*$`)
	tableName  = regexp.MustCompile(`^([\p{L}_][\p{L}\p{N}_$]*\.)?[\p{L}_][\p{L}\p{N}_$]*$`)
	parameter  = regexp.MustCompile(`(?:^|[^@\w])@(\w+)`)
)

func (p *mappingParser) rows(kind Kind, entry rowEntry) *RowMapping {
	rows := &RowMapping{
		Select: strings.TrimRight(strings.TrimSpace(entry.Select), "; \n"), Key: entry.Key, Tables: map[string]Table{},
		Save: entry.Save, Remove: entry.Remove,
	}
	if entry.Select == "" && entry.Key == "" {
		return rows // kinds has reported it
	}
	at := func(keys ...string) []string { return append([]string{"rows", string(kind)}, keys...) }
	if rows.Select == "" {
		p.addf(at("select"), "the SELECT is missing")
	}
	if !identifier.MatchString(rows.Key) {
		p.addf(at("key"), "%q is not a column: name the column of the SELECT that identifies a row", rows.Key)
	}
	if len(entry.Tables) == 0 {
		p.addf(at("tables"), "no tables: list those that the SELECT reads, each with the column that has the %s's key", kind)
	}
	hasParent := false
	for name, table := range entry.Tables {
		if !tableName.MatchString(name) {
			p.addf(at("tables", name), "%q is not the name of a table", name)
		}
		t := Table(table)
		for _, column := range t.columns() {
			if !identifier.MatchString(column) {
				p.addf(at("tables", name), "%q is not a column: name the one that has the %s's key", column, kind)
			}
		}
		hasParent = hasParent || t.Parent != ""
		rows.Tables[withSchema(name)] = t
	}
	if wants := kind == TimetableKind || kind == LectureKind; wants && !hasParent {
		p.addf(at("tables"), "no table has a parent: name the column that has the key of the %s's %s", kind, parentOf[kind])
	}
	for i, statements := range [][]string{entry.Save, entry.Remove} {
		p.statements(kind, entry.Key, at([]string{"save", "remove"}[i]), statements)
	}
	if (len(entry.Save) == 0) != (len(entry.Remove) == 0) {
		p.addf(at("save"), "save and remove need each other")
	}
	return rows
}

// statements checks that statements use parameters that a row has.
func (p *mappingParser) statements(kind Kind, key string, path, statements []string) {
	names := []string{key}
	for _, c := range columnsOf[kind] {
		names = append(names, c.name)
	}
	for _, statement := range statements {
		for _, match := range parameter.FindAllStringSubmatch(statement, -1) {
			if !slices.Contains(names, match[1]) {
				p.addf(path, "@%s is not a column of a %s%s", match[1], kind, spelling.Suggest(match[1], names))
			}
		}
	}
}
