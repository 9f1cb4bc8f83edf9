package closedrules

import (
	"os"
	"strings"
	"testing"
	"time"

	"heek.kr/heektime/emulator/rules"
)

// TestClosedRules closes our rules and reads them back. An edit of either is an error.
func TestClosedRules(t *testing.T) {
	for _, name := range []string{"firestore.rules", "storage.rules"} {
		data, err := os.ReadFile("../../../../" + name)
		if err != nil {
			t.Fatal(err)
		}
		original := string(data)
		for _, everything := range []bool{false, true} {
			c := Closed{Since: time.Date(2026, 11, 29, 3, 12, 0, 0, time.UTC), Everything: everything, Before: "projects/p/rulesets/1"}
			text, err := Close(original, c)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := rules.Compile(name, text); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if len(text) > rules.MaxSourceBytes/4 {
				t.Errorf("%s: the closed rules have %d bytes", name, len(text))
			}
			got, err := Parse(text)
			if err != nil || got == nil || got.Original != original || got.Everything != everything || !got.Since.Equal(c.Since) || got.Before != c.Before {
				t.Errorf("%s: parsed %+v, %v", name, got, err)
			}
			for what, edited := range map[string]string{
				"an allow":            strings.Replace(text, "service ", "\nservice ", 1),
				"the original":        strings.Replace(text, packedLine, packedLine+"A", 1),
				"the description":     strings.Replace(text, `"before":"`, `"before":"x`, 1) + " ",
				"a broken first line": header + text,
			} {
				if got, err := Parse(edited); err == nil {
					t.Errorf("%s: with %s edited: %+v", name, what, got)
				}
			}
		}
		if got, err := Parse(original); got != nil || err != nil {
			t.Errorf("%s: open rules parse as %+v, %v", name, got, err)
		}
	}
}
