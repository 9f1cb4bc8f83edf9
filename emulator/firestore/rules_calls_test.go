package firestore_test

import (
	"context"
	"encoding/base64"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// call is one call of the API, for tests that make many as several callers.
type call func(context.Context, pb.FirestoreClient) error

func get(path string) call {
	return func(ctx context.Context, fs pb.FirestoreClient) error {
		_, err := fs.GetDocument(ctx, &pb.GetDocumentRequest{Name: root + "/" + path})
		return err
	}
}

func batchGet(paths ...string) call {
	return func(ctx context.Context, fs pb.FirestoreClient) error {
		r := &pb.BatchGetDocumentsRequest{Database: rawDB}
		for _, p := range paths {
			r.Documents = append(r.Documents, root+"/"+p)
		}
		return drain(fs.BatchGetDocuments(ctx, r))
	}
}

func run(q *pb.StructuredQuery) call {
	return func(ctx context.Context, fs pb.FirestoreClient) error {
		return drain(fs.RunQuery(ctx, &pb.RunQueryRequest{
			Parent: root, QueryType: &pb.RunQueryRequest_StructuredQuery{StructuredQuery: q},
		}))
	}
}

func count(q *pb.StructuredQuery) call {
	return func(ctx context.Context, fs pb.FirestoreClient) error {
		return drain(fs.RunAggregationQuery(ctx, &pb.RunAggregationQueryRequest{
			Parent: root,
			QueryType: &pb.RunAggregationQueryRequest_StructuredAggregationQuery{
				StructuredAggregationQuery: &pb.StructuredAggregationQuery{
					QueryType: &pb.StructuredAggregationQuery_StructuredQuery{StructuredQuery: q},
					Aggregations: []*pb.StructuredAggregationQuery_Aggregation{{
						Alias:    "n",
						Operator: &pb.StructuredAggregationQuery_Aggregation_Count_{Count: &pb.StructuredAggregationQuery_Aggregation_Count{}},
					}},
				},
			},
		}))
	}
}

func list(r *pb.ListDocumentsRequest) call {
	return func(ctx context.Context, fs pb.FirestoreClient) error {
		_, err := fs.ListDocuments(ctx, r)
		return err
	}
}

func commitOf(writes ...*pb.Write) call {
	return func(ctx context.Context, fs pb.FirestoreClient) error { return commit(ctx, fs, writes...) }
}

// writeStream opens a Write stream and sends the writes in it.
func writeStream(writes ...*pb.Write) call {
	return func(ctx context.Context, fs pb.FirestoreClient) error {
		s, err := fs.Write(ctx)
		if err != nil {
			return err
		}
		for _, r := range []*pb.WriteRequest{{Database: rawDB}, {Writes: writes}} {
			if err := s.Send(r); err != nil {
				return err
			}
			if _, err := s.Recv(); err != nil {
				return err
			}
		}
		return s.CloseSend()
	}
}

// batchWrite updates notes/a and notes/b and deletes gone/x, and expects a code for each.
func batchWrite(want ...codes.Code) call {
	return func(ctx context.Context, fs pb.FirestoreClient) error {
		r, err := fs.BatchWrite(ctx, &pb.BatchWriteRequest{Database: rawDB, Writes: []*pb.Write{
			set("notes/a", "ann", 2, false), set("notes/b", "bob", 2, false), remove("gone/x"),
		}})
		for i, s := range r.GetStatus() {
			if codes.Code(s.GetCode()) != want[i] {
				return status.Errorf(codes.Unknown, "write %d: got %v, want %v", i, s, want[i])
			}
		}
		return err
	}
}

func create(owner string) call {
	return func(ctx context.Context, fs pb.FirestoreClient) error {
		_, err := fs.CreateDocument(ctx, &pb.CreateDocumentRequest{
			Parent: root, CollectionId: "secrets", DocumentId: "s2", Document: &pb.Document{Fields: note(owner, 1)},
		})
		return err
	}
}

func update(path string, n int64) call {
	return func(ctx context.Context, fs pb.FirestoreClient) error {
		_, err := fs.UpdateDocument(ctx, &pb.UpdateDocumentRequest{
			Document:   &pb.Document{Name: root + "/" + path, Fields: note("", n)},
			UpdateMask: &pb.DocumentMask{FieldPaths: []string{"n"}},
		})
		return err
	}
}

func del(path string) call {
	return func(ctx context.Context, fs pb.FirestoreClient) error {
		_, err := fs.DeleteDocument(ctx, &pb.DeleteDocumentRequest{Name: root + "/" + path})
		return err
	}
}

// groupQuery queries the collection group comments.
func groupQuery(where *pb.StructuredQuery_Filter) *pb.StructuredQuery {
	q := queryOf("comments", 0, where)
	q.From[0].AllDescendants = true
	return q
}

func partition(ctx context.Context, fs pb.FirestoreClient) error {
	q := groupQuery(nil)
	q.OrderBy = []*pb.StructuredQuery_Order{{
		Field: &pb.StructuredQuery_FieldReference{FieldPath: "__name__"}, Direction: pb.StructuredQuery_ASCENDING,
	}}
	_, err := fs.PartitionQuery(ctx, &pb.PartitionQueryRequest{
		Parent: root, PartitionCount: 2, QueryType: &pb.PartitionQueryRequest_StructuredQuery{StructuredQuery: q},
	})
	return err
}

func listIDs(ctx context.Context, fs pb.FirestoreClient) error {
	_, err := fs.ListCollectionIds(ctx, &pb.ListCollectionIdsRequest{Parent: root})
	return err
}

// jwt returns the Authorization header for ann's token with a signature algorithm.
func jwt(algorithm string) string {
	part := func(json string) string { return base64.RawURLEncoding.EncodeToString([]byte(json)) }
	return "Bearer " + part(`{"alg":"`+algorithm+`"}`) + "." + part(`{"sub":"ann"}`) + ".c2ln"
}
