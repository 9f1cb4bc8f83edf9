package auth_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// story is a sequence of requests that begins without accounts.
type story struct {
	title string
	steps []step
}

// step is a request: "CALLER VERB BODY > NAME" or "CALLER METHOD PATH BODY > NAME".
type step struct {
	text                       string // as in the file
	caller, method, path, body string
	save                       string // the name under which later steps find the answer
	reason                     string // why the answers differ; empty if they are the same
}

// stepForm splits a line of a story.
var stepForm = regexp.MustCompile(`^(\S+) (?:(GET|POST|PATCH|DELETE) )?(\S+)(?: (.*))?$`)

var saveForm = regexp.MustCompile(` > (\w+)$`)

// readStories reads testdata/official. A line that begins with "== " is the title of a story, and one that begins with
// "! " says why the answers to the step above differ.
func readStories(t *testing.T) (stories []story) {
	t.Helper()
	files, err := filepath.Glob("testdata/official/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for number, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			if title, ok := strings.CutPrefix(line, "== "); ok {
				stories = append(stories, story{title: title})
			} else if reason, ok := strings.CutPrefix(line, "! "); ok {
				steps := stories[len(stories)-1].steps
				steps[len(steps)-1].reason = reason
			} else if request, save := cutSave(line); stepForm.MatchString(request) {
				m := stepForm.FindStringSubmatch(request)
				last := &stories[len(stories)-1]
				last.steps = append(last.steps, step{text: request, caller: m[1], method: m[2], path: m[3], body: m[4], save: save})
			} else if line != "" {
				t.Fatalf("%s:%d: %q is no step", file, number+1, line)
			}
		}
	}
	return stories
}

// cutSave cuts the name under which the answer is saved from a line.
func cutSave(line string) (request, save string) {
	if m := saveForm.FindStringSubmatchIndex(line); m != nil {
		return line[:m[0]], line[m[2]:m[3]]
	}
	return line, ""
}

// short returns the step without a long body.
func (s step) short() string {
	const most = 150
	if len(s.text) > most {
		return s.text[:most] + "…"
	}
	return s.text
}

// summary says how many answers are the same.
func (s story) summary() string {
	differ := 0
	for _, step := range s.steps {
		if step.reason != "" {
			differ++
		}
	}
	if differ == 0 {
		return fmt.Sprintf("%d requests, the same answers.", len(s.steps))
	}
	return fmt.Sprintf("%d requests, %d with the same answer.", len(s.steps), len(s.steps)-differ)
}

// teller tells a story to one emulator.
type teller struct {
	origin string
	saved  map[string]any // answers by name
}

func newTeller(origin string) *teller {
	return &teller{origin: origin, saved: map[string]any{"made": madeUp()}}
}

// madeUp returns what stories cannot write down themselves.
func madeUp() map[string]any {
	now := time.Now().Unix()
	custom := func(header, claims string) string {
		return jwt(header, fmt.Sprintf(`{"iat": %d, "exp": %d, %s}`, now, now+3600, claims))
	}
	const none, audience = `{"alg": "none"}`, `"aud": "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit"`
	return map[string]any{
		"long": strings.Repeat("a", 300), "veryLong": strings.Repeat("a", 5000),
		"bigClaims": fmt.Sprintf(`{\"k\": \"%s\"}`, strings.Repeat("a", 1000)),
		"future":    strconv.FormatInt(now+1000, 10),
		"custom":    custom(none, audience+`, "uid": "jane", "claims": {"admin": true}`),
		"signed":    custom(`{"alg": "RS256"}`, audience+`, "uid": "jane"`),
		"noUser":    custom(none, audience), "wrongAudience": custom(none, `"aud": "other", "uid": "jane"`),
		"expired": jwt(none, fmt.Sprintf(`{"iat": %d, "exp": %d, %s, "uid": "jane"}`, now-7200, now-3600, audience)),
		"google":  custom(none, `"sub": "g-1", "email": "ann@example.com", "email_verified": true`),
		"nobody": custom(none, `"iss": "https://securetoken.google.com/`+project+`", "aud": "`+project+
			`", "user_id": "nobody", "sub": "nobody", "auth_time": 1, "firebase": {"identities": {}, "sign_in_provider": "custom"}`),
	}
}

// clear deletes all accounts.
func (l *teller) clear(t *testing.T) {
	t.Helper()
	if a := l.send(t, step{caller: "none", method: "DELETE", path: "/emulator/v1/projects/" + project + "/accounts"}); a.status != http.StatusOK {
		t.Fatalf("the accounts of %s: %s", l.origin, a)
	}
}

// paths are what the beginning of a step's path stands for.
var paths = map[string]string{
	"/v1/": "/identitytoolkit.googleapis.com/v1/", "/v2/": "/identitytoolkit.googleapis.com/v2/", "/old/": relyingParty,
	"/token": "/securetoken.googleapis.com/v1/token",
}

// endpoint returns the method and the path of a step.
func (s step) endpoint() (method, path string) {
	method, path = s.method, s.path
	if method == "" { // a call about accounts
		method, path = "POST", "/v1/accounts:"+s.path
		if s.caller == "owner" {
			path = "/v1/projects/" + project + "/accounts:" + s.path
		}
		path = strings.TrimSuffix(path, ":accounts")
	}
	for short, long := range paths {
		if after, ok := strings.CutPrefix(path, short); ok {
			return method, long + after
		}
	}
	return method, path
}

// endpoints returns the endpoints of all stories, "POST /v1/…", without queries.
func endpoints(stories []story) (all []string) {
	for _, s := range stories {
		for _, step := range s.steps {
			method, path := step.endpoint()
			path, _, _ = strings.Cut(path, "?")
			if path = method + " " + path; !slices.Contains(all, path) {
				all = append(all, path)
			}
		}
	}
	return all
}

// request makes the request of a step.
func (l *teller) request(t *testing.T, s step) *http.Request {
	t.Helper()
	method, path := s.endpoint()
	if s.caller == "key" {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		path += separator + "key=any"
	}
	req, err := http.NewRequestWithContext(t.Context(), method, l.origin+l.fill(t, path), strings.NewReader(l.fill(t, s.body)))
	if err != nil {
		t.Fatal(err)
	}
	switch credential, isBearer := strings.CutPrefix(s.caller, "Bearer:"); {
	case isBearer:
		req.Header.Set("Authorization", "Bearer "+l.fill(t, credential))
	case s.caller == "owner":
		req.Header.Set("Authorization", "Bearer owner")
	}
	switch {
	case strings.HasPrefix(s.path, "/token") && !strings.HasPrefix(s.body, "{"):
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case method != "GET":
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

// send sends the request of a step.
func (l *teller) send(t *testing.T, s step) answer {
	t.Helper()
	resp, err := noRedirects.Do(l.request(t, s))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var body any
	if json.Unmarshal(text, &body) != nil {
		body = resp.Header.Get("Content-Type")
	}
	if s.save != "" {
		l.saved[s.save] = body
	}
	return newAnswer(resp.StatusCode, resp.Header.Get("Location"), l.origin, body, string(text))
}

var placeholder = regexp.MustCompile(`\$([a-z]\w*)((?:\.\w+)+)`)

// fill replaces what stands for parts of earlier answers.
func (l *teller) fill(t *testing.T, text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		m := placeholder.FindStringSubmatch(found)
		value := l.saved[m[1]]
		for _, name := range strings.Split(m[2], ".")[1:] {
			switch v := value.(type) {
			case map[string]any:
				value = v[name]
			case []any:
				i, err := strconv.Atoi(name)
				if err != nil || i >= len(v) {
					t.Errorf("%s: %s has %d items", l.origin, found, len(v))
					return ""
				}
				value = v[i]
			default:
				value = nil
			}
		}
		filled, ok := value.(string)
		if !ok {
			t.Errorf("%s: %s is %v; known is %v", l.origin, found, value, slices.Sorted(maps.Keys(l.saved)))
		}
		return filled
	})
}
