package wirejson_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator/firestore/internal/wirejson"
	"heek.kr/heektime/emulator/firestore/internal/write"
)

const doc = "projects/p/databases/(default)/documents/c/d"

// Every request with writes accepts a verify operation, among other writes.
func TestVerify(t *testing.T) {
	want := &pb.Write{CurrentDocument: &pb.Precondition{ConditionType: &pb.Precondition_Exists{Exists: true}}}
	write.SetVerify(want, doc)
	const writes = `"writes":[{"delete":"` + doc + `2"},{"verify":"` + doc + `","currentDocument":{"exists":true}}]`
	for _, m := range []interface {
		proto.Message
		GetWrites() []*pb.Write
	}{&pb.CommitRequest{}, &pb.BatchWriteRequest{}, &pb.WriteRequest{}} {
		if err := wirejson.Unmarshal([]byte(`{"database":"d",`+writes+`}`), m); err != nil {
			t.Fatalf("%T: %v", m, err)
		}
		if len(m.GetWrites()) != 2 || m.GetWrites()[0].GetDelete() != doc+"2" || !proto.Equal(m.GetWrites()[1], want) {
			t.Errorf("%T: got %v", m, m)
		}
	}
}

// MarshalChange writes the same JSON as protojson.
func TestMarshalChange(t *testing.T) {
	d := &pb.Document{Name: doc, Fields: map[string]*pb.Value{"제목": {ValueType: &pb.Value_StringValue{StringValue: "\"\u2028"}}}}
	text, err := wirejson.Marshal(d, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*pb.DocumentChange{
		{Document: d, TargetIds: []int32{2}},
		{Document: d, TargetIds: []int32{2, 4}, RemovedTargetIds: []int32{6, 8}},
	} {
		want, err := wirejson.Marshal(&pb.ListenResponse{ResponseType: &pb.ListenResponse_DocumentChange{DocumentChange: c}}, false)
		if err != nil {
			t.Fatal(err)
		}
		var a, b bytes.Buffer // without the spaces that protojson inserts at random
		if err := json.Compact(&a, wirejson.MarshalChange(c, text)); err != nil {
			t.Fatal(err)
		}
		json.Compact(&b, want)
		if a.String() != b.String() {
			t.Errorf("got  %s\nwant %s", &a, &b)
		}
	}
}

// A document may have a field named verify.
func TestFieldNamedVerify(t *testing.T) {
	const fields = `"fields":{"verify":{"doubleValue":"-0"},"at":{"timestampValue":"2026-11-20T10:41:54.205733000Z"}}`
	var d pb.Document
	if err := wirejson.Unmarshal([]byte(`{`+fields+`}`), &d); err != nil {
		t.Fatal(err)
	}
	var c pb.CommitRequest
	if err := wirejson.Unmarshal([]byte(`{"writes":[{"update":{`+fields+`}}]}`), &c); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(&d, c.Writes[0].GetUpdate()) || !math.Signbit(d.Fields["verify"].GetDoubleValue()) {
		t.Errorf("got %v and %v", &d, &c)
	}
}

func TestBadJSON(t *testing.T) {
	for _, text := range []string{`{`, `[]`, `{"foo":1}`, `{"writes":[{"verify":"a","delete":"b"}]}`, `{"writes":[{"verify":1}]}`, "{\"database\":\"\xff\"}"} {
		err := wirejson.Unmarshal([]byte(text), &pb.CommitRequest{})
		if status.Code(err) != codes.InvalidArgument || !strings.HasPrefix(status.Convert(err).Message(), "Invalid JSON payload received. ") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := wirejson.Unmarshal([]byte(" \n"), &pb.CommitRequest{}); err != nil {
		t.Errorf("empty body: %v", err)
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"writes":[{"verify":"a","currentDocument":{"exists":true}}]}`))
	f.Add([]byte(`{"streamToken":"AAE=","writes":[{"update":{"name":"n","fields":{"a":{"mapValue":{}}}},"updateMask":{"fieldPaths":["a"]}}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var m pb.WriteRequest
		if wirejson.Unmarshal(b, &m) != nil {
			return
		}
		if _, err := proto.Marshal(&m); err != nil {
			t.Errorf("%s was decoded into an invalid message: %v", b, err)
		}
	})
}
