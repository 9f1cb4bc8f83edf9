package schemarules

import (
	"fmt"
	"slices"
	"strings"

	"heek.kr/heektime/internal/schema"
)

func (a *analysis) report(pos int, format string, args ...any) {
	f := Finding{pos, fmt.Sprintf(format, args...)}
	if key := fmt.Sprint(f); !a.seen[key] {
		a.seen[key] = true
		a.found = append(a.found, f)
	}
}

func fieldsOf(d *schema.Document) []schema.Field {
	if d == nil {
		return nil
	}
	return d.Fields
}

func (a *analysis) fieldOf(d *schema.Document, fields []schema.Field, name, full string, pos int) value {
	if d == nil {
		return value{}
	}
	for i := range fields {
		if fields[i].Name == name {
			return value{kind: field, document: d, field: &fields[i], name: full}
		}
	}
	a.report(pos, "%s has no field %s%s", d.Path, full, suggestion(name, names(fields)))
	return value{}
}

func names(fields []schema.Field) []string {
	var list []string
	for _, f := range fields {
		list = append(list, f.Name)
	}
	return list
}

// suggestion names what was probably meant.
func suggestion(name string, known []string) string {
	best, distance := "", len(name)/2+1
	for _, k := range known {
		if d := edits(strings.ToLower(name), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return ": did you mean " + best + "?"
}

// edits is the Levenshtein distance of two names.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// keys compares a list of hasOnly or hasAll with the fields that the owner may write, or change.
func (a *analysis) keys(of value, method string, list *node) {
	if of.document == nil || of.document.Writer != schema.Owner || list.op != opList {
		return
	}
	var want []string
	for _, f := range of.document.OwnerFields() {
		if of.kind == changes && f.Fixed || method == "hasAll" && f.Optional {
			continue
		}
		want = append(want, f.Name)
	}
	var got []string
	for _, k := range list.kids {
		got = append(got, k.text)
		if !slices.Contains(want, k.text) {
			a.report(k.pos, "%s: the owner may not write %s%s", of.document.Path, k.text, suggestion(k.text, want))
		}
	}
	for _, name := range want {
		if !slices.Contains(got, name) {
			a.report(list.pos, "%s: %s lacks %s", of.document.Path, method, name)
		}
	}
	a.checked[of.document.Path+" "+fmt.Sprint(of.kind)] = true
}

// saw remembers that the rules check something about a field.
func (a *analysis) saw(of value, what string) {
	a.checked[of.document.Path+" "+of.name+" "+what] = true
}

// ruleTypes are the types of the schema by their names in rules.
var ruleTypes = map[string][]schema.Type{
	"string": {schema.Text}, "int": {schema.Integer}, "number": {schema.Number}, "bool": {schema.Bool}, "list": {schema.List},
	"map": {schema.Map}, "timestamp": {schema.Timestamp}, "path": {schema.Reference},
}

func (a *analysis) typed(of value, kind *node) {
	a.saw(of, "type")
	if !slices.Contains(ruleTypes[kind.text], of.field.Type) {
		a.report(kind.pos, "%s: %s has the type %s in the schema", of.document.Path, of.name, of.field.Type)
	}
}

// values compares the values that a text may have. Rules for reading may ask for one of them.
func (a *analysis) values(of value, list []*node, pos int) {
	a.saw(of, "values")
	a.saw(of, "type")
	var got []string
	for _, k := range list {
		got = append(got, k.text)
		if len(of.field.OneOf) > 0 && !slices.Contains(of.field.OneOf, k.text) {
			a.report(k.pos, "%s: %s is never %q in the schema%s", of.document.Path, of.name, k.text, suggestion(k.text, of.field.OneOf))
		}
	}
	for _, v := range of.field.OneOf {
		if len(list) > 1 && !slices.Contains(got, v) {
			a.report(pos, "%s: %s may be %q in the schema", of.document.Path, of.name, v)
		}
	}
}

// compare compares the bound that a comparison gives, or what it makes a field equal to.
func (a *analysis) compare(n *node, left, right value) {
	switch {
	case left.kind == limit && right.kind == constant && n.text == "<=" && left.document != nil:
		a.checked[left.document.Path+" page"] = true
		a.bound(right.pos, left.document.Path, "the limit of a list", right.number, left.document.MaxPage)
	case left.kind == size && left.field != nil && right.kind == constant:
		a.sized(n.text, left, right)
	case left.kind == field && right.kind == constant && n.text == "<=":
		a.saw(left, "max")
		a.bound(right.pos, left.document.Path, "the maximum of "+left.name, right.number, left.field.Max)
	case left.kind == field && right.kind == constant && n.text == ">=":
		a.saw(left, "min")
		a.bound(right.pos, left.document.Path, "the minimum of "+left.name, right.number, left.field.Min)
	case n.text == "==" && right.kind == field && left.kind != field:
		a.equal(right, left, n.pos)
	case n.text == "==" && left.kind == field:
		a.equal(left, right, n.pos)
	}
}

func (a *analysis) sized(operator string, of, n value) {
	switch {
	case of.field.Type == schema.Map && operator == "==":
		a.saw(of, "size")
		a.bound(n.pos, of.document.Path, "the number of fields in "+of.name, n.number, len(of.field.Fields))
	case operator == "<=":
		a.saw(of, "max")
		a.bound(n.pos, of.document.Path, "the maximum size of "+of.name, n.number, of.field.Max)
	case operator == ">=":
		a.saw(of, "min")
		a.bound(n.pos, of.document.Path, "the minimum size of "+of.name, n.number, of.field.Min)
	}
}

func (a *analysis) bound(pos int, document, what string, got, want int) {
	if got != want {
		a.report(pos, "%s: %s is %d in the rules and %d in the schema", document, what, got, want)
	}
}

func (a *analysis) equal(of, to value, pos int) {
	switch {
	case to.kind == now:
		a.saw(of, "type")
		if of.field.Type != schema.Timestamp {
			a.report(pos, "%s: %s has the type %s in the schema", of.document.Path, of.name, of.field.Type)
		}
	case to.kind == user, to.kind == id:
		a.saw(of, "type")
	case to.kind == path && to.document != nil:
		a.saw(of, "type")
		if of.field.Target != to.document.Path {
			a.report(pos, "%s: %s names a document %s in the schema", of.document.Path, of.name, of.field.Target)
		}
	}
}

func (a *analysis) idLength(d *schema.Document, n, pos int) {
	if d == nil {
		return
	}
	a.checked[fmt.Sprint(d.Path, " id ", n)] = true
	if !slices.Contains(d.IDLengths, n) {
		a.report(pos, "%s: ids have %v characters in the schema, not %d", d.Path, d.IDLengths, n)
	}
}

// pattern compares a pattern of ids that ends in a length: [0-9a-f]{32}.
func (a *analysis) pattern(d *schema.Document, pattern *node) {
	var n int
	_, length, ok := strings.Cut(pattern.text, "{")
	if _, err := fmt.Sscanf(length, "%d}", &n); ok && err == nil {
		a.idLength(d, n, pattern.pos)
	}
}

// matched compares the pattern of a text.
func (a *analysis) matched(of value, pattern *node) {
	a.saw(of, "pattern")
	if got := strings.ReplaceAll(pattern.text, `\\`, `\`); got != of.field.Pattern {
		a.report(pattern.pos, "%s: %s must match %q in the rules and %q in the schema", of.document.Path, of.name, got, of.field.Pattern)
	}
}

// missing reports what the schema demands of a document and the rules do not check.
func (a *analysis) missing(d *schema.Document, pos int) {
	need := func(key, format string, args ...any) {
		if !a.checked[d.Path+" "+key] {
			a.report(pos, "%s: the rules do not check "+format, append([]any{d.Path}, args...)...)
		}
	}
	need(fmt.Sprint(keys), "which fields a new document has (keys().hasOnly)")
	if slices.ContainsFunc(d.OwnerFields(), func(f schema.Field) bool { return !f.Fixed }) {
		need(fmt.Sprint(changes), "which fields an update changes (affectedKeys().hasOnly)")
	}
	if d.MaxPage > 0 {
		need("page", "the limit of a list")
	}
	for _, n := range d.IDLengths {
		need(fmt.Sprint("id ", n), "that ids may have %d characters", n)
	}
	var check func(f schema.Field, name string)
	check = func(f schema.Field, name string) {
		switch f.Type {
		case schema.Number, schema.Map: // a comparison, or a look at the fields, implies the type
		default:
			need(name+" type", "the type of %s", name)
		}
		if f.Max > 0 && !(f.Name == "timeBegin") { // which timeEnd bounds
			need(name+" max", "the maximum of %s", name)
		}
		if f.Min > 0 {
			need(name+" min", "the minimum of %s", name)
		}
		if len(f.OneOf) > 0 {
			need(name+" values", "the values of %s", name)
		}
		if f.Pattern != "" {
			need(name+" pattern", "the pattern of %s", name)
		}
		if f.Type == schema.Map {
			need(name+" size", "that %s has no other fields", name)
		}
		if f.Entry != nil {
			check(*f.Entry, name+"[]")
		}
		for _, inner := range f.Fields {
			check(inner, name+"."+inner.Name)
		}
	}
	for _, f := range d.OwnerFields() {
		check(f, f.Name)
	}
}
