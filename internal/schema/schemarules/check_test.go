package schemarules

import (
	"os"
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

// Each edit of firestore.rules that makes it differ from the schema is found, with what was meant.
func TestCheckFindsDifferences(t *testing.T) {
	rules := projectRules(t)
	for _, c := range []struct{ name, from, to, want string }{
		{"a misspelt field", "incoming().username)\n        && isStampedNow(incoming().createdAt)", "incoming().usernmae)\n        && isStampedNow(incoming().createdAt)", "no field usernmae: did you mean username?"},
		{"a misspelt field in a function", "isTextUpTo(lecture.professor", "isTextUpTo(lecture.profesor", "no field profesor: did you mean professor?"},
		{"a misspelt field of an entry", "time.weekday is int", "time.weekDay is int", "no field times[].weekDay: did you mean weekday?"},
		{"a misspelt field of a document that is read", "getAfter(usernamePath(name)).data.value", "getAfter(usernamePath(name)).data.uid", "no field uid"},
		{"a misspelt field in a query", "resource.data.status == 'normal'", "resource.data.state == 'normal'", "no field state: did you mean status?"},
		{"a misspelt key", "'createdAt', 'updatedAt'])\n        && isUsername", "'createdAt', 'updateAt'])\n        && isUsername", "the owner may not write updateAt: did you mean updatedAt?"},
		{"a key too few", "changes().hasOnly(['title', 'visibility', 'updatedAt'])", "changes().hasOnly(['title', 'updatedAt'])", "hasOnly lacks visibility"},
		{"a key too many", "changes().hasOnly(['username', 'updatedAt'])", "changes().hasOnly(['username', 'createdAt', 'updatedAt'])", "may not write createdAt"},
		{"a maximum", "isTextUpTo(name, 32)", "isTextUpTo(name, 40)", "the maximum size of username is 40 in the rules and 32 in the schema"},
		{"a minimum", "name.size() >= 4", "name.size() >= 3", "the minimum size of username is 3 in the rules and 4 in the schema"},
		{"a maximum of an entry", "isTextUpTo(time.room, 200)", "isTextUpTo(time.room, 20)", "the maximum size of times[].room is 20"},
		{"a maximum of entries", "names is list && count <= 20", "names is list && count <= 21", "the maximum size of category is 21"},
		{"a maximum of a number", "lecture.credit <= 100", "lecture.credit <= 10", "the maximum of credit is 10"},
		{"a type", "time.weekday is int", "time.weekday is string", "times[].weekday has the type integer in the schema"},
		{"a missing type", "time.weekday is int && ", "", "do not check the type of times[].weekday"},
		{"a missing maximum", " && lecture.credit <= 100", "", "do not check the maximum of credit"},
		{"a missing field", "\n              && isTextUpTo(lecture.professor, 500)", "", "do not check the type of professor"},
		{"the number of fields", "time.size() == 4", "time.size() == 5", "the number of fields in times[] is 5"},
		{"a value", "['public', 'private']", "['public', 'privat']", `never "privat" in the schema: did you mean private?`},
		{"a value too few", "['public', 'private']", "['public', 'public']", `visibility may be "private"`},
		{"a page", "request.query.limit <= 20", "request.query.limit <= 50", "the limit of a list is 50"},
		{"an id", "id.size() == 10", "id.size() == 12", "not 12"},
		{"a pattern of ids", "{32}", "{31}", "not 31"},
		{"a reference", "documents/schools/$(reference[4])/semesters/$(reference[6])", "documents/schools/$(reference[4])", "semester names a document schools/{schoolId}/semesters/{semesterId}"},
		{"a timestamp", "isTextUpTo(timetable.title, 300)", "isStampedNow(timetable.title)", "title has the type string in the schema"},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := strings.Replace(rules, c.from, c.to, 1)
			if changed == rules {
				t.Fatalf("firestore.rules does not have %q", c.from)
			}
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
