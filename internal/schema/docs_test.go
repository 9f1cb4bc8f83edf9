package schema

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/schema.md and web/src/schema.ts")

// docs/schema.md is generated from the descriptions: go test ./internal/schema -update
func TestDocs(t *testing.T) {
	checkGenerated(t, "../../docs/schema.md", page(), "run go test ./internal/schema -update")
}

// checkGenerated compares a file with what it is generated as. With -update, it writes it. remedy says what to do if they
// differ.
func checkGenerated(t *testing.T, file, want, remedy string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is out of date: %s", file, remedy)
	}
}

// buildRemedy is the remedy for a file of the web client.
const buildRemedy = "run go test ./internal/schema -update, and build the web client"

func page() string {
	var b strings.Builder
	b.WriteString(`# Schema

What HeekTime keeps in Firestore. This page is generated from [internal/schema](../internal/schema), which is the
only place in Go that has these names and bounds; ` + "`go test ./internal/schema -update`" + ` writes it.
[How to change the schema](change-the-schema.md) walks through a change. [Rules](rules.md) explains who may do
what, and [architecture](architecture.md#what-servers-store-out-of-clients-reach) what servers keep.

## Documents that clients read or write

A client must write every field that is not optional. A timestamp that a client writes is the time of the
request. Lengths are in characters. A fixed field is set when the document is created and never changes.
`)
	for _, d := range Documents() {
		if !d.ServersOnly {
			fmt.Fprintf(&b, "\n### `%s`\n\nWritten by %s.%s\n\n| field | type | bounds |\n|---|---|---|\n", d.Path, writers[d.Writer], idRule(&d))
			rows(&b, "", d.Fields)
		}
	}
	b.WriteString("\n## Documents for servers only\n\nNo client can read or write them: firestore.rules does not mention them.\n\n| document | fields |\n|---|---|\n")
	for _, d := range Documents() {
		if d.ServersOnly {
			var names []string
			for _, f := range d.Fields {
				names = append(names, f.Name)
			}
			fmt.Fprintf(&b, "| `%s` | %s |\n", d.Path, strings.Join(names, ", "))
		}
	}
	return b.String()
}

var writers = map[Writer]string{Owner: "its owner", Servers: "servers"}

func idRule(d *Document) string {
	var text string
	if len(d.IDLengths) == 2 {
		text += fmt.Sprintf(" Ids have %d characters that a client chose, or the %d hexadecimal digits of the old system.", d.IDLengths[0], d.IDLengths[1])
	}
	if d.MaxPage > 0 {
		text += fmt.Sprintf(" Clients list at most %d at a time.", d.MaxPage)
	}
	return text
}

func rows(b *strings.Builder, prefix string, fields []Field) {
	for _, f := range fields {
		fmt.Fprintf(b, "| `%s%s` | %s | %s |\n", prefix, f.Name, kindOf(f), bounds(f))
		if f.Entry != nil {
			rows(b, prefix+f.Name+"[].", f.Entry.Fields)
		}
	}
}

func kindOf(f Field) string {
	if f.Entry != nil && f.Entry.Type != Map {
		return fmt.Sprintf("list of %s", f.Entry.Type)
	}
	return string(f.Type)
}

func bounds(f Field) string {
	var parts []string
	switch {
	case f.Target != "":
		parts = append(parts, "`"+f.Target+"`")
	case len(f.OneOf) > 0:
		parts = append(parts, "`"+strings.Join(f.OneOf, "`, `")+"`")
	case f.Max > 0 && (f.Min > 0 || f.Type == Integer || f.Type == Number):
		parts = append(parts, fmt.Sprintf("%d to %d", f.Min, f.Max))
	case f.Max > 0:
		parts = append(parts, fmt.Sprintf("at most %d", f.Max))
	}
	if f.Entry != nil && f.Entry.Max > 0 {
		parts = append(parts, fmt.Sprintf("each at most %d", f.Entry.Max))
	}
	if f.Pattern != "" {
		parts = append(parts, "[some characters](rules.md#usernames)")
	}
	if f.Optional {
		parts = append(parts, "optional")
	}
	if f.Fixed {
		parts = append(parts, "fixed")
	}
	return strings.Join(parts, ", ")
}
