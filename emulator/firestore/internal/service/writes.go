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

// Write serves one stream of commits until receive fails, with io.EOF when the client has no more. The first request
// names the database; each after it is one commit, answered in order. A commit that fails ends the stream.
func (s *Service) Write(ctx context.Context, who guard.Caller, receive func() (*pb.WriteRequest, error), send func(*pb.WriteResponse) error) error {
	first, err := receive()
	if err != nil {
		return ended(err)
	}
	d, err := s.database(first.GetDatabase())
	if err != nil {
		return err
	}
	if err := d.Guard.CheckCredentials(who); err != nil {
		return err
	}
	if len(first.GetWrites()) > 0 {
		return invalid("The first request of a write stream must not have writes.")
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
			return ended(err)
		}
		if len(r.GetWrites()) == 0 {
			if err := send(&pb.WriteResponse{StreamId: id, StreamToken: token(), CommitTime: d.Now().Proto()}); err != nil {
				return err
			}
			continue
		}
		c, results, err := d.commit(ctx, who, nil, r.GetWrites())
		if err != nil {
			return err
		}
		out := &pb.WriteResponse{StreamId: id, StreamToken: token(), WriteResults: protoResults(c, results), CommitTime: c.Time.Proto()}
		if err := send(out); err != nil {
			return err
		}
	}
}

// ended turns the end of a client's requests into a proper end of the stream.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
