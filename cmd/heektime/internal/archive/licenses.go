package archive

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"heek.kr/heektime/cmd/heektime/internal/image"
)

// licenses returns the licences of Go and of the modules that are linked into the programs: most of them demand that
// they come with a binary.
func (p *Packer) licenses(ctx context.Context, t image.Target) ([]byte, error) {
	root, err := p.Compiler.Go(ctx, t, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	folders := map[string]string{"Go": strings.TrimSpace(string(root))}
	args := []string{"list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}"}
	for _, folder := range programs {
		args = append(args, "./"+folder)
	}
	list, err := p.Compiler.Go(ctx, t, args...)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(list)) {
		if module, dir, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok {
			folders[module] = dir
		}
	}
	var text bytes.Buffer
	for _, module := range slices.Sorted(maps.Keys(folders)) {
		found, err := licenseFiles(folders[module])
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s has no licence in %s", module, folders[module])
		}
		for _, path := range found {
			content, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			fmt.Fprintf(&text, "==== %s: %s ====\n\n%s\n", module, filepath.Base(path), bytes.TrimSpace(content))
		}
	}
	return text.Bytes(), nil
}

// licenseFiles returns the files in a module's folder that have to come with what is made of it.
func licenseFiles(dir string) (found []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		name := strings.ToUpper(e.Name())
		for _, prefix := range []string{"LICENSE", "LICENCE", "COPYING", "NOTICE", "PATENTS"} {
			if strings.HasPrefix(name, prefix) && !e.IsDir() {
				found = append(found, filepath.Join(dir, e.Name()))
			}
		}
	}
	return found, nil
}
