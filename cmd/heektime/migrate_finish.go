package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"heek.kr/heektime/internal/migration/cutover"
	"heek.kr/heektime/internal/migration/documentwriter"
)

// migrateFinish removes what the move needed, and says what can be turned off. docs/migrate.md explains it.
func migrateFinish(ctx context.Context, args []string) error {
	var m migration
	flags := flag.NewFlagSet("migrate finish", flag.ContinueOnError)
	m.register(flags)
	yes := flags.Bool("yes", false, "do not ask")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	mover, err := m.migrator(ctx)
	if err != nil {
		return err
	}
	defer mover.Firestore.Close()
	if err := cutover.CheckFinish(ctx, mover.Firestore); err != nil {
		return err
	}
	db, err := mover.Open(ctx, false)
	if err != nil {
		return err
	}
	defer db.Close()
	converter, err := documentwriter.LoadConverter(ctx, mover.Firestore, db)
	if err != nil {
		return err
	}
	leftovers, err := cutover.FindLeftovers(ctx, db, converter)
	if err != nil {
		return err
	}
	writeLeftovers(os.Stdout, leftovers)
	if m.dryRun {
		return nil
	}
	if !*yes && !confirm(os.Stdin, os.Stdout, m.project) {
		return errors.New("nothing was removed")
	}
	cfg := mover.Cutover(db)
	cfg.Progress = func(s cutover.Step) { fmt.Printf("%d/%d  %s\n", s.Number, s.Of, s.Text) }
	if err := mover.Finish(ctx, cfg); err != nil {
		return err
	}
	fmt.Print(afterFinish)
	return nil
}

const afterFinish = `
The move is finished. Now you can
  - unset OLD_SERVER_URL and OLD_TOKEN_KEY of compat-server, which then no longer reads the state of the move
  - turn off the old server, keep a last backup of the old database, and turn it off
  - turn off heektime migrate follow
`

// confirm asks for the project's name.
func confirm(in io.Reader, out io.Writer, project string) bool {
	fmt.Fprintf(out, "\nThere is no way back after this. Type the project's name, %s, to finish: ", project)
	line, _ := bufio.NewReader(in).ReadString('\n')
	return strings.TrimSpace(line) == project
}

// writeLeftovers says what stays behind.
func writeLeftovers(w io.Writer, l *cutover.Leftovers) {
	fmt.Fprintln(w, "What the old database holds that moved nowhere:")
	for _, t := range l.Tables {
		fmt.Fprintf(w, "  table %s, which migrate.yaml does not mention: %d rows\n", t.Name, t.Rows)
	}
	for _, t := range l.LeftOut {
		fmt.Fprintf(w, "  rows of kind %s that the rules leave out: %d\n", t.Name, t.Rows)
	}
	if len(l.Tables)+len(l.LeftOut) == 0 {
		fmt.Fprintln(w, "  nothing")
	}
	if l.Aside > 0 {
		fmt.Fprintf(w, "%d documents of Firestore have something that the old database cannot hold; it stays in Firestore.\n", l.Aside)
	}
	fmt.Fprintln(w, "When the last old app called is in compat-server's log, in lines \"calls by client version\".")
}
