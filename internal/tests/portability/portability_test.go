// Package portability checks that the local cloud and the tool compile where the gate does not run.
package portability

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// Our packages are type-checked from source, with what others declare: compiling them for another system takes minutes,
// because the standard library and all dependencies are compiled, too. The release compiles them.
func TestOtherSystems(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, system := range []string{"windows", "darwin"} {
		t.Run(system, func(t *testing.T) {
			all, err := packages.Load(&packages.Config{
				Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps | packages.NeedTypes | packages.NeedSyntax,
				ParseFile: func(fset *token.FileSet, name string, text []byte) (*ast.File, error) {
					return parse(fset, name, text, strings.HasPrefix(name, root+string(filepath.Separator)))
				},
				Env: append(os.Environ(), "GOOS="+system, "GOARCH=arm64", "CGO_ENABLED=0"),
			}, "heek.kr/heektime/emulator/...", "heek.kr/heektime/cmd/heektime")
			if err != nil {
				t.Fatal(err)
			}
			problems := 0
			packages.Visit(all, nil, func(p *packages.Package) {
				for _, e := range p.Errors {
					if !strings.HasPrefix(p.PkgPath, "heek.kr/") {
						break // imports that only bodies use
					}
					if problems++; problems <= 10 {
						t.Error(e)
					}
				}
			})
			if len(all) < 20 {
				t.Errorf("found %d packages, want all of the local cloud", len(all))
			}
		})
	}
}

// parse parses a file. The bodies of the functions of others are left out.
func parse(fset *token.FileSet, name string, text []byte, ours bool) (*ast.File, error) {
	f, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil || ours {
		return f, err
	}
	for _, d := range f.Decls {
		if function, ok := d.(*ast.FuncDecl); ok {
			function.Body = nil
		}
	}
	return f, nil
}
