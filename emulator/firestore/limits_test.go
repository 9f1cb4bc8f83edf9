package firestore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"cloud.google.com/go/firestore"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// nested returns maps nested to a depth.
func nested(depth int) any {
	if depth == 0 {
		return "leaf"
	}
	return map[string]any{"m": nested(depth - 1)}
}

// TestLimits is long because each limit is a row of its table.
func TestLimits(t *testing.T) {
	ctx := context.Background()
	fs := start(t).client(t, "demo-limits")
	manyElements := make([]any, 40_001)
	for i := range manyElements {
		manyElements[i] = i
	}
	increments := func(n int) []firestore.Update {
		var out []firestore.Update
		for i := range n {
			out = append(out, firestore.Update{FieldPath: []string{fmt.Sprintf("f%d", i)}, Value: firestore.Increment(1)})
		}
		return out
	}
	if _, err := fs.Doc("a/counters").Set(ctx, map[string]any{}); err != nil {
		t.Fatal(err)
	}
	set := func(path string, data map[string]any) func() error {
		return func() error {
			_, err := fs.Doc(path).Set(ctx, data)
			return err
		}
	}
	size := func(n int) map[string]any { return map[string]any{"s": strings.Repeat("x", n)} }
	// The size of a document is its path "a/b" and 17 bytes, the name "s" and 1, the string and 1,
	// and 32 more.
	const rest = 3 + 17 + 2 + 1 + 32
	deep := "a/b" + strings.Repeat("/c/d", 99)
	for _, tc := range []struct {
		name string
		do   func() error
		want codes.Code
		text string // in the error
	}{
		{"the largest document", set("a/b", size(1<<20-rest)), codes.OK, ""},
		{"a document one byte too large", set("a/b", size(1<<20-rest+1)), codes.InvalidArgument, "exceeds the maximum allowed size"},
		{"maps 20 deep", set("a/b", map[string]any{"m": nested(20)}), codes.OK, ""},
		{"maps 21 deep", set("a/b", map[string]any{"m": nested(21)}), codes.InvalidArgument, "depth"},
		{"an array in an array", set("a/b", map[string]any{"a": []any{[]any{1}}}), codes.InvalidArgument, "array"},
		{"an id of 1,500 bytes", set("a/"+strings.Repeat("x", 1500), map[string]any{}), codes.OK, ""},
		{"an id of 1,501 bytes", set("a/"+strings.Repeat("x", 1501), map[string]any{}), codes.InvalidArgument, "1500 bytes"},
		{"an id of two dots", set("a/..", map[string]any{}), codes.InvalidArgument, `".."`},
		{"an id of one dot", set("a/.", map[string]any{}), codes.InvalidArgument, `"."`},
		{"a reserved id", set("a/__b__", map[string]any{}), codes.InvalidArgument, "reserved"},
		{"a reserved collection", set("__a__/b", map[string]any{}), codes.InvalidArgument, "reserved"},
		{"a numeric id", set("a/__id7__", map[string]any{}), codes.OK, ""},
		{"100 collections deep", set(deep, map[string]any{}), codes.OK, ""},
		{"101 collections deep", set(deep+"/c/d", map[string]any{}), codes.InvalidArgument, "deeper than 100"},
		{"a reserved field", set("a/b", map[string]any{"__f__": 1}), codes.InvalidArgument, "reserved"},
		{"an empty field name", set("a/b", map[string]any{"": 1}), codes.InvalidArgument, "empty"},
		{"a field name of 1,501 bytes", set("a/b", map[string]any{strings.Repeat("x", 1501): 1}), codes.InvalidArgument, "1500 bytes"},
		{"40,000 elements", set("a/b", map[string]any{"a": manyElements[:40_000]}), codes.OK, ""},
		{"40,001 elements", set("a/b", map[string]any{"a": manyElements}), codes.InvalidArgument, "too many index entries"},
		{"500 transforms", func() error { _, err := fs.Doc("a/counters").Update(ctx, increments(500)); return err }, codes.OK, ""},
		{"501 transforms", func() error { _, err := fs.Doc("a/counters").Update(ctx, increments(501)); return err }, codes.InvalidArgument, "500"},
		{"a commit above 10 MiB", func() error {
			//lint:ignore SA1019 the size of one commit is what is tested
			b := fs.Batch()
			for i := range 11 {
				b.Set(fs.Doc(fmt.Sprintf("big/%d", i)), size(1_000_000))
			}
			_, err := b.Commit(ctx)
			return err
		}, codes.InvalidArgument, "too big"},
		{"30 alternatives", func() error {
			_, err := fs.Collection("a").Where("x", "in", manyElements[:30]).Documents(ctx).GetAll()
			return err
		}, codes.OK, ""},
		{"31 alternatives", func() error {
			_, err := fs.Collection("a").Where("x", "in", manyElements[:31]).Documents(ctx).GetAll()
			return err
		}, codes.InvalidArgument, "30"},
		{"not-in with 11 values", func() error {
			_, err := fs.Collection("a").Where("x", "not-in", manyElements[:11]).Documents(ctx).GetAll()
			return err
		}, codes.InvalidArgument, "10"},
		{"5 by 7 alternatives", func() error {
			_, err := fs.Collection("a").Where("x", "in", manyElements[:5]).Where("y", "in", manyElements[:7]).Documents(ctx).GetAll()
			return err
		}, codes.InvalidArgument, "disjunctions"},
	} {
		err := tc.do()
		if status.Code(err) != tc.want || err != nil && !strings.Contains(err.Error(), tc.text) {
			t.Errorf("%s: got %.200v, want %v with %q", tc.name, err, tc.want, tc.text)
		}
	}
}
