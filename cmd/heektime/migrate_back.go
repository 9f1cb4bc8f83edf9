package main

import (
	"context"

	"heek.kr/heektime/internal/migration/cutover"
	"heek.kr/heektime/internal/migration/state"
)

// migrateBack makes the old database the side that serves a kind of data again. docs/migrate.md explains it.
func migrateBack(ctx context.Context, args []string) error {
	return migrateKind(ctx, "back", args, state.Old, cutover.Back)
}
