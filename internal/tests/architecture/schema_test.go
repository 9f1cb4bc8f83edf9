package architecture

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"heek.kr/heektime/internal/schema"
)

// mayNameDocuments are the folders whose code may name collections and fields: the schema itself, the
// emulator, which has no schema, and a benchmark of Firestore servers, which has its own documents.
var mayNameDocuments = []string{"internal/schema/", "emulator/", "cmd/heektime/internal/firestorebench/"}

func TestOnlySchemaNamesDocuments(t *testing.T) {
	eachGoFile(t, func(file string, source []byte) {
		if strings.HasSuffix(file, "_test.go") ||
			slices.ContainsFunc(mayNameDocuments, func(folder string) bool { return strings.HasPrefix(file, folder) }) {
			return
		}
		found, err := documentNames(file, source)
		if err != nil {
			t.Error(err)
		}
		for _, f := range found {
			t.Errorf("%s: use a constant or a function of package schema instead", f)
		}
	})
}

// documentNames lists where a file has a string literal for a collection or a field.
func documentNames(file string, source []byte) (found []string, err error) {
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	report := func(at ast.Node, what string) {
		found = append(found, fmt.Sprintf("%v: %s", set.Position(at.Pos()), what))
	}
	documents := literalMaps(parsed)
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.CallExpr:
			checkCall(n, documents, report)
		case *ast.CompositeLit:
			checkComposite(n, report)
		case *ast.IndexExpr:
			if call, ok := n.X.(*ast.CallExpr); ok && methodOf(call) == "Data" && hasText(n.Index) {
				report(n, "a field of Data()")
			}
		case *ast.Field:
			if n.Tag != nil {
				text, _ := strconv.Unquote(n.Tag.Value)
				if _, ok := reflect.StructTag(text).Lookup("firestore"); ok {
					report(n, "a firestore tag")
				}
			}
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); n.Kind == token.STRING && err == nil && isPath.MatchString(text) {
				report(n, "the path "+text)
			}
		}
		return true
	})
	return found, nil
}

// isPath matches a path from the root of the database. URLs of the REST API begin with a slash.
var isPath = func() *regexp.Regexp {
	var roots []string
	for _, d := range schema.Documents() {
		root, _, _ := strings.Cut(d.Path, "/")
		if !slices.Contains(roots, root) {
			roots = append(roots, root)
		}
	}
	return regexp.MustCompile(`^(.*/documents/)?(` + strings.Join(roots, "|") + `)/\S*$`)
}()

func checkCall(call *ast.CallExpr, documents map[string]bool, report func(ast.Node, string)) {
	method := methodOf(call)
	switch method {
	case "Collection", "CollectionGroup", "Doc", "Where", "OrderBy", "Select", "SelectPaths", "WherePath", "DataAt":
		if len(call.Args) > 0 && slices.ContainsFunc(call.Args[:min(len(call.Args), pathArguments(method))], hasText) {
			report(call, "an argument of "+method)
		}
	case "Set", "Create", "Add":
		for _, arg := range call.Args {
			name, isName := arg.(*ast.Ident)
			if isDocument(arg) || isName && documents[name.Name] {
				report(call, "a document for "+method)
			}
		}
	}
}

// pathArguments returns how many arguments of a method can be fields or collections.
func pathArguments(method string) int {
	if method == "Select" || method == "SelectPaths" {
		return 100
	}
	return 1
}

func checkComposite(c *ast.CompositeLit, report func(ast.Node, string)) {
	switch kind := typeName(c.Type); kind {
	case "firestore.FieldPath":
		if slices.ContainsFunc(c.Elts, hasText) {
			report(c, "a "+kind)
		}
		return
	}
	for _, e := range c.Elts {
		// The type of an element of []firestore.Update is usually omitted, so the key decides.
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			continue
		}
		if key, ok := pair.Key.(*ast.Ident); ok && key.Name == "Path" && hasText(pair.Value) && isUpdate(c) {
			report(c, "the path of an update")
		}
	}
}

// isUpdate reports whether a literal is a firestore.Update. If it omits its type, having a Value decides.
func isUpdate(c *ast.CompositeLit) bool {
	if c.Type != nil {
		return typeName(c.Type) == "firestore.Update"
	}
	return slices.ContainsFunc(c.Elts, func(e ast.Expr) bool {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return false
		}
		key, ok := pair.Key.(*ast.Ident)
		return ok && key.Name == "Value"
	})
}

// literalMaps returns the variables of a file that are assigned a map with literal keys.
func literalMaps(file *ast.File) map[string]bool {
	names := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok {
			for i, to := range a.Lhs {
				if name, ok := to.(*ast.Ident); ok && i < len(a.Rhs) && isDocument(a.Rhs[i]) {
					names[name.Name] = true
				}
			}
		}
		return true
	})
	return names
}

// isDocument reports whether an expression is a map[string]any with a literal key.
func isDocument(e ast.Expr) bool {
	c, ok := e.(*ast.CompositeLit)
	if !ok {
		return false
	}
	m, ok := c.Type.(*ast.MapType)
	return ok && typeName(m.Key) == "string" && slices.ContainsFunc(c.Elts, func(e ast.Expr) bool {
		pair, ok := e.(*ast.KeyValueExpr)
		return ok && hasText(pair.Key)
	})
}

func methodOf(call *ast.CallExpr) string {
	if s, ok := call.Fun.(*ast.SelectorExpr); ok {
		return s.Sel.Name
	}
	return ""
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return typeName(e.X) + "." + e.Sel.Name
	}
	return ""
}

// hasText reports whether an expression contains a string literal.
func hasText(e ast.Expr) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			found = true
		}
		return !found
	})
	return found
}

func TestDocumentNames(t *testing.T) {
	for _, c := range []struct {
		code string
		want string // "" if nothing should be found
	}{
		{`client.Collection("users").Doc(uid)`, "argument of Collection"},
		{`client.CollectionGroup("lectures")`, "argument of CollectionGroup"},
		{`client.Doc("users/" + uid)`, "argument of Doc"},
		{`ref.Collection(name + "0")`, "argument of Collection"},
		{`query.Where("uid", "==", uid)`, "argument of Where"},
		{`query.Where(schema.FieldUID, "==", uid)`, ""},
		{`query.OrderBy("due", firestore.Asc)`, "argument of OrderBy"},
		{`query.OrderBy(firestore.DocumentID, firestore.Asc)`, ""},
		{`query.Select("a")`, "argument of Select"},
		{`query.Select()`, ""},
		{`doc.DataAt("username")`, "argument of DataAt"},
		{`doc.Data()["username"]`, "field of Data()"},
		{`doc.Data()[schema.FieldUsername]`, ""},
		{`[]firestore.Update{{Path: "due", Value: 1}}`, "path of an update"},
		{`firestore.Update{Path: "due"}`, "path of an update"},
		{`[]firestore.Update{{Path: schema.FieldDue, Value: 1}}`, ""},
		{`http.Cookie{Path: "/", Value: "x"}`, ""},
		{`firestore.Update{FieldPath: firestore.FieldPath{"clients", key}}`, "firestore.FieldPath"},
		{`tx.Set(ref, map[string]any{"username": name})`, "document for Set"},
		{`func() { fields := map[string]any{"value": uid}; tx.Create(ref, fields) }`, "document for Create"},
		{`tx.Set(ref, map[string]any{schema.FieldSlots: slots})`, ""},
		{`tx.Set(ref, schema.User{Username: name})`, ""},
		{`json.Marshal(map[string]any{"token": token})`, ""},
		{`struct { Name string ` + "`firestore:\"name\"`" + ` }{}`, "firestore tag"},
		{`struct { Name string ` + "`json:\"name\"`" + ` }{}`, ""},
		{`"schools/" + id + "/semesters/" + semester`, "path schools/"},
		{`"indices/user/usernames/x"`, "path indices/"},
		{`"projects/p/databases/(default)/documents/users/x"`, "path projects/"},
		{`"/users/{user}/timetables"`, ""},
		{`"users and schools"`, ""},
	} {
		found, err := documentNames("x.go", []byte("package x\nvar _ = "+c.code))
		got := strings.Join(found, "; ")
		if err != nil || (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: found %q, %v; want %q", c.code, got, err, c.want)
		}
	}
}
