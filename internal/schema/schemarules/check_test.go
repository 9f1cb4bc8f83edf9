package schemarules

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

func projectRules(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../firestore.rules")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The fields, types and bounds of firestore.rules are those of the schema.
func TestRulesAgreeWithTheSchema(t *testing.T) {
	found, err := Check(projectRules(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f.Message)
	}
}

// Each edit of firestore.rules that makes it differ from the schema is found. The edits are patterns, so that the
// schema may change.
func TestCheckFindsDifferences(t *testing.T) {
	rules := projectRules(t)
	for _, c := range []struct{ name, from, to, want string }{
		{"a misspelt field", `isStampedNow\(incoming\(\)\.createdAt\)`, "isStampedNow(incoming().craetedAt)", "no field craetedAt: did you mean createdAt?"},
		{"a misspelt field in a function", `lecture\.professor`, "lecture.profesor", "no field profesor: did you mean professor?"},
		{"a misspelt field of an entry", `time\.weekday is int`, "time.weekDay is int", "no field times[].weekDay: did you mean weekday?"},
		{"a misspelt field of another document", `(getAfter\(usernamePath\(name\)\)\.data)\.value`, "${1}.uid", "no field uid"},
		{"a misspelt field in a query", `resource\.data\.status ==`, "resource.data.state ==", "no field state: did you mean status?"},
		{"a misspelt field of an announcement", `announcement\.until`, "announcement.untill", "no field untill: did you mean until?"},
		{"a page of announcements", `(match /announcements/\{announcementId\}(?s:.*?)limit <= )\d+`, "${1}99", "announcements/{announcementId}: the limit of a list is 99"},
		{"a misspelt key", `(keys\(\)\.hasOnly\(\['username', 'createdAt', )'updatedAt'`, "${1}'updateAt'", "the owner may not write updateAt: did you mean updatedAt?"},
		{"a key too few", `(changes\(\)\.hasOnly\(\['title'), 'visibility'`, "${1}", "hasOnly lacks visibility"},
		{"a key too many", `(changes\(\)\.hasOnly\(\['username')`, "${1}, 'createdAt'", "may not write createdAt"},
		{"a maximum", `isTextUpTo\(name, \d+\)`, "isTextUpTo(name, 999)", "the maximum size of username is 999 in the rules"},
		{"a pattern", `name\.matches\('\[`, "name.matches('[ ", "username must match \"[ "},
		{"a missing pattern", `\s+&& name\.matches\('[^']*'\)`, "", "do not check the pattern of username"},
		{"a misspelt field beyond the fifth entry", `all\[5\]\.weekday`, "all[5].weekDay", "no field times[].weekDay"},
		{"a minimum", `name\.size\(\) >= \d+`, "name.size() >= 999", "the minimum size of username is 999 in the rules"},
		{"a maximum of an entry", `time\.room\.size\(\) <= \d+`, "time.room.size() <= 9999", "the maximum size of times[].room is 9999"},
		{"a maximum of entries", `names is list && count <= \d+`, "names is list && count <= 999", "the maximum size of category is 999"},
		{"a maximum of a number", `lecture\.credit <= \d+`, "lecture.credit <= 999", "the maximum of credit is 999"},
		{"a type", `time\.weekday is int`, "time.weekday is string", "times[].weekday has the type integer in the schema"},
		{"a missing type", `time\.weekday is int && `, "", "do not check the type of times[].weekday"},
		{"a missing maximum", ` && lecture\.credit <= \d+`, "", "do not check the maximum of credit"},
		{"a missing field", `\s+&& isTextUpTo\(lecture\.professor, \d+\)`, "", "do not check the type of professor"},
		{"the number of fields", `time\.size\(\) == \d+`, "time.size() == 99", "the number of fields in times[] is 99"},
		{"a value", `\['public', 'private'\]`, "['public', 'privat']", `never "privat" in the schema: did you mean private?`},
		{"a value too few", `\['public', 'private'\]`, "['public', 'public']", `visibility may be "private"`},
		{"a page", `request\.query\.limit <= \d+`, "request.query.limit <= 999", "the limit of a list is 999"},
		{"an id", `id\.size\(\) == \d+`, "id.size() == 99", "not 99"},
		{"a pattern of ids", `\{\d+\}`, "{99}", "not 99"},
		{"a reference", `documents/schools/\$\(reference\[4\]\)/semesters/\$\(reference\[6\]\)`, "documents/schools/$$(reference[4])",
			"semester names a document schools/{schoolId}/semesters/{semesterId}"},
		{"a timestamp", `isTextUpTo\(timetable\.title, \d+\)`, "isStampedNow(timetable.title)", "title has the type string in the schema"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pattern := regexp.MustCompile(c.from)
			at := pattern.FindStringIndex(rules)
			if at == nil {
				t.Fatalf("firestore.rules does not match %s", c.from)
			}
			changed := rules[:at[0]] + pattern.ReplaceAllString(rules[at[0]:at[1]], c.to) + rules[at[1]:]
			found, err := Check(changed)
			var all []string
			for _, f := range found {
				all = append(all, f.Message)
			}
			if err != nil || !strings.Contains(strings.Join(all, "\n"), c.want) {
				t.Errorf("error %v, found %q, want %q", err, all, c.want)
			}
		})
	}
}

// Rules about documents that the schema does not have are no concern of this package.
func TestCheckIgnoresOtherRules(t *testing.T) {
	for _, text := range []string{
		"", "service firebase.storage { match /b/{bucket}/o { match /{all=**} { allow read; } } }",
		"service cloud.firestore { match /databases/{database}/documents { match /things/{thing} { allow write: if request.resource.data.x is string; } } }",
	} {
		if found, err := Check(text); err != nil || len(found) > 0 {
			t.Errorf("%s: %v, %v", text, found, err)
		}
	}
}
