// Package service implements the google.firestore.v1.Firestore service without a transport.
// Requests and responses are the protocol's messages, streams are functions; gRPC, REST and
// WebChannel are thin layers on top.
//
// An [Engine] holds the databases with their rules, indexes and data directory. A [Service] has one
// method for each method of the protocol.
package service

import (
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/firestore/internal/cache"
	"heek.kr/heektime/emulator/firestore/internal/store"
	"heek.kr/heektime/emulator/internal/fieldpath"
	"heek.kr/heektime/emulator/internal/value"
)

// Service implements the methods of the protocol.
type Service struct {
	Engine *Engine

	// Splice copies the stored encoding of documents into responses as unknown fields. The encoded
	// response is the same and costs next to nothing. Callers that read the messages themselves
	// must not set it.
	Splice bool

	// Recent, if not nil, caches the messages of documents, so that all listeners share one message
	// for each version of a document. Callers must not change the messages.
	Recent *cache.Cache[*store.Document, *pb.Document]

	// Meter counts what requests are billed; nil counts nothing.
	Meter *billing.Meter
}

// MaxRecentBytes is the approximate maximum size of a cached document. It bounds the memory of the
// cache.
const MaxRecentBytes = 128 << 10

// document returns the message for a stored document with the fields f.
func (s *Service) document(d *store.Document, f *value.Fields) *pb.Document {
	if s.Recent == nil || f != d.Fields || f.Size() > MaxRecentBytes {
		return s.newDocument(d, f)
	}
	out, _ := s.Recent.Get(d, func() (*pb.Document, error) { return s.newDocument(d, f), nil })
	return out
}

func (s *Service) newDocument(d *store.Document, f *value.Fields) *pb.Document {
	out := &pb.Document{Name: d.Name, CreateTime: d.Created.Proto(), UpdateTime: d.Updated.Proto()}
	switch {
	case !s.Splice:
		out.Fields = f.Proto()
	case f == d.Fields:
		out.ProtoReflect().SetUnknown(d.Wire())
	default:
		out.ProtoReflect().SetUnknown(f.AppendDocumentFields(nil))
	}
	return out
}

// masked returns the fields of a document in a field mask; a nil mask contains all fields.
func masked(d *store.Document, m mask) *value.Fields {
	if m == nil {
		return d.Fields
	}
	return d.Fields.Pick(m)
}

type mask [][]string

func parseMask(m *pb.DocumentMask) (mask, error) {
	if m == nil {
		return nil, nil
	}
	out := mask{}
	for _, s := range m.GetFieldPaths() {
		p, err := fieldpath.ParseField(s)
		if err != nil {
			return nil, err
		}
		if !p.IsName() {
			out = append(out, p)
		}
	}
	return out, nil
}

func invalid(format string, args ...any) error {
	return status.Errorf(codes.InvalidArgument, format, args...)
}
