package main

import (
	"context"
	"flag"
	"fmt"

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/auth"
)

// authStatus shows how many old accounts have not yet moved to Firebase Authentication.
func authStatus(ctx context.Context, args []string) error {
	var t target
	flags := flag.NewFlagSet("auth", flag.ContinueOnError)
	t.register(flags)
	t.registerDatabase(flags)
	words, err := parse(flags, args, "status")
	if err != nil {
		return err
	}
	if words[0] != "status" {
		return fmt.Errorf("unknown action %q: use heektime auth status", words[0])
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	client, err := t.firestore(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	remaining, err := auth.Remaining(ctx, client)
	if err != nil {
		return err
	}
	fmt.Printf("old password hashes remaining: %s\n", table.Count(int(remaining)))
	if remaining == 0 {
		fmt.Print("Every account has moved to Firebase Authentication.\n" +
			"docs/sign-in.md lists the steps before the auth service can be turned off.\n")
	}
	return nil
}
