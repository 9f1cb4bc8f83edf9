package firestorebench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// profile writes a CPU profile for each operation, with the highest number of callers. Each operation
// has its own server.
func (b *bench) profile(ctx context.Context) error {
	dir, err := filepath.Abs(b.ProfileDir)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	for _, op := range b.operations() {
		callers := slices.Max(b.Callers)
		if op.single {
			callers = 1
		}
		b.Progress("profile " + op.name)
		file := filepath.Join(dir, strings.ReplaceAll(op.name, " ", "-")+".pprof")
		if err := b.profileOne(ctx, op, callers, file); err != nil {
			return fmt.Errorf("profile %s: %w", op.name, err)
		}
	}
	return nil
}

// profileOne writes the CPU profile of one operation.
func (b *bench) profileOne(ctx context.Context, op operation, callers int, file string) (err error) {
	t, err := b.open(ctx, embedded)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.stop()) }() // writes the profile
	if err := t.fill(ctx, lectures, b.Documents); err != nil {
		return err
	}
	if err := attempt(ctx, t, op); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(t.in, "profile "+file); err != nil {
		return err
	}
	_, err = repeat(ctx, t, op, callers, 10*b.Window)
	return err
}
