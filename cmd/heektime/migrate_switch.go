package main

import (
	"context"
	"errors"
)

func migrateSwitch(context.Context, []string) error { return errors.New("not written yet") }
