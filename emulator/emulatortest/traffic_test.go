package emulatortest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cloud.google.com/go/firestore"
	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"heek.kr/heektime/emulator"
	"heek.kr/heektime/emulator/billing"
	"heek.kr/heektime/emulator/emulatortest"
	"heek.kr/heektime/emulator/internal/webchanneltest"
)

// Every request of a user to notes reads a document for the rules.
const trafficRules = `rules_version = '2';
service cloud.firestore {
  match /databases/{d}/documents {
    function known() { return exists(/databases/$(d)/documents/members/$(request.auth.uid)); }
    match /notes/{id} { allow read, write: if known(); }
    match /closed/{id} { allow read: if known() && request.auth.uid == 'nobody'; }
  }
}`

// traffic is random traffic of several clients, and what it should cost by what the clients see.
type traffic struct {
	t      *testing.T
	cloud  *emulatortest.Cloud
	random *rand.Rand
	actors []*actor
	cost   emulatortest.Cost // what the meters of the clients do not see
	closed []*listener       // listeners that may come back
	open   []*listener
}

// actor is a user, or the server, with its clients.
type actor struct {
	traffic *traffic
	token   string
	rules   int // documents that rules read for each request
	client  *firestore.Client
	raw     pb.FirestoreClient // for listeners
	calls   clientMeter        // of client
	heard   clientMeter        // of raw
	bytes   atomic.Int64       // of responses
}

type bearerToken string

func (b bearerToken) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

func (bearerToken) RequireTransportSecurity() bool { return false }

func (tr *traffic) addActor(token string, rules int) {
	a := &actor{traffic: tr, token: token, rules: rules}
	dial := func(meter *clientMeter) *grpc.ClientConn {
		opts := append(meter.dialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(bearerToken(token)),
			grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
				err := invoke(ctx, method, req, reply, cc, opts...)
				if err == nil {
					a.bytes.Add(int64(proto.Size(reply.(proto.Message))))
				}
				return err
			}),
			grpc.WithChainStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
				s, err := open(ctx, desc, cc, method, opts...)
				return weighedStream{s, &a.bytes}, err
			}))
		conn, err := grpc.NewClient(tr.cloud.FirestoreAddress(), opts...)
		if err != nil {
			tr.t.Fatal(err)
		}
		tr.t.Cleanup(func() { conn.Close() })
		return conn
	}
	var err error
	if a.client, err = firestore.NewClient(tr.t.Context(), tr.cloud.Project, option.WithGRPCConn(dial(&a.calls))); err != nil {
		tr.t.Fatal(err)
	}
	a.raw = pb.NewFirestoreClient(dial(&a.heard))
	tr.actors = append(tr.actors, a)
}

type weighedStream struct {
	grpc.ClientStream
	bytes *atomic.Int64
}

func (s weighedStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	if err == nil {
		s.bytes.Add(int64(proto.Size(m.(proto.Message))))
	}
	return err
}

func (a *actor) note() *firestore.DocumentRef {
	return a.client.Doc(fmt.Sprintf("notes/%d", a.traffic.random.IntN(12)))
}

// act makes a random request. The client's meter counts it; act counts what the rules read.
func (a *actor) act() {
	tr, ctx := a.traffic, a.traffic.t.Context()
	notes, requests := a.client.Collection("notes"), 1
	data := map[string]any{"n": tr.random.IntN(10)}
	var err error
	switch tr.random.IntN(13) {
	case 0:
		_, _ = a.note().Get(ctx) // may be missing
	case 1:
		_, err = a.client.GetAll(ctx, []*firestore.DocumentRef{a.note(), a.note(), a.note()})
	case 2:
		_, err = notes.Where("n", ">=", tr.random.IntN(11)).Limit(1 + tr.random.IntN(5)).Documents(ctx).GetAll()
	case 3:
		_, err = notes.OrderBy("n", firestore.Desc).Offset(tr.random.IntN(15)).Documents(ctx).GetAll()
	case 4:
		q := notes.Where("n", "==", tr.random.IntN(11))
		_, err = q.NewAggregationQuery().WithCount("c").Get(ctx)
	case 5, 6:
		_, err = a.note().Set(ctx, data)
	case 7:
		_, err = a.note().Delete(ctx)
	case 8:
		err = a.client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) (err error) {
			for range 1 + tr.random.IntN(4) {
				if doc := a.note(); tr.random.IntN(2) == 0 {
					err = errors.Join(err, tx.Set(doc, data))
				} else {
					err = errors.Join(err, tx.Delete(doc))
				}
			}
			return err
		})
	case 9:
		requests = 2
		doc := a.note()
		err = a.client.RunTransaction(ctx, func(_ context.Context, tx *firestore.Transaction) error {
			_, _ = tx.Get(doc) // may be missing
			return tx.Set(doc, data)
		})
	case 10:
		_, _ = a.client.Doc("notes/none").Update(ctx, []firestore.Update{{Path: "n", Value: 1}}) // fails
	case 11:
		_, _ = a.client.Doc("closed/x").Get(ctx) // denied to users
	case 12:
		a.rest()
	}
	if err != nil {
		tr.t.Fatal(err)
	}
	tr.cost.Reads += requests * a.rules
}

// rest makes a random request over REST and counts it.
func (a *actor) rest() {
	tr := a.traffic
	url := "http://" + tr.cloud.FirestoreAddress() + "/v1/projects/" + tr.cloud.Project + "/databases/(default)/documents"
	doc := fmt.Sprintf("/notes/%d", tr.random.IntN(12))
	switch tr.random.IntN(4) {
	case 0:
		tr.cost.Reads++
		a.weigh(a.call("GET", url+doc, ""))
	case 1:
		tr.cost.Writes++
		a.weigh(a.call("PATCH", url+doc, fmt.Sprintf(`{"fields": {"n": {"integerValue": "%d"}}}`, tr.random.IntN(10))))
	case 2:
		tr.cost.Deletes++
		a.call("DELETE", url+doc, "")
	case 3:
		var list []json.RawMessage
		query := fmt.Sprintf(`{"structuredQuery": {"from": [{"collectionId": "notes"}], "offset": %d, "limit": 3}}`, tr.random.IntN(4))
		if err := json.Unmarshal(a.call("POST", url+":runQuery", query), &list); err != nil {
			tr.t.Fatal(err)
		}
		n := 0
		for _, text := range list {
			r := &pb.RunQueryResponse{}
			if err := protojson.Unmarshal(text, r); err != nil {
				tr.t.Fatal(err)
			}
			a.bytes.Add(int64(proto.Size(r)))
			n += int(r.SkippedResults)
			if r.Document != nil {
				n++
			}
		}
		tr.cost.Reads += max(1, n)
	}
}

// call returns the body of a response, nil if it is an error.
func (a *actor) call(method, url, body string) []byte {
	tr := a.traffic
	r, err := http.NewRequestWithContext(tr.t.Context(), method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		tr.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+a.token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		tr.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		tr.t.Fatal(err)
	}
	switch response.StatusCode {
	case http.StatusOK:
		return text
	case http.StatusNotFound: // of a missing document
		return nil
	}
	tr.t.Fatalf("%s %s: %s: %s", method, url, response.Status, text)
	return nil
}

// weigh counts the bytes of a document.
func (a *actor) weigh(text []byte) {
	if text == nil {
		return
	}
	d := &pb.Document{}
	if err := protojson.Unmarshal(text, d); err != nil {
		a.traffic.t.Fatal(err)
	}
	a.bytes.Add(int64(proto.Size(d)))
}

// channelStream is a listen stream over WebChannel, the transport of browsers.
type channelStream struct {
	grpc.ClientStream // the methods that nobody calls
	client            *webchanneltest.Client
	headers           []string
	back              *webchanneltest.Stream // nil before the first request
}

func (s *channelStream) SendMsg(m any) error {
	text, err := protojson.Marshal(m.(proto.Message))
	if err != nil {
		return err
	}
	if s.back != nil {
		s.client.Send(string(text))
		return nil
	}
	s.client.Handshake(s.headers, string(text))
	s.back = s.client.Listen(context.Background(), "CI=0")
	return nil
}

func (s *channelStream) RecvMsg(m any) error {
	text := s.back.Next()
	if strings.Contains(text, `"error"`) {
		return io.EOF
	}
	return protojson.Unmarshal([]byte(text), m.(proto.Message))
}

// CloseSend makes the server end the stream by a request that it rejects. The error is its last message, after
// which it counts nothing. Nothing tells a client that terminates its channel when that time has come.
func (s *channelStream) CloseSend() error {
	s.client.Send(`{"database": "projects/demo-other/databases/(default)", "removeTarget": 1}`)
	return nil
}

// listen opens a listen stream, over gRPC or WebChannel.
func (a *actor) listen(channel bool) (pb.Firestore_ListenClient, error) {
	if !channel {
		return a.raw.Listen(a.traffic.t.Context())
	}
	url := "http://" + a.traffic.cloud.FirestoreAddress() + "/google.firestore.v1.Firestore/Listen/channel"
	s := &channelStream{client: webchanneltest.New(a.traffic.t, url), headers: []string{"Authorization:Bearer " + a.token}}
	return &grpc.GenericClientStream[pb.ListenRequest, pb.ListenResponse]{ClientStream: weighedStream{a.heard.watch(s), &a.bytes}}, nil
}

// listener listens to the notes whose n is at least some number.
type listener struct {
	*actor
	least   int
	stream  pb.Firestore_ListenClient
	token   []byte
	away    time.Duration // since it left
	changed bool          // since the last snapshot
	at      time.Time     // of the last snapshot
	seen    int           // snapshots
	current bool
}

// start opens the listener's stream, at its token if it has one, and reads the first result.
func (l *listener) start() {
	tr := l.traffic
	tr.cost.Reads += l.takeHeard() // of other listeners
	var err error
	if l.stream, err = l.listen(tr.random.IntN(2) == 0); err != nil {
		tr.t.Fatal(err)
	}
	database := "projects/" + tr.cloud.Project + "/databases/(default)"
	target := &pb.Target{TargetId: 1, TargetType: &pb.Target_Query{Query: &pb.Target_QueryTarget{
		Parent: database + "/documents", QueryType: &pb.Target_QueryTarget_StructuredQuery{StructuredQuery: &pb.StructuredQuery{
			From: []*pb.StructuredQuery_CollectionSelector{{CollectionId: "notes"}},
			Where: &pb.StructuredQuery_Filter{FilterType: &pb.StructuredQuery_Filter_FieldFilter{FieldFilter: &pb.StructuredQuery_FieldFilter{
				Field: &pb.StructuredQuery_FieldReference{FieldPath: "n"}, Op: pb.StructuredQuery_FieldFilter_GREATER_THAN_OR_EQUAL,
				Value: &pb.Value{ValueType: &pb.Value_IntegerValue{IntegerValue: int64(l.least)}},
			}}},
		}},
	}}}
	if l.token != nil {
		target.ResumeType = &pb.Target_ResumeToken{ResumeToken: l.token}
	}
	if err := l.stream.Send(&pb.ListenRequest{Database: database, TargetChange: &pb.ListenRequest_AddTarget{AddTarget: target}}); err != nil {
		tr.t.Fatal(err)
	}
	l.current = false
	for l.receive(); !l.current; l.receive() {
	}
	heard := l.takeHeard()
	if l.token != nil && l.away > 30*time.Minute { // billed as a new query, whatever it receives
		heard = max(1, tr.matching(l.least))
	}
	tr.cost.Reads += heard + l.rules
	l.changed = false
	for seen := l.seen; l.seen == seen; {
		l.receive()
	}
	tr.open = append(tr.open, l)
}

func (a *actor) takeHeard() int { return a.heard.take().Reads }

// receive reads a message. It returns false at the end of the stream.
func (l *listener) receive() bool {
	r, err := l.stream.Recv()
	if err == io.EOF {
		return false
	}
	if err != nil {
		l.traffic.t.Fatal(err)
	}
	c := r.GetTargetChange()
	switch {
	case c == nil:
		l.changed = true
	case c.TargetChangeType == pb.TargetChange_CURRENT:
		l.current = true
	case c.TargetChangeType == pb.TargetChange_NO_CHANGE && len(c.TargetIds) == 0:
		if l.changed { // the rules are evaluated again for a changed result
			l.traffic.cost.Reads += l.rules
		}
		l.seen++
		l.changed, l.token, l.at = false, c.ResumeToken, c.ReadTime.AsTime()
	}
	return true
}

// readTo reads to the next snapshot at or after a time.
func (l *listener) readTo(at time.Time) {
	for l.at.Before(at) {
		l.receive()
	}
}

// stop closes the stream and waits until the server has ended it.
func (l *listener) stop() {
	if err := l.stream.CloseSend(); err != nil {
		l.traffic.t.Fatal(err)
	}
	for l.receive() {
	}
	l.away = 0
}

// matching returns how many notes a listener's query has.
func (tr *traffic) matching(least int) int {
	db, err := tr.cloud.Firestore.Database(tr.cloud.Project, "(default)")
	if err != nil {
		tr.t.Fatal(err)
	}
	n := 0
	for d := range db.List("notes") {
		if value, ok := d.Data["n"].(int64); ok && value >= int64(least) {
			n++
		}
	}
	return n
}

// settle reads everything that the open listeners receive.
func (tr *traffic) settle() {
	r, err := tr.actors[0].client.Doc("notes/settle").Set(tr.t.Context(), map[string]any{"n": tr.random.Int()})
	if err != nil {
		tr.t.Fatal(err)
	}
	for _, l := range tr.open {
		l.readTo(r.UpdateTime)
	}
}

// step makes one random request, or opens or closes a listener, or lets time pass.
func (tr *traffic) step() {
	switch n := tr.random.IntN(20); {
	case n == 0 && len(tr.open) < 4:
		l := &listener{actor: tr.actors[tr.random.IntN(len(tr.actors))], least: tr.random.IntN(11)}
		tr.settle()
		l.start()
	case n == 1 && len(tr.open) > 0:
		l := tr.open[0]
		tr.open = tr.open[1:]
		l.stop()
		tr.closed = append(tr.closed, l)
	case n == 2 && len(tr.closed) > 0:
		l := tr.closed[0]
		tr.closed = tr.closed[1:]
		tr.settle()
		l.start()
	case n == 3: // the sums of 8 minutes are never 30, so the machine's time does not matter
		tr.cloud.Clock.Advance(8 * time.Minute)
		for _, l := range tr.closed {
			l.away += 8 * time.Minute
		}
	default:
		tr.actors[tr.random.IntN(len(tr.actors))].act()
	}
}

// check compares what the clients saw with what the cloud's meter counted.
func (tr *traffic) check(step int) {
	tr.t.Helper()
	bytes := int64(0)
	for _, a := range tr.actors {
		for _, c := range []emulatortest.Cost{a.calls.take(), a.heard.take()} {
			tr.cost.Reads += c.Reads
			tr.cost.Writes += c.Writes
			tr.cost.Deletes += c.Deletes
		}
		if a.rules > 0 { // the server's responses stay in the region
			bytes += a.bytes.Load()
		}
	}
	u := tr.cloud.Meter.Usage()
	if got := emulatortest.CostOf(u); got != tr.cost {
		tr.t.Fatalf("after %d steps the meter has %v, the clients saw %v", step, got, tr.cost)
	}
	if n := u.Amount(billing.FirestoreEgress); n != bytes {
		tr.t.Fatalf("after %d steps the meter has %d bytes, the clients received %d", step, n, bytes)
	}
}

// On random traffic of servers, of users with rules, over REST and by listeners that come and go, over gRPC and
// WebChannel, the cloud's meter agrees with what the clients count.
func TestMeterAgreesWithClients(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			cloud := emulatortest.Start(t, func(c *emulator.Config) { c.Rules, c.AllowUnindexed = []byte(trafficRules), true })
			tr := &traffic{t: t, cloud: cloud, random: rand.New(rand.NewPCG(seed, 0))}
			cloud.Seed(t, emulatortest.Docs{"members/ann": {}, "members/bob": {}})
			tr.addActor("owner", 0)
			for _, uid := range []string{"ann", "bob"} {
				token, err := cloud.IDToken(uid, nil)
				if err != nil {
					t.Fatal(err)
				}
				tr.addActor(token, 1)
			}
			for step := range 300 {
				tr.step()
				if step%50 == 49 {
					tr.settle()
					tr.check(step)
				}
			}
			for _, l := range tr.open {
				l.stop()
			}
			tr.check(300)
		})
	}
}
