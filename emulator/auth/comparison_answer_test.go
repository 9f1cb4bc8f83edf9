package auth_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// answer is what an emulator answers, in a form that can be compared.
type answer struct {
	status int
	parts  map[string]string // JSON by its path in the body
	raw    string            // the body
}

// newAnswer returns an answer without what is random.
func newAnswer(status int, location, origin string, body any, raw string) answer {
	a := answer{status, map[string]string{}, raw}
	if location != "" {
		a.add("Location", location)
		return a
	}
	if object, ok := body.(map[string]any); ok && status == http.StatusMethodNotAllowed {
		a.parts["error"] = "a sentence"
		return a
	} else if e, isError := object["error"].(map[string]any); ok && isError && status >= 400 {
		a.addError(e)
		return a
	}
	a.add("", body)
	return a
}

var (
	errorCode  = regexp.MustCompile(`^[A-Z]+(?:_[A-Z]+)+`)
	randomText = regexp.MustCompile(`^[\w=/+-]{20,}$`)
)

// addError adds an error of the API: its code and its status. The sentence after a code is each emulator's own, and so is
// one without a code.
func (a answer) addError(e map[string]any) {
	message, _ := e["message"].(string)
	code := errorCode.FindString(message)
	if code == "" {
		code = "a sentence"
	}
	a.parts["error"] = code
	if status, ok := e["status"].(string); ok {
		a.parts["status"] = status
	}
	if items, ok := e["errors"].([]any); ok && len(items) > 0 {
		if item, ok := items[0].(map[string]any); ok {
			a.parts["reason"] = fmt.Sprint(item["reason"])
		}
	}
}

// redacted is what clients see of a hash.
const redacted = "UkVEQUNURUQ="

// add adds a value of the body and what is in it.
func (a answer) add(path string, value any) {
	name := path[strings.LastIndex(path, ".")+1:]
	below := func(name string) string { return strings.TrimPrefix(path+"."+name, ".") }
	switch v := value.(type) {
	case map[string]any:
		if len(v) == 0 {
			a.parts[path] = "{}"
		}
		for name, part := range v {
			a.add(below(name), part)
		}
		return
	case []any:
		for i, part := range v {
			a.add(below(fmt.Sprint(i)), part)
		}
		return
	case string:
		var object map[string]any
		if strings.HasPrefix(v, "{") && json.Unmarshal([]byte(v), &object) == nil {
			a.add(path, object)
			return
		}
		if claims := claimsOf(v); claims != nil {
			iat, _ := claims["iat"].(float64)
			if exp, ok := claims["exp"].(float64); ok {
				claims["exp"] = exp - iat
			}
			a.add(path, claims)
			return
		}
	}
	a.parts[path] = normalize(name, value)
}

// claimsOf returns the claims of an unsigned token, and nil for other text.
func claimsOf(text string) (claims map[string]any) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 || parts[2] != "" {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return nil
	}
	return claims
}

// normalize returns the JSON of a value, or what kind of random value it is.
func normalize(name string, value any) string {
	text, isText := value.(string)
	switch name {
	case "createdAt", "lastLoginAt", "lastRefreshAt", "validSince", "passwordUpdatedAt", "iat", "auth_time":
		if s := fmt.Sprint(value); s != "0" && value != nil && len(s) >= 10 {
			return "time"
		}
	case "passwordHash", "salt":
		if isText && text != "" && text != redacted {
			return "hash"
		}
	case "nextPageToken":
		if isText && text != "" {
			return "random"
		}
	case "code":
		if isText && len(text) == 6 {
			return "code"
		}
	case "success", "error", "instructions", "instructions2", "urlTemplate": // of links
		if isText && text != "" {
			return "a sentence"
		}
	case "oobLink", "Location":
		if u, err := url.Parse(text); isText && err == nil {
			query := u.Query()
			if query.Has("oobCode") {
				query.Set("oobCode", "code")
			}
			query.Del("project") // in links of this emulator, so that they work for any project
			u.Host, u.RawQuery = u.Hostname(), query.Encode()
			return u.String()
		}
	}
	if isText && (strings.HasPrefix(text, "FirebaseAuthEmulatorFakeAccessToken_") || strings.HasPrefix(text, "no-token-of-")) {
		return "made up"
	}
	if isText && randomText.MatchString(text) && !strings.Contains(text, "identitytoolkit") {
		return "random"
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(encoded)
}

func (a answer) equal(b answer) bool { return a.status == b.status && maps.Equal(a.parts, b.parts) }

// habit is a difference in a field of many answers.
type habit struct {
	field          *regexp.Regexp
	official, ours string // values; absent if the field is missing, and "*" for any value
	why            string
}

// absent is the value of a missing field.
const absent = "—"

// habits are the differences that stories do not mark.
var habits = []*habit{
	{regexp.MustCompile(`(^|\.)passwordHash$`), "hash", `"` + redacted + `"`, "clients do not see hashes, as in production; those of the official emulator contain the password"},
	{regexp.MustCompile(`(^|\.)salt$`), "hash", absent, "the same"},
	{regexp.MustCompile(`(^|\.)lastLoginAt$`), "time", absent, "an account that a server made has not signed in"},
	{regexp.MustCompile(`(^|\.)lastRefreshAt$`), "time", absent, "a server's change of a password is no session of the user"},
	{regexp.MustCompile(`^displayName$`), absent, "*", "production's response to a sign-in with a password has [the name](https://cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/signInWithPassword)"},
	{regexp.MustCompile(`(^|\.)(disabled|emailVerified)$`), "false", absent, "false is left out, as in the JSON of other Google APIs"},
	{regexp.MustCompile(`^emailVerified$`), absent, "false", "a response to a change always says whether the address is verified"},
	{regexp.MustCompile(`(^|\.)displayName$`), `""`, absent, "what is empty is left out"},
	{regexp.MustCompile(`^context$`), `""`, absent, "the same"},
	{regexp.MustCompile(`^blockingFunctions$`), "{}", absent, "the same"},
	{regexp.MustCompile(`^(authorizedDomains\..*|mfa\.state|name|signIn\.(anonymous|email|phoneNumber|hashConfig)\..*)$`), absent, "*",
		"a project's configuration says more, as in production: the parameters of hashes, which an import elsewhere needs, and 127.0.0.1 as an authorized domain"},
	{regexp.MustCompile(`^authEmulator\.(instructions2|urlTemplate|docs)$`), "*", absent, "each emulator has its own words"},
	{regexp.MustCompile(`^authEmulator\.instructions$`), absent, "*", "the same"},
}

// habitsTable returns the habits as a table.
func habitsTable() string {
	var out strings.Builder
	out.WriteString("\n## In many answers\n\n| field | official | here | why |\n|---|---|---|---|\n")
	for _, h := range habits {
		field := strings.ReplaceAll(strings.NewReplacer(`(^|\.)`, "", "^", "", "$", "", `\.`, ".").Replace(h.field.String()), "|", `\|`)
		fmt.Fprintf(&out, "| `` %s `` | %s | %s | %s |\n", field, h.official, h.ours, h.why)
	}
	return out.String()
}

// forget removes what differs by habit from both answers, and adds the habits to a set.
func (a answer) forget(b answer, seen map[*habit]bool) {
	value := func(x answer, path string) string {
		if v, ok := x.parts[path]; ok {
			return v
		}
		return absent
	}
	is := func(value, pattern string) bool { return value == pattern || pattern == "*" && value != absent }
	for _, path := range append(slices.Collect(maps.Keys(a.parts)), slices.Collect(maps.Keys(b.parts))...) {
		for _, h := range habits {
			if h.field.MatchString(path) && is(value(a, path), h.official) && is(value(b, path), h.ours) {
				seen[h] = true
				delete(a.parts, path)
				delete(b.parts, path)
			}
		}
	}
}

// String returns the status, with the code of an error.
func (a answer) String() string {
	if code, ok := a.parts["error"]; ok {
		return fmt.Sprintf("%d %s", a.status, code)
	}
	return fmt.Sprint(a.status)
}

// without returns what in a is not in b, as a cell of a table.
func (a answer) without(b answer) string {
	if a.String() != b.String() {
		return a.String()
	}
	var out []string
	for _, path := range slices.Sorted(maps.Keys(a.parts)) {
		if value := a.parts[path]; value != b.parts[path] {
			out = append(out, fmt.Sprintf("`%s`: %s", path, value))
		}
	}
	for path := range b.parts {
		if _, ok := a.parts[path]; !ok {
			out = append(out, "no `"+path+"`")
		}
	}
	slices.Sort(out)
	const most = 4
	if more := len(out) - most; more > 0 {
		out = append(out[:most], fmt.Sprintf("and %d more", more))
	}
	return strings.ReplaceAll(strings.Join(out, ", "), "|", `\|`)
}
