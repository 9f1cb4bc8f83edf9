package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"

	"heek.kr/heektime/cmd/heektime/internal/planreport"
	"heek.kr/heektime/internal/migration/conversion"
	"heek.kr/heektime/internal/migration/legacydb"
	"heek.kr/heektime/internal/migration/plan"
	"heek.kr/heektime/internal/migration/replication"
)

// migratePlan reports what the move would do, and writes nothing. The exit code is 1 if the old database
// lacks something.
func migratePlan(ctx context.Context, args []string) error {
	var m migration
	flags := flag.NewFlagSet("migrate plan", flag.ContinueOnError)
	m.register(flags)
	findings := flags.String("findings", "", "write every finding to this `FILE`, a JSON object a line")
	letters := flags.String("tell", "", "write the users to tell about their new username to this `FILE`, CSV for a mail merge")
	full := flags.Bool("full", false, "print all sorts of findings with more examples, and all semesters")
	showMapping := flags.Bool("print-mapping", false, "print the mapping in use, for a start of your own, and end")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	text, name, err := mappingText(m.mappingPath)
	if err != nil {
		return err
	}
	if *showMapping {
		_, err := os.Stdout.Write(text)
		return err
	}
	client, err := m.firestore(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	db, err := m.open(ctx, true)
	if err != nil {
		return err
	}
	defer db.Close()
	list, err := createFindings(*findings)
	if err != nil {
		return err
	}
	tell, err := createLetters(*letters)
	if err != nil {
		return err
	}
	report, err := plan.Run(ctx, plan.Config{
		DB: db, Client: client, Slot: replication.DefaultSlot, Publication: replication.DefaultPublication, Found: list.add, Renamed: tell.add,
		Progress: func(kind legacydb.Kind, rows int64) { fmt.Fprintf(os.Stderr, "read %d rows of kind %s\n", rows, kind) },
	})
	if err := errors.Join(err, list.close(), tell.close()); err != nil {
		return err
	}
	planreport.Print(os.Stdout, report, planreport.Options{
		Full: *full, Findings: *findings, Letters: *letters, Zone: db.Mapping.TimeZone, Mapping: fmt.Sprintf("%s, SHA-256 %.12x…", name, sha256.Sum256(text)),
	})
	if !report.Ready() {
		return errReported
	}
	return nil
}

// mappingText returns the text of the mapping in a file, or the default, and what to call it.
func mappingText(path string) (text []byte, name string, err error) {
	if path == "" {
		return legacydb.DefaultFile(), "the default", nil
	}
	text, err = os.ReadFile(path)
	if err != nil {
		return nil, "", fmt.Errorf("read the mapping of the old database: %w", err)
	}
	return text, path, nil
}

// privateFile is a file that plan writes, if any. It has usernames: only the operator may read it.
type privateFile struct {
	file   *os.File
	buffer *bufio.Writer
}

func createPrivate(path string) (*privateFile, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create a file of the plan: %w", err)
	}
	return &privateFile{file, bufio.NewWriter(file)}, nil
}

func (f *privateFile) close() error {
	if f == nil {
		return nil
	}
	return errors.Join(f.buffer.Flush(), f.file.Close())
}

// findingsFile has a finding a line, as JSON.
type findingsFile struct{ *privateFile }

func createFindings(path string) (findingsFile, error) {
	f, err := createPrivate(path)
	return findingsFile{f}, err
}

func (f findingsFile) add(finding conversion.Finding) error {
	if f.privateFile == nil {
		return nil
	}
	encoder := json.NewEncoder(f.buffer)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(finding)
}

// lettersFile has the users to tell about their new username.
type lettersFile struct {
	*privateFile
	letters *planreport.Letters
}

func createLetters(path string) (l lettersFile, err error) {
	l.privateFile, err = createPrivate(path)
	if err == nil && l.privateFile != nil {
		l.letters, err = planreport.NewLetters(l.buffer)
	}
	return l, err
}

func (l lettersFile) add(r plan.Renamed) error {
	if l.letters == nil {
		return nil
	}
	return l.letters.Add(r)
}

func (l lettersFile) close() error {
	if l.letters == nil {
		return nil
	}
	return errors.Join(l.letters.Flush(), l.privateFile.close())
}
