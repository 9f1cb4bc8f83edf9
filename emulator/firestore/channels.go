package firestore

import (
	"context"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/firestore/internal/cache"
	"heek.kr/heektime/emulator/firestore/internal/service"
	"heek.kr/heektime/emulator/firestore/internal/webchannel"
	"heek.kr/heektime/emulator/firestore/internal/wirejson"
	"heek.kr/heektime/emulator/internal/emulatorauth"
	"heek.kr/heektime/emulator/internal/transcoding"
)

// The paths of channels, one for each bidirectional streaming method.
const (
	listenPath = "/google.firestore.v1.Firestore/Listen/channel"
	writePath  = "/google.firestore.v1.Firestore/Write/channel"
)

// channels serves the API over WebChannels. Its messages are those of gRPC, in JSON.
type channels struct {
	svc    *service.Service // must not splice, because its messages are read here
	auth   *emulatorauth.Authenticator
	recent cache.Cache[*pb.Document, []byte] // the JSON of documents sent to many listeners
}

// serve serves one stream. If the stream fails, the error is its last message.
func (c *channels) serve(ctx context.Context, s *webchannel.Session) {
	who := c.auth.Authenticate(s.Header.Get("Authorization"))
	who.Action = s.Header.Get(billing.ActionHeader)
	var err error
	if s.Path == writePath {
		err = c.svc.Write(ctx, who, receiver[pb.WriteRequest](s), sender[*pb.WriteResponse](s))
	} else {
		err = c.svc.Listen(ctx, who, receiver[pb.ListenRequest](s), func(m *pb.ListenResponse) error {
			return s.Send(func() ([]byte, error) { return c.marshal(m) })
		})
	}
	if err != nil {
		s.Send(func() ([]byte, error) { // fails only if the client is gone
			_, text := transcoding.MarshalError(err)
			return text, nil
		})
	}
}

// marshal returns a Listen response in JSON. A document is encoded once for all listeners.
func (c *channels) marshal(m *pb.ListenResponse) ([]byte, error) {
	change := m.GetDocumentChange()
	if change == nil || proto.Size(change.Document) > service.MaxRecentBytes {
		return wirejson.Marshal(m, false)
	}
	text, err := c.recent.Get(change.Document, func() ([]byte, error) { return wirejson.Marshal(change.Document, false) })
	if err != nil {
		return nil, err
	}
	return wirejson.MarshalChange(change, text), nil
}

// receiver returns a function that receives the messages of a stream.
func receiver[T any, P interface {
	*T
	proto.Message
}](s *webchannel.Session) func() (P, error) {
	return func() (P, error) {
		text, err := s.Receive()
		if err != nil {
			return nil, err
		}
		m := P(new(T))
		return m, wirejson.Unmarshal(text, m)
	}
}

// sender returns a function that sends the messages of a stream.
func sender[P proto.Message](s *webchannel.Session) func(P) error {
	return func(m P) error {
		return s.Send(func() ([]byte, error) { return wirejson.Marshal(m, false) })
	}
}
