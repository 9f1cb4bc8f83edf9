package service

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"strconv"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"

	"heek.kr/heektime/emulator/firestore/internal/guard"
)

// Write serves a write stream until receive fails; io.EOF means that the client has closed the
// stream. The first request names the database, and only its response has the stream's ID. Each later
// request is a commit; responses are in order. A failed commit ends the stream, and so does a request
// without writes (google/firestore/v1/firestore.proto, WriteRequest.writes).
func (s *Service) Write(ctx context.Context, caller guard.Caller, receive func() (*pb.WriteRequest, error), send func(*pb.WriteResponse) error) error {
	caller = caller.Doing("Write")
	if u := s.usage(caller, ""); u.outside {
		sendTo := send
		send = func(m *pb.WriteResponse) error {
			u.sent(m)
			return sendTo(m)
		}
	}
	first, err := receive()
	if err != nil {
		return endOfStream(err)
	}
	d, err := s.database(first.GetDatabase())
	if invalidName(first.GetDatabase(), err) {
		return rejectWrites(err, receive, send)
	}
	if err != nil {
		return err
	}
	if err := d.Guard.CheckCredentials(caller); err != nil {
		return err
	}
	switch {
	case len(first.GetWrites()) > 0:
		return invalid("The first request of a write stream must not have writes.")
	case first.GetStreamId() != "" || len(first.GetStreamToken()) > 0:
		return invalid("A write stream cannot be resumed: the first request must have neither stream_id nor stream_token.")
	}
	var n uint64
	token := func() []byte {
		n++
		return binary.BigEndian.AppendUint64(nil, n)
	}
	id := strconv.FormatUint(s.Engine.streams.Add(1), 10)
	if err := send(&pb.WriteResponse{StreamId: id, StreamToken: token()}); err != nil {
		return err
	}
	for {
		r, err := receive()
		if err != nil {
			return endOfStream(err)
		}
		if name := r.GetDatabase(); name != "" && name != string(d.Name) {
			return invalid("A stream serves one database: %q, not %q.", d.Name, name)
		}
		if len(r.GetWrites()) == 0 {
			return send(&pb.WriteResponse{StreamToken: token()})
		}
		c, results, err := s.commit(ctx, d, caller, nil, r.GetWrites())
		if err != nil {
			return err
		}
		out := &pb.WriteResponse{StreamToken: token(), WriteResults: protoResults(results), CommitTime: c.Time.Proto()}
		if err := send(out); err != nil {
			return err
		}
	}
}

// endOfStream returns nil if the client has closed the stream.
func endOfStream(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
