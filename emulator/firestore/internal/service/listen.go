package service

import (
	"context"
	"encoding/binary"
	"errors"
	"io"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/firestore/internal/guard"
	"heek.kr/heektime/emulator/firestore/internal/listen"
	"heek.kr/heektime/emulator/firestore/internal/query"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Listen serves a listen stream until receive fails; io.EOF means that the client has closed the
// stream. send is called by one goroutine at a time. It is long because one goroutine handles everything
// that can happen to a stream.
func (s *Service) Listen(ctx context.Context, caller guard.Caller, receive func() (*pb.ListenRequest, error), send func(*pb.ListenResponse) error) error {
	caller = caller.Doing("Listen")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	requests := make(chan *pb.ListenRequest)
	ended := make(chan error, 1)
	go func() {
		for {
			r, err := receive()
			if err != nil {
				ended <- err
				return
			}
			select {
			case requests <- r:
			case <-ctx.Done():
				return
			}
		}
	}()
	var d *Database
	var name string
	var rejected error // why there is no database of that name
	var stream *listen.Stream
	var wake <-chan struct{}
	for {
		var err error
		select {
		case r := <-requests:
			if d == nil {
				if rejected == nil {
					name = r.GetDatabase()
					d, rejected = s.database(name)
				}
				if invalidName(name, rejected) {
					if err := rejectTarget(rejected, r, send); err != nil {
						return err
					}
					continue
				}
				if rejected != nil {
					return rejected
				}
				if err := d.Guard.CheckCredentials(caller); err != nil {
					return err
				}
				stream = s.newStream(ctx, d, caller, send)
				defer stream.Close()
				wake = stream.Wake
			}
			err = s.listenRequest(d, stream, r)
		case <-wake:
			err = stream.Flush()
		case err := <-ended:
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		case <-s.Engine.closing:
			return status.Error(codes.Unavailable, "The server is shutting down.")
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		}
		if err != nil {
			return err
		}
	}
}

// newStream returns a stream to a database.
func (s *Service) newStream(ctx context.Context, d *Database, caller guard.Caller, send func(*pb.ListenResponse) error) *listen.Stream {
	id := s.Engine.streams.Add(1)
	token := func(at value.Micros) []byte { return d.resumeToken(at, id) }
	if s.Meter == nil {
		stream := listen.NewStream(d.Hub, s.document, token, s.authorizeListen(ctx, d, caller), send)
		stream.ID = id
		return stream
	}
	all := s.usage(caller, "")
	stream := listen.NewStream(d.Hub, s.document, token, s.authorizeListen(ctx, d, caller), func(m *pb.ListenResponse) error {
		all.sent(m)
		return send(m)
	})
	stream.ID = id
	stream.Reads = func(collection resource.Key, n int) { s.usage(caller, collection).reads(n) }
	stream.RulesReads = func(documents []resource.Key) { d.Guard.Bill(caller, documents) }
	return stream
}

// authorizeListen returns a function that authorizes targets with the current rules and indexes.
func (s *Service) authorizeListen(ctx context.Context, d *Database, caller guard.Caller) listen.Authorize {
	return func(keys []resource.Key, q *query.Query, v store.View) ([]resource.Key, error) {
		session, err := d.Guard.Begin(d.DB, caller)
		if err != nil {
			return nil, err
		}
		defer session.End(ctx)
		if q == nil {
			err = session.AuthorizeGet(ctx, v, keys...)
		} else if err = session.AuthorizeList(ctx, v, q); err == nil {
			err = d.checkIndexes(q, nil)
		}
		return session.Dependencies(), err
	}
}

func (s *Service) listenRequest(d *Database, stream *listen.Stream, r *pb.ListenRequest) error {
	if r.GetDatabase() != "" && r.GetDatabase() != string(d.Name) {
		return invalid("A stream serves one database: %q, not %q.", d.Name, r.GetDatabase())
	}
	switch x := r.GetTargetChange().(type) {
	case *pb.ListenRequest_RemoveTarget:
		return stream.Remove(x.RemoveTarget)
	case *pb.ListenRequest_AddTarget:
		id, err := stream.TargetID(x.AddTarget.GetTargetId())
		if err != nil {
			return stream.Reject(x.AddTarget.GetTargetId(), err)
		}
		t, err := s.parseTarget(d, id, x.AddTarget)
		if err != nil {
			return stream.Reject(id, err)
		}
		return stream.Add(t, d.waitDurable)
	}
	return invalid("A listen request must add or remove a target.")
}

func (s *Service) parseTarget(d *Database, id int32, p *pb.Target) (listen.Target, error) {
	t := listen.Target{ID: id, Once: p.GetOnce()}
	if c := p.GetExpectedCount(); c != nil {
		n := c.GetValue()
		t.ExpectedCount = &n
	}
	switch x := p.GetResumeType().(type) {
	case *pb.Target_ResumeToken:
		t.Resume.Given = len(x.ResumeToken) > 0
		t.Resume.At, t.Resume.Stream, t.Resume.Valid = d.parseResumeToken(x.ResumeToken)
	case *pb.Target_ReadTime:
		t.Resume = listen.Resume{Given: true, Valid: true, At: value.MicrosOf(x.ReadTime.AsTime())}
	}
	switch x := p.GetTargetType().(type) {
	case *pb.Target_Documents:
		for _, name := range x.Documents.GetDocuments() {
			db, key, err := resource.ParseDocument(name)
			if err != nil {
				return t, err
			}
			if db != d.Name {
				return t, invalid("The document %q is in another database than the stream's, %q.", name, d.Name)
			}
			t.Keys = append(t.Keys, key)
		}
		if len(t.Keys) == 0 {
			return t, invalid("A documents target must name a document.")
		}
		return t, nil
	case *pb.Target_Query:
		return t, s.parseQueryTarget(d, x.Query, &t)
	}
	return t, invalid("A target must have documents or a query.")
}

func (s *Service) parseQueryTarget(d *Database, p *pb.Target_QueryTarget, t *listen.Target) error {
	name, parent, err := resource.ParseParent(p.GetParent())
	if err != nil {
		return err
	}
	if name != d.Name {
		return invalid("The query's parent %q is in another database than the stream's, %q.", p.GetParent(), d.Name)
	}
	if t.Query, err = query.Parse(parent, p.GetStructuredQuery()); err != nil {
		return err
	}
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(p)
	t.QueryKey = string(text)
	return err
}

// resumeToken returns an opaque token of a stream for the state of this database at a time.
func (d *Database) resumeToken(at value.Micros, stream uint64) []byte {
	b := append(make([]byte, 0, 24), d.instance[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(at))
	return binary.BigEndian.AppendUint64(b, stream)
}

func (d *Database) parseResumeToken(b []byte) (at value.Micros, stream uint64, ok bool) {
	if len(b) != 24 || [8]byte(b) != d.instance {
		return 0, 0, false
	}
	return value.Micros(binary.BigEndian.Uint64(b[8:])), binary.BigEndian.Uint64(b[16:]), true
}
