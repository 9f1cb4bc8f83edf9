package rules_test

import (
	"testing"

	"cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"heek.kr/heektime/emulator/rules"
)

// BenchmarkEvaluateTimetable creates a timetable.
func BenchmarkEvaluateTimetable(b *testing.B) {
	set := timetableRules(b)
	w := newStore()
	after := newTimetable()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		d := set.Evaluate(b.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Create,
			Path: root + "/users/alice/timetables/t1", Auth: alice, Time: now, After: after, Access: rules.NewAccess(w)})
		if !d.Allowed {
			b.Fatal("denied")
		}
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "evaluations/s")
}

// BenchmarkEvaluateClaim claims a username with a batch of two writes.
func BenchmarkEvaluateClaim(b *testing.B) {
	set := timetableRules(b)
	w := newStore()
	userPath, indexPath := root+"/users/bob", root+"/indices/user/usernames/bobby"
	w.after[userPath] = fields{"username": text("bobby"), "createdAt": rules.TimeValue(now), "updatedAt": rules.TimeValue(now)}
	w.after[indexPath] = fields{"value": text("bob")}
	bob := &rules.Auth{UID: "bob"}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		access := rules.NewBatchAccess(w)
		for _, path := range []string{userPath, indexPath} {
			d := set.Evaluate(b.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Create, Path: path,
				Auth: bob, Time: now, After: fieldsOf(w.after[path]), Access: access})
			if !d.Allowed {
				b.Fatal("denied")
			}
			n++
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "evaluations/s")
}

// BenchmarkEvaluateTimetableProto evaluates the same document as a protobuf message, converted
// lazily.
func BenchmarkEvaluateTimetableProto(b *testing.B) {
	set := timetableRules(b)
	w := newStore()
	at := &firestorepb.Value{ValueType: &firestorepb.Value_TimestampValue{TimestampValue: timestamppb.New(now)}}
	after := protoFields{"createdAt": at, "updatedAt": at,
		"title":      {ValueType: &firestorepb.Value_StringValue{StringValue: "봄학기"}},
		"visibility": {ValueType: &firestorepb.Value_StringValue{StringValue: "public"}},
		"semester": {ValueType: &firestorepb.Value_ReferenceValue{
			ReferenceValue: "projects/demo/databases/(default)/documents/schools/demo/semesters/2026-0300"}}}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		d := set.Evaluate(b.Context(), &rules.Request{Service: rules.Firestore, Method: rules.Create,
			Path: root + "/users/alice/timetables/t1", Auth: alice, Time: now, After: after, Access: rules.NewAccess(w)})
		if !d.Allowed {
			b.Fatal("denied")
		}
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "evaluations/s")
}
