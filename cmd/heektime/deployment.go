package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"heek.kr/heektime/internal/deployment"
	"heek.kr/heektime/internal/deployment/markdown"
	"heek.kr/heektime/internal/deployment/tfvars"
)

// showDeployment prints the deployment's documentation with up-to-date tables, or writes it back,
// together with OpenTofu's copy of the table.
func showDeployment(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("deployment", flag.ContinueOnError)
	write := flags.Bool("write", false, "update "+markdown.Page+" and "+tfvars.Path+" instead of printing the page")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	table := deployment.Table()
	if err := table.Validate(); err != nil {
		return err
	}
	path, err := findUpwards(markdown.Page)
	if err != nil {
		return err
	}
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the deployment page: %w", err)
	}
	page, err := markdown.Update(string(old), table)
	if err != nil {
		return err
	}
	if !*write {
		fmt.Print(page)
		return nil
	}
	if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
		return fmt.Errorf("write the deployment page: %w", err)
	}
	variables, err := tfvars.File(table)
	if err != nil {
		return err
	}
	root := filepath.Dir(filepath.Dir(path))
	if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(tfvars.Path)), variables, 0o644); err != nil {
		return fmt.Errorf("write OpenTofu's copy of the table: %w", err)
	}
	return nil
}

// findUpwards returns the path of name, which is relative to this folder or to one of its parents.
func findUpwards(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find %s: %w", name, err)
	}
	for {
		path := filepath.Join(dir, filepath.FromSlash(name))
		switch _, err := os.Stat(path); {
		case err == nil:
			return path, nil
		case !errors.Is(err, fs.ErrNotExist), dir == filepath.Dir(dir):
			return "", fmt.Errorf("find %s: run heektime deployment inside the repository", name)
		}
		dir = filepath.Dir(dir)
	}
}
