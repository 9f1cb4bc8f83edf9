package doctor

import (
	"fmt"
	"strings"
)

// Page is docs/doctor.md with the tables of checks and roles between its markers brought up to date.
func Page(page string) (string, error) {
	for name, table := range map[string]string{"checks": checksTable(), "roles": rolesTable()} {
		begin, end := "<!-- table: "+name+" -->\n", "<!-- end -->"
		before, rest, ok := strings.Cut(page, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			return "", fmt.Errorf("the page has no table %q: add %s and %s", name, strings.TrimSpace(begin), end)
		}
		page = before + begin + table + end + after
	}
	return page, nil
}

func checksTable() string {
	var out strings.Builder
	out.WriteString("| group | check | what holds if it finds nothing | locally |\n|---|---|---|---|\n")
	for i, c := range checks {
		group, locally := c.group, ""
		if i > 0 && checks[i-1].group == group {
			group = ""
		}
		if c.local {
			locally = "yes"
		}
		fmt.Fprintf(&out, "| %s | `%s` | %s | %s |\n", group, c.id, c.verifies, locally)
	}
	return out.String()
}

func rolesTable() string {
	var out strings.Builder
	out.WriteString("| reads | API | role |\n|---|---|---|\n")
	for _, s := range sources {
		if s.api == "" {
			continue
		}
		role := "`" + s.role + "`"
		if s.on != "" {
			role += " on the " + s.on
		}
		fmt.Fprintf(&out, "| %s | `%s` | %s |\n", s.what, s.api, role)
	}
	return out.String()
}
