package schema

import (
	"fmt"
	"testing"
)

// web/src/logic/bounds.ts is generated from the constants: go test ./internal/schema -update.
func TestTypeScriptBounds(t *testing.T) {
	const file = "../../web/src/logic/bounds.ts"
	want := fmt.Sprintf(`// The bounds of a lecture, in course lists and in timetables: characters (code points) of texts, entries of lists.
// Generated from internal/schema: go test ./internal/schema -update

export const bounds = {
  identifier: %d,
  title: %d,
  professor: %d,
  credit: %d,
  times: %d,
  weekday: %d,
  room: %d,
  categories: %d,
  category: %d,
  metas: %d,
  metaName: %d,
  url: %d,
} as const
`, MaxIdentifier, MaxTitle, MaxProfessor, MaxCredit, MaxTimes, MaxWeekday, MaxRoom, MaxCategories, MaxCategory, MaxMetas, MaxMetaName, MaxURL)
	checkGenerated(t, file, want, buildRemedy)
}
