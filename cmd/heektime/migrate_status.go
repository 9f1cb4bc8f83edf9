package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"heek.kr/heektime/cmd/heektime/internal/table"
	"heek.kr/heektime/internal/migration/overview"
	"heek.kr/heektime/internal/schema"
)

// watchInterval is how often --watch shows the status again. Each time bills 8 reads.
const watchInterval = 2 * time.Second

// migrateStatus shows the whole move on one screen, and what to do next.
func migrateStatus(ctx context.Context, args []string) error {
	var m migration
	flags := flag.NewFlagSet("migrate status", flag.ContinueOnError)
	m.register(flags)
	asJSON := flags.Bool("json", false, "print JSON")
	watch := flags.Bool("watch", false, "show it again every two seconds, until interrupted")
	if _, err := parse(flags, args); err != nil {
		return err
	}
	client, err := m.firestore(ctx)
	if err != nil {
		return err
	}
	defer client.Close()
	source := overview.Source{Firestore: client}
	var unreachable error
	if source.Old, unreachable = m.open(ctx, true); unreachable == nil {
		defer source.Old.Close()
	}
	for {
		o, err := readOverview(ctx, source)
		if err != nil {
			return err
		}
		if unreachable != nil {
			o.OldDatabase = unreachable.Error()
		}
		switch {
		case *asJSON:
			err = writeOverviewJSON(os.Stdout, o)
		case *watch:
			err = writeOverview(clearedScreen{os.Stdout}, o)
		default:
			err = writeOverview(os.Stdout, o)
		}
		if err != nil || !*watch {
			return err
		}
		source.Before = o
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchInterval):
		}
	}
}

func readOverview(ctx context.Context, source overview.Source) (*overview.Overview, error) {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	return overview.Read(ctx, source)
}

func writeOverviewJSON(w io.Writer, o *overview.Overview) error {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	return out.Encode(o)
}

// clearedScreen writes to a terminal after clearing it, so that the status stays where it is.
type clearedScreen struct{ out *os.File }

func (c clearedScreen) Write(text []byte) (int, error) {
	if info, err := c.out.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		fmt.Fprint(c.out, "\x1b[H\x1b[2J")
	}
	return c.out.Write(text)
}

// writeOverview prints a status in one write.
func writeOverview(w io.Writer, o *overview.Overview) error {
	var s strings.Builder
	columns := []table.Column{{Title: "kind"}, {Title: "side"}, {Title: "old writes"}, {Title: "epoch", Right: true}, {Title: "since"}}
	var rows [][]string
	for _, k := range o.Kinds {
		since := "–"
		if !k.Since.IsZero() {
			since = ago(o.At.Sub(k.Since))
		}
		rows = append(rows, []string{string(k.Kind), sideOf(k), oldWrites(k), fmt.Sprint(k.Epoch), since})
	}
	table.Write(&s, columns, rows)
	s.WriteByte('\n')
	line := func(name, format string, args ...any) {
		for text := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
			for _, part := range wrap(text, screenWidth-nameWidth) {
				fmt.Fprintf(&s, "%-*s%s\n", nameWidth, name, part)
				name = ""
			}
		}
	}
	line("copy", "%s", describeCopy(o))
	line("follow", "%s", describeFollow(o))
	line("way back", "%s", describeBack(o))
	line("verified", "%s", describeVerification(o))
	line("held", "%s", describeHeld(o))
	line("old apps", "%s", describeLastClient(o))
	if o.OldDatabase != "" {
		line("old database", "%s", o.OldDatabase)
	}
	s.WriteByte('\n')
	if o.Next.Command != "" {
		line("next", "heektime migrate %s", o.Next.Command)
		line("", "%s", o.Next.Reason)
	} else {
		line("next", "%s", o.Next.Reason)
	}
	_, err := io.WriteString(w, s.String())
	return err
}

// The status fits on a terminal of this width; each line begins with a name.
const screenWidth, nameWidth = 80, 13

// wrap breaks a text into lines of at most a number of columns, between words.
func wrap(text string, columns int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case table.Width(line)+1+table.Width(word) > columns:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}

// sideOf says where a kind is, or between which sides.
func sideOf(k overview.Kind) string {
	switch {
	case k.Phase == schema.PhaseOld || k.Phase == schema.PhaseNew:
		return string(k.Phase)
	case k.Aborting:
		return fmt.Sprintf("%s, going back", k.Phase)
	}
	return fmt.Sprintf("%s, toward %s", k.Phase, k.Toward)
}

// oldWrites says whether the old database accepts writes of a kind.
func oldWrites(k overview.Kind) string {
	switch k.Guarded {
	case "":
		return "accepted"
	case "timed":
		return "rejected for a switch"
	}
	return "rejected"
}

func describeCopy(o *overview.Overview) string {
	c := o.Copy
	switch {
	case c == nil:
		return "not started"
	case !c.Finished.IsZero():
		return fmt.Sprintf("finished %s: %s in %v", ago(o.At.Sub(c.Finished)), table.Counted(int(c.Rows), "row"), c.Finished.Sub(c.Started).Round(time.Second))
	}
	text := fmt.Sprintf("started %s: %s", ago(o.At.Sub(c.Started)), table.Counted(int(c.Rows), "row"))
	if c.Total > 0 {
		text += fmt.Sprintf(" of %s", table.Count(int(c.Total)))
	}
	if c.Step != "" {
		text += ", now " + c.Step
	}
	if c.LeftSeconds > 0 {
		text += fmt.Sprintf(", about %v left", time.Duration(c.LeftSeconds*float64(time.Second)).Round(time.Second))
	}
	return text
}

func describeFollow(o *overview.Overview) string {
	f := o.Follow
	switch {
	case f == nil:
		return "not started"
	case f.Missing:
		return fmt.Sprintf("the old database has no slot %s", f.Slot)
	}
	state := "stopped"
	switch {
	case f.Lost:
		state = "lost: the old database dropped changes that were not applied"
	case f.Running:
		state = "running"
	case o.OldDatabase != "":
		state = "last seen"
	}
	text := fmt.Sprintf("%s, %.1f s and %s behind, at %s", state, f.LagSeconds, bytesOr0(f.LagBytes), f.LSN)
	if !f.AppliedAt.IsZero() {
		text += fmt.Sprintf("\nlast change applied %s", ago(o.At.Sub(f.AppliedAt)))
	}
	if f.Running {
		text += fmt.Sprintf("; %.0f changes/s", f.ChangesPerSecond)
	}
	if f.BytesPerSecond >= 1 {
		text += fmt.Sprintf(", %s/s", bytesOr0(int64(f.BytesPerSecond)))
	}
	if o.OldDatabase == "" {
		text += fmt.Sprintf("; PostgreSQL keeps %s for it", bytesOr0(f.RetainedBytes))
	}
	if f.Problem != "" {
		text += "\n" + f.Problem
	}
	return text
}

// bytesOr0 is [table.Bytes] in a sentence, where a dash would be odd.
func bytesOr0(n int64) string {
	if n == 0 {
		return "0 B"
	}
	return table.Bytes(n)
}

func describeBack(o *overview.Overview) string {
	b := o.Back
	if b == nil {
		return "not needed before the first switch"
	}
	return fmt.Sprintf("%.1f s behind Firestore; %s with something that has no place in the old database", b.LagSeconds, table.Counted(int(b.Aside), "document"))
}

// describeHeld says how long the last switch of each kind held writes, to which side it went.
func describeHeld(o *overview.Overview) string {
	var lines []string
	for _, k := range o.Kinds {
		if h := k.Held; h != nil {
			lines = append(lines, fmt.Sprintf("%s, now %s: %s, p50 %.2f s, p99 %.2f s, longest %.2f s", k.Kind, h.Side, table.Counted(int(h.Writes), "write"),
				h.P50Seconds, h.P99Seconds, h.LongestSeconds))
		}
	}
	if len(lines) == 0 {
		return "no writes for a switch yet"
	}
	return strings.Join(lines, "\n")
}

func describeVerification(o *overview.Overview) string {
	v := o.Verification
	if v == nil {
		return "never"
	}
	what := "a sample of "
	if v.Whole {
		what = "all "
	}
	text := fmt.Sprintf("%s: %s%s, %s: ", ago(o.At.Sub(v.EndedAt)), what, table.Counted(int(v.Users), "user"), strings.Join(v.Kinds, ", "))
	switch {
	case v.Differences > 0:
		text += table.Counted(int(v.Differences), "difference")
	case v.Unconfirmed > 0:
		text += fmt.Sprintf("%s that may only be late", table.Counted(int(v.Unconfirmed), "difference"))
	default:
		text += "equal"
	}
	if v.Expected > 0 {
		text += fmt.Sprintf(", %s expected", table.Count(int(v.Expected)))
	}
	for i, finding := range v.Findings {
		if i == maxFindings {
			text += fmt.Sprintf("\nand %d more sorts", len(v.Findings)-i)
			break
		}
		text += "\n" + finding
	}
	return text
}

// maxFindings is how many sorts of differences the status shows.
const maxFindings = 3

func describeLastClient(o *overview.Overview) string {
	if o.LastClient == nil {
		return "none has called compat-server in front of the old server"
	}
	return fmt.Sprintf("the last one called %s: %s", ago(o.At.Sub(o.LastClient.SeenAt)), o.LastClient.Version)
}
