//go:build unix

package firestore_test

import (
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"heek.kr/heektime/emulator/billing"
	emulator "heek.kr/heektime/emulator/firestore"
)

// BenchmarkMetering compares the processor time of operations with and without a meter, the client's time
// included. The machine's speed varies, so the two take turns, and %-more is the median of many short rounds.
func BenchmarkMetering(b *testing.B) {
	withMeter := func(c *emulator.Config) { c.Meter = billing.NewMeter(c.Clock) }
	operations := map[string]func(*testing.B, pb.FirestoreClient, int){
		"get": func(b *testing.B, fs pb.FirestoreClient, i int) {
			if _, err := fs.GetDocument(b.Context(), &pb.GetDocumentRequest{Name: fmt.Sprintf("%s/a/%d", root, i%100)}); err != nil {
				b.Fatal(err)
			}
		},
		"query": func(b *testing.B, fs pb.FirestoreClient, _ int) {
			q := &pb.StructuredQuery{From: []*pb.StructuredQuery_CollectionSelector{{CollectionId: "a"}}, Limit: wrapperspb.Int32(20)}
			if err := drain(fs.RunQuery(b.Context(), &pb.RunQueryRequest{Parent: root, QueryType: &pb.RunQueryRequest_StructuredQuery{StructuredQuery: q}})); err != nil {
				b.Fatal(err)
			}
		},
		"set": func(b *testing.B, fs pb.FirestoreClient, i int) {
			if err := commit(b.Context(), fs, set(fmt.Sprintf("w/%d", i%100), "ann", int64(i), false)); err != nil {
				b.Fatal(err)
			}
		},
	}
	for name, do := range operations {
		b.Run(name, func(b *testing.B) {
			var servers [2]pb.FirestoreClient
			for i, change := range [2][]func(*emulator.Config){nil, {withMeter}} {
				c := start(b, append(change, unindexed)...)
				docs := map[string]map[string]any{}
				for i := range 100 {
					docs[fmt.Sprintf("a/%d", i)] = map[string]any{"title": "데이터베이스시스템", "credit": 3, "n": i, "category": []any{"정보대학", "컴퓨터학과"}}
				}
				if err := database(b, c, rulesProject).Seed(docs); err != nil {
					b.Fatal(err)
				}
				servers[i] = pb.NewFirestoreClient(c.conn)
			}
			const round = 50
			measure := func(fs pb.FirestoreClient) float64 {
				before := processorTime(b)
				for k := range round {
					do(b, fs, k)
				}
				return float64((processorTime(b) - before).Nanoseconds()) / round
			}
			measure(servers[0])
			measure(servers[1])
			var plain, metered, more []float64
			for i := 0; b.Loop(); i++ {
				var used [2]float64
				for _, which := range [2]int{i % 2, 1 - i%2} {
					used[which] = measure(servers[which])
				}
				plain, metered = append(plain, used[0]), append(metered, used[1])
				more = append(more, 100*(used[1]-used[0])/used[0])
			}
			b.ReportMetric(median(plain), "cpu-ns/op")
			b.ReportMetric(median(metered), "cpu-ns/metered-op")
			b.ReportMetric(median(more), "%-more")
		})
	}
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// processorTime returns the processor time that this process has used.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
