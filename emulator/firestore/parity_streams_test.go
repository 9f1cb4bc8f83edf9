package firestore_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/internal/transcoding"
)

func nanValue() float64 { return math.NaN() }

func unmarshal(t *testing.T, text []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

// codeOf returns the code of a gRPC error as HTTP shows it, "" for none.
func codeOf(err error) string {
	_, text := transcoding.MarshalError(err)
	var v any
	if err == nil || json.Unmarshal(text, &v) != nil {
		return ""
	}
	return errorCode(v)
}

// parityTransactions are cases of BeginTransaction, Rollback and commits of transactions.
func parityTransactions() parityGroup {
	// begin starts a transaction and keeps its ID.
	begin := func(p *parity, options string) string {
		r := p.send1("POST :beginTransaction " + options)
		var out struct{ Transaction string }
		unmarshal(p.t, r.body, &out)
		p.saved = out.Transaction
		return abridge(r, p.root, false)
	}
	after := func(options string, steps ...string) func(*parity) string {
		return func(p *parity) (answer string) {
			answer = begin(p, options)
			for _, s := range steps {
				answer = p.request(s)
			}
			return answer
		}
	}
	const write = `POST :commit {"transaction":"@","writes":[{"update":{"name":"$/c/d","fields":{}}}]}`
	const rollback, read = `POST :rollback {"transaction":"@"}`, `POST :batchGet {"documents":["$/c/d"],"transaction":"@"}`
	const readOnly = `{"options":{"readOnly":{}}}`
	return parityGroup{heading: "BeginTransaction, Rollback", seed: map[string]map[string]any{"c/d": {"n": 1}}, cases: []parityCase{
		{name: "begin", do: after("{}"), official: "transaction"},
		{name: "read and commit", do: after("{}", read, write), official: "committed: time"},
		{name: "commit again", steps: []string{write}, official: "ABORTED", production: invalidArgument,
			why: "production's text of INVALID_ARGUMENT, “The referenced transaction has expired or is no longer valid”, is what the SDKs look for to retry"},
		{name: "rollback twice", do: after("{}", read, rollback, rollback), official: "{}"},
		{name: "read after the rollback", steps: []string{read}, official: "ABORTED", production: invalidArgument, why: "as above"},
		{name: "write in a read-only one", do: after(readOnly, read, write), official: invalidArgument},
		{name: "commit nothing in a read-only one", do: after(readOnly, read, `POST :commit {"transaction":"@"}`), production: "committed:"},
		{name: "retry a transaction", do: after("{}", `POST :beginTransaction {"options":{"readWrite":{"retryTransaction":"@"}}}`), official: "transaction"},
		{name: "retry what is not a transaction", steps: []string{`POST :beginTransaction {"options":{"readWrite":{"retryTransaction":"AAAA"}}}`}, official: invalidArgument},
		{name: "roll back what is not one", steps: []string{`POST :rollback {"transaction":"AAAA"}`}, official: invalidArgument},
		{name: "roll back nothing", steps: []string{`POST :rollback {}`}, official: invalidArgument},
		{name: "commit what is not one", steps: []string{`POST :commit {"transaction":"AAAA"}`}, official: invalidArgument},
		{name: "read-only, at a time too long ago", steps: []string{`POST :beginTransaction {"options":{"readOnly":{"readTime":"2020-01-01T00:00:00Z"}}}`}, official: "FAILED_PRECONDITION"},
		{name: "read-only, in the future", steps: []string{`POST :beginTransaction {"options":{"readOnly":{"readTime":"2999-01-01T00:00:00Z"}}}`}, official: invalidArgument},
	}}
}

// parityWriteStream are cases of Write over gRPC: the answers to the requests in order, and how the stream ends. It is
// long because it is a table.
func parityWriteStream() parityGroup {
	exchange := func(requests func(db string) []*pb.WriteRequest) func(*parity) string {
		return func(p *parity) string {
			s, err := pb.NewFirestoreClient(p.connAs(p.t, "Bearer owner")).Write(p.t.Context())
			if err != nil {
				p.t.Fatal(err)
			}
			var out []string
			for _, r := range requests(strings.TrimSuffix(p.root, "/documents")) {
				s.Send(r) // fails only after the stream has ended
				a, err := s.Recv()
				if err != nil {
					return strings.Join(append(out, ending(err)), ", ")
				}
				text := "token"
				if a.StreamId != "" {
					text = "id " + text
				}
				if a.CommitTime != nil {
					text += fmt.Sprintf(" %d committed", len(a.WriteResults))
				}
				out = append(out, text)
			}
			s.CloseSend()
			_, err = s.Recv()
			return strings.Join(append(out, ending(err)), ", ")
		}
	}
	set := func(db, path string) []*pb.Write {
		return []*pb.Write{{Operation: &pb.Write_Update{Update: &pb.Document{Name: db + "/documents/" + path}}}}
	}
	type requests = []*pb.WriteRequest
	return parityGroup{heading: "Write", cases: []parityCase{
		{name: "handshake, writes, end", do: exchange(func(db string) requests {
			return requests{{Database: db}, {Writes: set(db, "c/a")}, {Writes: append(set(db, "c/b"), set(db, "c/c")...)}}
		}), official: "id token, token 1 committed, token 2 committed, end"},
		{name: "no writes end the stream", do: exchange(func(db string) requests { return requests{{Database: db}, {}, {Writes: set(db, "c/a")}} }), official: "id token, token, end"},
		{name: "tokens are not checked", do: exchange(func(db string) requests {
			return requests{{Database: db}, {StreamToken: []byte("bogus"), Writes: set(db, "c/a")}}
		}), official: "id token, token 1 committed, end"},
		{name: "writes in the first request", do: exchange(func(db string) requests { return requests{{Database: db, Writes: set(db, "c/a")}} }), official: invalidArgument},
		{name: "no database", do: exchange(func(string) requests { return requests{{}} }), official: invalidArgument},
		{name: "a stream's id, to resume it", do: exchange(func(db string) requests { return requests{{Database: db, StreamId: "1"}} }), official: invalidArgument},
		{name: "a token, to resume it", do: exchange(func(db string) requests { return requests{{Database: db, StreamToken: []byte("5")}} }), official: invalidArgument},
		{name: "the same database again", do: exchange(func(db string) requests { return requests{{Database: db}, {Database: db, Writes: set(db, "c/a")}} }), official: "id token, token 1 committed, end"},
		{name: "another database", do: exchange(func(db string) requests {
			return requests{{Database: db}, {Database: "projects/other/databases/(default)", Writes: set(db, "c/a")}}
		}), official: "id token, " + invalidArgument},
		{name: "a document of another database", do: exchange(func(db string) requests {
			return requests{{Database: db}, {Writes: set("projects/other/databases/(default)", "c/a")}}
		}), official: "id token, token 1 committed, end", production: "id token, " + invalidArgument, why: "Google's emulator acknowledges the write and stores it nowhere"},
		{name: "a precondition that fails", do: exchange(func(db string) requests {
			w := set(db, "c/none")
			w[0].CurrentDocument = exists(true)
			return requests{{Database: db}, {Writes: w}}
		}), official: "id token, NOT_FOUND"},
		{name: "labels", do: exchange(func(db string) requests {
			return requests{{Database: db}, {Writes: set(db, "c/l"), Labels: map[string]string{"a": "b"}}}
		}), official: "id token, token 1 committed, end"},
	}}
}

// ending shows how a stream ends.
func ending(err error) string {
	if err == io.EOF {
		return "end"
	}
	return codeOf(status.Convert(err).Err())
}

// parityListen are cases of Listen over gRPC.
func parityListen() parityGroup {
	return parityGroup{heading: "Listen", seed: map[string]map[string]any{"c/a": {"n": 1}, "c/b": {"n": 2}}, cases: []parityCase{
		{name: "a query", do: func(p *parity) string { return p.listen(p.query("c"), 6) }, production: "ADD 2, c/a, c/b, CURRENT 2, NO_CHANGE, a commit: c/b"},
		{name: "a document that is missing", do: func(p *parity) string {
			return p.listen(&pb.Target{TargetId: 2, TargetType: &pb.Target_Documents{Documents: &pb.Target_DocumentsTarget{Documents: []string{p.root + "/c/none"}}}}, 4)
		}, official: "ADD 2, deleted c/none, CURRENT 2, NO_CHANGE"},
		{name: "once", do: func(p *parity) string {
			t := p.query("c")
			t.Once = true
			return p.listen(t, 6)
		}, official: "ADD 2, c/a, c/b, CURRENT 2, NO_CHANGE", production: "ADD 2, c/a, c/b, CURRENT 2, NO_CHANGE, REMOVE 2", why: "`once` removes the target once it is current"},
		{name: "resumed: only what has changed", do: func(p *parity) string {
			t := p.query("c")
			t.ResumeType = &pb.Target_ResumeToken{ResumeToken: p.resumeToken()}
			p.request(`PATCH /c/b {"fields":{"n":{"integerValue":"3"}}}`)
			return p.listen(t, 4)
		}, official: "ADD 2, RESET 2, c/a, c/b", production: "ADD 2, c/b, CURRENT 2, NO_CHANGE", why: "Google's emulator starts over"},
		{name: "a query of another database", do: func(p *parity) string {
			t := p.query("c")
			t.GetQuery().Parent = "projects/other/databases/(default)/documents"
			return p.listen(t, 1)
		}, production: "REMOVE 2 INVALID_ARGUMENT"},
		{name: "without an ID: the stream assigns one", do: func(p *parity) string {
			t := p.query("c")
			t.TargetId = 0
			return p.listen(t, 5)
		}, production: "ADD 1, c/a, c/b, CURRENT 1, NO_CHANGE"},
		{name: "with an ID, after one without", do: func(p *parity) string {
			t := p.query("c")
			t.TargetId = 0
			s := p.openListen(t)
			t.TargetId = 7
			if err := s.Send(&pb.ListenRequest{TargetChange: &pb.ListenRequest_AddTarget{AddTarget: t}}); err != nil {
				p.t.Fatal(err)
			}
			for {
				r, err := s.Recv()
				if err != nil {
					return codeOf(err)
				}
				if r.GetTargetChange().GetTargetChangeType() == pb.TargetChange_REMOVE {
					return p.listenAnswer(r)
				}
			}
		}, production: "REMOVE 7 INVALID_ARGUMENT"},
		{name: "a negative ID", do: func(p *parity) string {
			t := p.query("c")
			t.TargetId = -1
			return p.listen(t, 1)
		}, production: "REMOVE -1 INVALID_ARGUMENT"},
	}}
}

func (p *parity) query(collection string) *pb.Target {
	return &pb.Target{TargetId: 2, TargetType: &pb.Target_Query{Query: &pb.Target_QueryTarget{Parent: p.root, QueryType: &pb.Target_QueryTarget_StructuredQuery{
		StructuredQuery: &pb.StructuredQuery{From: []*pb.StructuredQuery_CollectionSelector{{CollectionId: collection}}},
	}}}}
}

func (p *parity) openListen(t *pb.Target) pb.Firestore_ListenClient {
	p.t.Helper()
	s, err := pb.NewFirestoreClient(p.connAs(p.t, "Bearer owner")).Listen(p.t.Context())
	if err == nil {
		err = s.Send(&pb.ListenRequest{Database: strings.TrimSuffix(p.root, "/documents"), TargetChange: &pb.ListenRequest_AddTarget{AddTarget: t}})
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// listen returns the first n answers of a stream with one target. After NO_CHANGE, it writes c/b.
func (p *parity) listen(t *pb.Target, n int) string {
	p.t.Helper()
	s := p.openListen(t)
	var out []string
	written := ""
	for len(out) < n {
		r, err := s.Recv()
		if err != nil {
			return strings.Join(append(out, codeOf(err)), ", ")
		}
		text := p.listenAnswer(r)
		out = append(out, written+text)
		written = ""
		if text == "NO_CHANGE" && len(out) < n && !t.Once {
			written = "a commit: "
			p.request(`PATCH /c/b {"fields":{"n":{"integerValue":"4"}}}`)
		}
	}
	return strings.Join(out, ", ")
}

func (p *parity) listenAnswer(r *pb.ListenResponse) string {
	path := func(name string) string { return strings.TrimPrefix(name, p.root+"/") }
	switch c := r.GetTargetChange(); {
	case r.GetDocumentChange() != nil:
		return path(r.GetDocumentChange().GetDocument().GetName())
	case r.GetDocumentDelete() != nil:
		return "deleted " + path(r.GetDocumentDelete().GetDocument())
	case len(c.GetTargetIds()) == 0:
		return c.GetTargetChangeType().String()
	default:
		text := fmt.Sprintf("%v %d", c.GetTargetChangeType(), c.GetTargetIds()[0])
		if cause := c.GetCause(); cause != nil {
			text += " " + codeOf(status.FromProto(cause).Err())
		}
		return text
	}
}

// resumeToken returns a token of the current state of collection c.
func (p *parity) resumeToken() []byte {
	p.t.Helper()
	s := p.openListen(p.query("c"))
	for {
		r, err := s.Recv()
		if err != nil {
			p.t.Fatal(err)
		}
		if c := r.GetTargetChange(); c != nil && len(c.TargetIds) == 0 {
			return c.ResumeToken
		}
	}
}

// parityWebChannel are the steps of a channel for each of the streams.
func parityWebChannel() parityGroup {
	target := func(p *parity) string {
		db := strings.TrimSuffix(p.root, "/documents")
		return `{"database":"` + db + `","addTarget":{"targetId":2,"documents":{"documents":["` + p.root + `/c/a"]}}}`
	}
	unknown := func(method, query string) func(*parity) string {
		return func(p *parity) string {
			r := p.web.do(method, "/google.firestore.v1.Firestore/Listen/channel?VER=8&SID=none&"+query, "", "")
			return fmt.Sprint(r.status)
		}
	}
	return parityGroup{heading: "WebChannel", cases: []parityCase{
		{name: "Listen: a missing document", do: func(p *parity) string {
			l := p.channel("Listen", "Bearer owner", target(p))
			return strings.Join(kinds(l.Listen(p.t.Context(), "CI=0").Messages(4)), " ")
		}, official: "ADD delete CURRENT NO_CHANGE"},
		{name: "Listen: a write, as one document and a snapshot", do: func(p *parity) string {
			l := p.channel("Listen", "Bearer owner", target(p))
			s := l.Listen(p.t.Context(), "CI=0")
			s.Messages(4)
			p.request(`PATCH /c/a {"fields":{"s":{"stringValue":"café 😀"}}}`)
			return strings.Join(kinds(s.Messages(2)), " ")
		}, official: "document NO_CHANGE"},
		{name: "Listen: remove the target", do: func(p *parity) string {
			l := p.channel("Listen", "Bearer owner", target(p))
			s := l.Listen(p.t.Context(), "CI=0")
			s.Messages(4)
			l.Send(`{"removeTarget":2}`)
			return strings.Join(kinds(s.Messages(1)), " ")
		}, official: "REMOVE"},
		{name: "Write: handshake, a write, a write that fails", do: func(p *parity) string {
			w := p.channel("Write", "Bearer owner", `{"database":"`+strings.TrimSuffix(p.root, "/documents")+`"}`)
			s := w.Listen(p.t.Context(), "CI=0")
			out := kinds(s.Messages(1))
			w.Send(`{"streamToken":"AA==","writes":[{"update":{"name":"` + p.root + `/c/b"}}]}`)
			out = append(out, kinds(s.Messages(1))...)
			w.Send(`{"streamToken":"AA==","writes":[{"update":{"name":"` + p.root + `/c/b"},"currentDocument":{"exists":false}}]}`)
			return strings.Join(append(out, kinds(s.Messages(2))...), " ")
		}, production: "id token committed ALREADY_EXISTS close"},
		{name: "terminate", do: func(p *parity) string {
			l := p.channel("Listen", "Bearer owner", target(p))
			code, _ := l.Do("POST", "TYPE=terminate", "")
			return fmt.Sprint(code)
		}, official: "200"},
		{name: "GET of an unknown session", do: unknown("GET", "RID=rpc&TYPE=xmlhttp"), official: "400"},
		{name: "POST to an unknown session", do: unknown("POST", "RID=2&AID=0"), official: "400"},
	}}
}

// kinds returns short forms of messages.
func kinds(messages []string) []string {
	var out []string
	for _, text := range messages {
		var m struct {
			TargetChange            *struct{ TargetChangeType string }
			DocumentChange          any
			DocumentDelete, Error   map[string]any
			StreamID                string `json:"streamId"`
			StreamToken, CommitTime string
		}
		json.Unmarshal([]byte(text), &m) // "close" is not an object
		switch {
		case m.Error != nil:
			out = append(out, fmt.Sprint(m.Error["status"]))
		case m.TargetChange != nil && m.TargetChange.TargetChangeType == "":
			out = append(out, "NO_CHANGE")
		case m.TargetChange != nil:
			out = append(out, m.TargetChange.TargetChangeType)
		case m.DocumentChange != nil:
			out = append(out, "document")
		case m.DocumentDelete != nil:
			out = append(out, "delete")
		case m.StreamID != "":
			out = append(out, "id token")
		case m.CommitTime != "":
			out = append(out, "committed")
		default:
			out = append(out, strings.Trim(text, `"`))
		}
	}
	return out
}
