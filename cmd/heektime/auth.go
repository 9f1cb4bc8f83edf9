package main

import (
	"context"
	"flag"
	"fmt"

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/auth"
)

// authStatus says how far the old accounts have moved to Firebase Authentication.
func authStatus(ctx context.Context, args []string) error {
	var t target
	flags := flag.NewFlagSet("auth", flag.ContinueOnError)
	t.register(flags)
	what, err := parse(flags, args, "status")
	if err != nil {
		return err
	}
	if what[0] != "status" {
		return fmt.Errorf("heektime auth knows status, not %q", what[0])
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	client, err := t.firestore(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	left, err := auth.Remaining(ctx, client)
	if err != nil {
		return err
	}
	fmt.Printf("%s old password hashes are left\n", table.Count(int(left)))
	if left == 0 {
		fmt.Println("every account signs in to Firebase Authentication; docs/sign-in.md says what to do before the service is switched off")
	}
	return nil
}
