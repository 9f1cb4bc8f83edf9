package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"cloud.google.com/go/firestore"
	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/environment"
	"heek.kr/heektime/internal/gcp"
	"heek.kr/heektime/internal/migration/comparison"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/shadowread"
)

// apiSample is how many users' responses are compared without --sample.
const apiSample = 100

// newTokenSigner returns a function that signs access tokens of a user for both servers. since is the account's
// tokensValidAfterTime in milliseconds. The function is nil if the environment lacks the keys. compat.go
// sets it.
var newTokenSigner func(project string, env *environment.Variables) (func(uid string, since int64) (shadowread.Tokens, error), error)

// compareAPIs compares the responses of both servers.
func (o *verifyOptions) compareAPIs(ctx context.Context, client *firestore.Client, db *legacydb.DB) error {
	if o.sample == 0 {
		o.sample = apiSample
	}
	if o.newAPI == "" {
		stop, err := o.startCompatServer(ctx)
		if err != nil {
			return err
		}
		defer stop()
	}
	rules, err := comparison.Sample(ctx, db, client, o.sample)
	if err != nil {
		return err
	}
	stream := comparison.Stream{Old: db, Firestore: client, Patience: o.patience}
	cfg := shadowread.Config{Old: o.oldAPI, New: o.newAPI, Settle: untilStuck(stream.Arrive), Explain: func(d shadowread.Difference) string {
		return rules.Explain(d.UID, d.Object, d.Field)
	}}
	for _, user := range rules.Users {
		cfg.Users = append(cfg.Users, shadowread.User{ID: user.ID, Username: user.Username})
	}
	if cfg.Tokens, err = o.tokens(ctx); err != nil {
		return err
	}
	if cfg.Tokens == nil {
		fmt.Fprintln(os.Stderr, o.missingKeys()+": comparing only what signed-out apps see")
	}
	cfg.Progress = func(done, total int) {
		fmt.Fprintf(os.Stderr, "\r%-40s", fmt.Sprintf("%d of %d requests", done, total))
	}
	if o.dryRun {
		fmt.Fprintf(os.Stderr, "would compare the responses for %s\n", table.Counted(len(cfg.Users), "user"))
		return nil
	}
	report, err := shadowread.Run(ctx, cfg)
	fmt.Fprintln(os.Stderr)
	if report == nil {
		return err
	}
	if o.json {
		if err := printIndented(os.Stdout, report); err != nil {
			return err
		}
	} else {
		printShadowReads(os.Stdout, report)
	}
	if err == nil && report.Unexplained() > 0 {
		return errReported
	}
	return err
}

// untilStuck returns arrive, which does nothing after changes have not arrived once: then every response that
// differs would wait in vain.
func untilStuck(arrive func(context.Context) error) func(context.Context) error {
	var mu sync.Mutex
	stuck := false
	return func(ctx context.Context) error {
		mu.Lock()
		defer mu.Unlock()
		if stuck {
			return nil
		}
		err := arrive(ctx)
		if stuck = errors.Is(err, comparison.ErrStuck); stuck {
			fmt.Fprintf(os.Stderr, "\n%v: differences may only be late\n", err)
			return nil
		}
		return err
	}
}

func (o *verifyOptions) missingKeys() string {
	if o.variables != nil {
		return "OLD_TOKEN_KEY is not set"
	}
	return "OLD_TOKEN_KEY and TOKEN_KEY are not both set"
}

// tokens returns what signs tokens of the sampled users, nil without the keys.
func (o *verifyOptions) tokens(ctx context.Context) (func(context.Context, string) (shadowread.Tokens, error), error) {
	if newTokenSigner == nil {
		return nil, nil
	}
	env := environment.Process()
	if o.variables != nil {
		env = environment.Map(o.variables)
	}
	sign, err := newTokenSigner(o.project, env)
	if err != nil || sign == nil {
		return nil, err
	}
	accounts, err := gcp.Authentication(ctx, o.project, "")
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, uid string) (shadowread.Tokens, error) {
		var since int64 // 0 for an account that has not moved to Authentication
		switch user, err := accounts.GetUser(ctx, uid); {
		case firebaseauth.IsUserNotFound(err):
		case err != nil:
			return shadowread.Tokens{}, fmt.Errorf("look up the account %s: %w", uid, err)
		default:
			since = user.TokensValidAfterMillis
		}
		return sign(uid, since)
	}, nil
}

// printShadowReads prints what differs between the servers.
func printShadowReads(w io.Writer, r *shadowread.Report) {
	for _, g := range r.Groups {
		rule := ""
		if g.Rule != "" {
			rule = ": " + g.Rule
		}
		fmt.Fprintf(w, "%d × %s: %s%s\n", g.Count, g.Request, g.Field, rule)
		e := g.Example
		fmt.Fprintf(w, "    %s %s: %s on the old server, %s on compat-server\n", e.Path, e.Object, e.Old, e.New)
	}
	fmt.Fprintf(w, "compared %s: %s equal", table.Counted(r.Requests, "request"), table.Count(r.Equal))
	if r.Settled > 0 {
		fmt.Fprintf(w, ", %s after follow had caught up", table.Count(r.Settled))
	}
	fmt.Fprintln(w)
	if r.Unexplained() == 0 {
		fmt.Fprintf(w, "old apps see the same on both sides (%s)\n", time.Now().Format(time.TimeOnly))
	}
}
