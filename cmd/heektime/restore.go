package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"

	firebaseauth "firebase.google.com/go/v4/auth"

	"heek.kr/heektime/cmd/heektime/internal/copyback"
	"heek.kr/heektime/cmd/heektime/internal/price"
	"heek.kr/heektime/internal/gcp"
)

// restoreData copies lost documents back from another database, or from the past of the same one, and
// makes the references of a restored database refer to itself. docs/restore.md says when to use which.
//
// It is long because of its flags.
func restoreData(ctx context.Context, args []string) error {
	var t target
	var cfg copyback.Config
	flags := flag.NewFlagSet("restore", flag.ContinueOnError)
	t.register(flags)
	t.registerDatabase(flags)
	from := flags.String("from", "", "copy: `ID` of the database to copy from (default: the same one, with --at)")
	at := flags.String("at", "", "copy: copy what the data was at this `TIME`; see check-data")
	damagedFrom := flags.String("damaged-from", "", "copy: replace documents that differ and were last written from this `TIME` on …")
	damagedUntil := flags.String("damaged-until", "", "copy: … until this `TIME`")
	flags.BoolVar(&cfg.WithoutAccount, "without-account", false, "copy: also the data of users who have no account: they may have deleted it")
	flags.BoolVar(&cfg.Write, "write", false, "write; otherwise only show what would be written")
	want := []string{"copy", "PATH"}
	if slices.Contains(args, "references") && !slices.Contains(args, "copy") { // flags may come first
		want = []string{"references"}
	}
	words, err := parse(flags, args, want...)
	if err != nil {
		return err
	}
	if words[0] != want[0] {
		return fmt.Errorf("unknown action %q: use copy PATH, or references", words[0])
	}
	if cfg.Damage.From, err = parseTime("damaged-from", *damagedFrom); err != nil {
		return err
	}
	if cfg.Damage.Until, err = parseTime("damaged-until", *damagedUntil); err != nil {
		return err
	}
	switch {
	case cfg.Damage.From.IsZero() != cfg.Damage.Until.IsZero():
		return errors.New("--damaged-from and --damaged-until need each other")
	case words[0] == "copy" && (*from == "" || *from == t.database) && *at == "":
		return errors.New("copy from where? use --from with the ID of a restored database, --at with a time, or both")
	case *from == "":
		*from = t.database
	}
	if cfg.To, err = t.firestore(ctx); err != nil {
		return err
	}
	defer cfg.To.Close()
	var report copyback.Report
	if words[0] == "copy" {
		report, err = t.copyBack(ctx, cfg, *from, *at, words[1])
	} else {
		report, err = copyback.Rewrite(ctx, cfg.To, cfg.Write)
	}
	verb := "would be created"
	if cfg.Write {
		verb = "created"
	}
	fmt.Printf("%d documents %s, %d replaced, %d the same, %d skipped; billed %s\n", report.Created, verb, report.Replaced, report.Same,
		report.Skipped, price.Firestore(report.Reads, report.Writes))
	switch {
	case err != nil:
		return fmt.Errorf("%w; repeat the command: it continues with what is missing", err)
	case !cfg.Write && report.Created+report.Replaced > 0:
		fmt.Println("nothing was written: add --write")
	}
	return nil
}

func (t *target) copyBack(ctx context.Context, cfg copyback.Config, from, at, path string) (copyback.Report, error) {
	source, err := t.firestoreAt(ctx, from, at)
	if err != nil {
		return copyback.Report{}, err
	}
	defer source.Close()
	fmt.Printf("from the database %s%s\n", from, pastTime(at))
	accounts, err := gcp.Authentication(ctx, t.project, "")
	if err != nil {
		return copyback.Report{}, err
	}
	cfg.From, cfg.HasAccount = source, hasAccount(accounts)
	cfg.Skipped = func(path, reason string) { fmt.Printf("skipped %s: %s\n", path, reason) }
	return copyback.Copy(ctx, cfg, path)
}

func pastTime(at string) string {
	if at == "" {
		return ""
	}
	return " as it was at " + at
}

// hasAccount asks Authentication which uids have an account, at most 100 in a call.
func hasAccount(accounts *firebaseauth.Client) func(context.Context, []string) (map[string]bool, error) {
	return func(ctx context.Context, uids []string) (map[string]bool, error) {
		has := map[string]bool{}
		var ids []firebaseauth.UserIdentifier
		for _, uid := range uids {
			if len(uid) <= maxUID {
				ids = append(ids, firebaseauth.UIDIdentifier{UID: uid})
			}
		}
		if len(ids) == 0 {
			return has, nil
		}
		result, err := accounts.GetUsers(ctx, ids)
		if err != nil {
			return nil, err
		}
		for _, user := range result.Users {
			has[user.UID] = true
		}
		return has, nil
	}
}

// maxUID is the length of the longest uid that Authentication has.
//
// Source: https://firebase.google.com/docs/auth/admin/manage-users#create_a_user
const maxUID = 128
