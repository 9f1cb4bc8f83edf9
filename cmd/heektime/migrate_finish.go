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

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/migration/cutover"
	"heek.kr/heektime/internal/migration/documentwriter"
	"heek.kr/heektime/internal/migration/overview"
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
	switch finished, err := cutover.IsFinished(ctx, mover.Firestore); {
	case err != nil:
		return err
	case finished:
		fmt.Print("the move is finished already", afterFinish)
		return nil
	}
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
	status, err := overview.Read(ctx, overview.Source{Firestore: mover.Firestore, Old: db})
	if err != nil {
		return err
	}
	writeLeftovers(os.Stdout, leftovers)
	fmt.Printf("Old apps: %s.\n", describeLastClient(status))
	if m.dryRun {
		return nil
	}
	if !*yes && !confirm(os.Stdin, os.Stdout, m.project) {
		return errors.New("nothing was removed: the project's name was not typed; --yes answers")
	}
	cfg := mover.Cutover(db)
	cfg.Progress = func(s cutover.Step) { fmt.Printf("%d/%d  %s\n", s.Number, s.Of, s.Text) }
	if err := mover.Finish(ctx, cfg); err != nil {
		return err
	}
	fmt.Print("the move is finished", afterFinish)
	return nil
}

const afterFinish = `
Now you can
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
		fmt.Fprintf(w, "  table %s, which the mapping does not mention: %s\n", t.Name, table.Counted(t.Rows, "row"))
	}
	for _, t := range l.LeftOut {
		fmt.Fprintf(w, "  %s that the rules leave out\n", table.Counted(t.Rows, t.Name))
	}
	if l.Names > 0 {
		fmt.Fprintf(w, "  the names (users.name) of %s: nothing in Firestore or in the old API has a place for them\n", table.Counted(l.Names, "user"))
	}
	if len(l.Tables)+len(l.LeftOut)+l.Names == 0 {
		fmt.Fprintln(w, "  nothing")
	}
	if l.Aside > 0 {
		fmt.Fprintf(w, "Firestore has %s with something that the old database cannot hold; it stays there.\n", table.Counted(l.Aside, "document"))
	}
}
