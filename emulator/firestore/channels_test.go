package firestore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"heek.kr/heektime/emulator/internal/webchanneltest"
)

// channel opens a channel for Listen or Write with an Authorization header, "" for none, and the
// first messages.
func (s *web) channel(method, authorization string, messages ...string) *webchanneltest.Client {
	s.t.Helper()
	headers := []string{"X-Goog-Api-Client:gl-js/ fire/12.19.0", "Content-Type:text/plain"}
	if authorization != "" {
		headers = append(headers, "Authorization:"+authorization)
	}
	return webchanneltest.Open(s.t, s.url+"/google.firestore.v1.Firestore/"+method+"/channel", headers, messages...)
}

// summary returns a short form of a message of a Listen stream.
func summary(t testing.TB, text string) string {
	t.Helper()
	var m struct {
		TargetChange *struct {
			TargetChangeType string
			TargetIds        []int
			ResumeToken      []byte
			ReadTime         string
			Cause            *struct{ Code int }
		}
		DocumentChange *struct {
			Document struct {
				Name   string
				Fields map[string]struct{ IntegerValue, StringValue string }
			}
			TargetIds []int
		}
		DocumentDelete *struct{ Document string }
		Error          *struct{ Status string }
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if m.DocumentChange != nil {
		slices.Sort(m.DocumentChange.TargetIds)
	}
	switch c, d := m.TargetChange, m.DocumentChange; {
	case c != nil && c.Cause != nil:
		return fmt.Sprintf("%s %v %d", c.TargetChangeType, c.TargetIds, c.Cause.Code)
	case c != nil && c.TargetChangeType == "":
		if len(c.ResumeToken) == 0 || c.ReadTime == "" || len(c.TargetIds) > 0 {
			t.Errorf("malformed global snapshot: %s", text)
		}
		return "snapshot"
	case c != nil:
		return fmt.Sprintf("%s %v", c.TargetChangeType, c.TargetIds)
	case d != nil:
		return fmt.Sprintf("%s %s%s %v", d.Document.Name[len(webRoot):], d.Document.Fields["n"].IntegerValue, d.Document.Fields["t"].StringValue, d.TargetIds)
	case m.DocumentDelete != nil:
		return "deleted " + m.DocumentDelete.Document[len(webRoot):]
	case m.Error != nil:
		return m.Error.Status
	}
	return text
}

// expect checks the next messages of a Listen stream.
func expect(t testing.TB, s *webchanneltest.Stream, want ...string) {
	t.Helper()
	for _, w := range want {
		if got := summary(t, s.Next()); got != w {
			t.Errorf("got %q, want %q", got, w)
		}
	}
}

const addDoc = `{"database":"` + webDB + `","addTarget":{"targetId":%d,"documents":{"documents":["` + webRoot + `/%s"]}}}`

func TestChannels(t *testing.T) {
	s := startWeb(t, unindexed)
	l := s.channel("Listen", "", fmt.Sprintf(addDoc, 2, "notes/a"),
		`{"database":"`+webDB+`","addTarget":{"targetId":4,"query":{"parent":"`+webRoot+`","structuredQuery":{"from":[{"collectionId":"notes"}],"orderBy":[{"field":{"fieldPath":"__name__"},"direction":"ASCENDING"}],"limit":3}}},"labels":{"goog-listen-tags":"x"}}`)
	in := l.Listen(t.Context(), "CI=0")
	expect(t, in, "ADD [2]", "deleted /notes/a", "CURRENT [2]", "snapshot", "ADD [4]", "CURRENT [4]", "snapshot")

	w := s.channel("Write", "", `{"database":"`+webDB+`"}`)
	out := w.Listen(t.Context(), "CI=0")
	token := func() (token string, results int) {
		var m struct {
			StreamToken, CommitTime string
			WriteResults            []any
		}
		if text := out.Next(); json.Unmarshal([]byte(text), &m) != nil || m.StreamToken == "" {
			t.Fatalf("write response: %s", text)
		}
		return m.StreamToken, len(m.WriteResults)
	}
	last, n := token()
	if n != 0 {
		t.Error("the handshake has write results")
	}
	write := func(writes string) string {
		return `{"streamToken":"` + last + `","writes":[` + writes + `]}`
	}
	w.Send(write(`{"update":{"name":"`+webRoot+`/notes/a","fields":{"t":{"stringValue":"wörld 😀"},"n":{"integerValue":"1"}}}}`),
		write(`{"verify":"`+webRoot+`/notes/a","currentDocument":{"exists":true}},{"delete":"`+webRoot+`/notes/b"}`))
	if _, n := token(); n != 1 {
		t.Errorf("%d results of one write", n)
	}
	if _, n := token(); n != 2 {
		t.Errorf("%d results of two writes", n)
	}
	expect(t, in, "/notes/a 1wörld 😀 [2 4]", "snapshot")

	// A verify that fails ends the stream with an error.
	w.Send(write(`{"update":{"name":"`+webRoot+`/notes/a","fields":{"n":{"integerValue":"2"}}}},{"verify":"`+webRoot+`/notes/c","currentDocument":{"updateTime":"2020-01-01T00:00:00Z"}}`), write(``))
	expect(t, out, "FAILED_PRECONDITION")
	if got := out.Next(); got != `"close"` {
		t.Errorf("after an error: %s", got)
	}

	l.Send(`{"database":"` + webDB + `","removeTarget":2}`)
	line := summary(t, in.Next())
	for line == "snapshot" { // of the second commit, unless it came together with the first
		line = summary(t, in.Next())
	}
	if line != "REMOVE [2]" {
		t.Errorf("removing a target: got %q", line)
	}
	l.Terminate()
	if status, text := l.Do("GET", fmt.Sprintf("RID=rpc&CI=0&AID=%d", l.AID.Load()), ""); status != 400 || !strings.Contains(text, "Unknown SID") {
		t.Errorf("after terminate: %d %s", status, text)
	}
}

func TestChannelErrors(t *testing.T) {
	s := startWeb(t)
	for _, c := range []struct{ name, method, message, want string }{
		{"not JSON", "Listen", `addTarget`, "INVALID_ARGUMENT"},
		{"an unknown field", "Listen", `{"addTraget":{}}`, "INVALID_ARGUMENT"},
		{"no database", "Listen", `{}`, "INVALID_ARGUMENT"},
		{"an invalid database", "Write", `{"database":"x"}`, "INVALID_ARGUMENT"},
		{"writes before the handshake", "Write", `{"database":"` + webDB + `","writes":[{"delete":"` + webRoot + `/a/b"}]}`, "INVALID_ARGUMENT"},
		{"an empty message", "Write", ``, "INVALID_ARGUMENT"},
		{"a message of the other stream", "Write", fmt.Sprintf(addDoc, 2, "a/b"), "INVALID_ARGUMENT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect(t, s.channel(c.method, "", c.message).Listen(t.Context(), "CI=0"), c.want)
		})
	}
	if got := s.do("POST", "/google.firestore.v1.Firestore/RunQuery/channel?VER=8&RID=1", "", "count=0"); got.status != 404 {
		t.Errorf("a channel for another method: %d %s", got.status, got.body)
	}
}

// The caller is authenticated once, in the handshake.
func TestChannelsUnderRules(t *testing.T) {
	s := startWeb(t, withRules(strings.Replace(notesRules, "allow write: if request.auth.uid == 'ann'", "allow read, write: if request.auth.uid == 'ann'", 1)))
	for _, c := range []struct {
		name, authorization string
		want                []string
	}{
		{"a server", "Bearer owner", []string{"ADD [2]", "deleted /secrets/s", "CURRENT [2]", "snapshot"}},
		{"allowed", header(t, "ann"), []string{"ADD [2]", "deleted /secrets/s", "CURRENT [2]", "snapshot"}},
		{"denied", header(t, "bob"), []string{"REMOVE [2] 7"}},
		{"signed out", "", []string{"REMOVE [2] 7"}},
		{"an invalid token", "Bearer x", []string{"UNAUTHENTICATED"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect(t, s.channel("Listen", c.authorization, fmt.Sprintf(addDoc, 2, "secrets/s")).Listen(t.Context(), "CI=0"), c.want...)
		})
	}
	w := s.channel("Write", header(t, "bob"), `{"database":"`+webDB+`"}`, `{"writes":[{"delete":"`+webRoot+`/secrets/s"}]}`).Listen(t.Context(), "CI=0")
	w.Next()
	expect(t, w, "PERMISSION_DENIED")
}

// After its connection is cut, a channel resumes its snapshots without loss or duplicates.
func TestSnapshotsOverCutConnections(t *testing.T) {
	const commits = 300
	s := startWeb(t, unindexed)
	l := s.channel("Listen", "", fmt.Sprintf(addDoc, 2, "counters/c"))
	expect(t, l.Listen(t.Context(), "CI=0"), "ADD [2]", "deleted /counters/c", "CURRENT [2]", "snapshot")
	db, err := s.Database("demo-web", "(default)")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan bool, 5) // how far the writer may be ahead
	go func() {
		for i := 1; i <= commits; i++ {
			seen <- true
			if err := db.Seed(map[string]map[string]any{"counters/c": {"n": i, "t": "가😀"}}); err != nil {
				t.Error(err)
			}
		}
	}()
	r := rand.New(rand.NewPCG(3, 4))
	last, cuts := 0, 0
	var lines []string
	for last < commits {
		ctx, cancel := context.WithCancel(t.Context())
		in := l.Listen(ctx, "CI=0")
		in.CutAfter(r.IntN(3000))
		for last < commits {
			f, err := in.Frame()
			if err == io.EOF || err != nil {
				break
			}
			for _, e := range f {
				if e.Payload == `"noop"` {
					continue
				}
				line := summary(t, e.Payload)
				lines = append(lines, line)
				var n int
				if _, err := fmt.Sscanf(line, "/counters/c %d", &n); err == nil {
					if n <= last {
						t.Fatalf("%d after %d", n, last)
					}
					for ; last < n; last++ {
						<-seen
					}
				}
			}
		}
		cancel()
		in.Cut()
		cuts++
	}
	// A snapshot may combine commits, but each document change is followed by one snapshot.
	for i := 0; i+1 < len(lines); i += 2 {
		if lines[i] == "snapshot" || lines[i+1] != "snapshot" {
			t.Fatalf("got %q, then %q", lines[i], lines[i+1])
		}
	}
	t.Logf("%d cuts, %d messages", cuts, len(lines))
}

// Open pages do not delay the end of a server.
func TestEndStreams(t *testing.T) {
	s := startWeb(t)
	l := s.channel("Listen", "", fmt.Sprintf(addDoc, 2, "a/b"))
	in := l.Listen(t.Context(), "CI=0")
	expect(t, in, "ADD [2]", "deleted /a/b", "CURRENT [2]", "snapshot")
	s.EndStreams()
	for {
		if _, err := in.Frame(); err != nil {
			break
		}
	}
	if status, _ := webchanneltest.New(t, s.url+"/google.firestore.v1.Firestore/Listen/channel").Do("POST", "RID=1", "count=0"); status != 503 {
		t.Errorf("a channel after EndStreams: %d", status)
	}
}
