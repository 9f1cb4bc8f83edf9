package firestore_test

import (
	"bytes"
	"net"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
)

// TestPings: clients may ping often, whether or not they have a call, and however long the server has had nothing
// to send. SDKs for iOS do (https://github.com/firebase/firebase-tools/issues/11238). gRPC's client for Go
// does not ping more often than every ten seconds, so the test speaks HTTP/2.
func TestPings(t *testing.T) {
	c := start(t)
	for name, listening := range map[string]bool{"idle": false, "listening": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", c.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Write([]byte(http2.ClientPreface)); err != nil {
				t.Fatal(err)
			}
			f := http2.NewFramer(conn, conn)
			if err := f.WriteSettings(); err != nil {
				t.Fatal(err)
			}
			if listening {
				listenRaw(t, f)
			}
			for n := range byte(6) { // gRPC's own policy closes the connection at the third
				if err := f.WritePing(false, [8]byte{n}); err != nil {
					t.Fatal(err)
				}
				awaitPong(t, f, n)
				time.Sleep(120 * time.Millisecond) // the policy is about intervals: later is fine, too
			}
		})
	}
}

// awaitPong reads up to the answer to ping n.
func awaitPong(t *testing.T, f *http2.Framer, n byte) {
	t.Helper()
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		switch x := frame.(type) {
		case *http2.GoAwayFrame:
			t.Fatalf("after ping %d: GOAWAY %v %s", n, x.ErrCode, x.DebugData())
		case *http2.PingFrame:
			if x.IsAck() && x.Data == [8]byte{n} {
				return
			}
			if !x.IsAck() {
				f.WritePing(true, x.Data)
			}
		case *http2.SettingsFrame:
			if !x.IsAck() {
				f.WriteSettingsAck()
			}
		}
	}
}

// listenRaw listens to a document and reads until its listener is current.
func listenRaw(t *testing.T, f *http2.Framer) {
	t.Helper()
	var block bytes.Buffer
	headers := hpack.NewEncoder(&block)
	for _, h := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", "/google.firestore.v1.Firestore/Listen"}, {":authority", "x"},
		{"content-type", "application/grpc"}, {"te", "trailers"}, {"authorization", "Bearer owner"},
	} {
		headers.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]})
	}
	if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true}); err != nil {
		t.Fatal(err)
	}
	text, err := proto.Marshal(&pb.ListenRequest{Database: listenDB, TargetChange: &pb.ListenRequest_AddTarget{AddTarget: &pb.Target{
		TargetId: 2, TargetType: &pb.Target_Documents{Documents: &pb.Target_DocumentsTarget{Documents: []string{listenDB + "/documents/a/x"}}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	message := append([]byte{0, byte(len(text) >> 24), byte(len(text) >> 16), byte(len(text) >> 8), byte(len(text))}, text...)
	if err := f.WriteData(1, false, message); err != nil {
		t.Fatal(err)
	}
	current := protowire.AppendVarint([]byte{0x08}, uint64(pb.TargetChange_CURRENT)) // the target change's type
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if data, ok := frame.(*http2.DataFrame); ok && bytes.Contains(data.Data(), current) {
			return
		}
		if settings, ok := frame.(*http2.SettingsFrame); ok && !settings.IsAck() {
			f.WriteSettingsAck()
		}
	}
}
