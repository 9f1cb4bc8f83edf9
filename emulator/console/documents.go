package console

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	pb "cloud.google.com/go/firestore/apiv1/firestorepb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"heek.kr/heektime/emulator/internal/resource"
	"heek.kr/heektime/emulator/internal/value"
)

// Page sizes.
const (
	collectionsPage = 200
	documentsPage   = 50
)

// location is a database and a path in it: a document, a collection, or "" for the root.
type location struct {
	db   resource.Database
	path string
	ids  []string
}

// parseLocation returns the location in a request's query. Firestore itself checks the IDs.
func parseLocation(r *http.Request) (location, error) {
	name, err := parameter(r, "database")
	if err != nil {
		return location{}, err
	}
	db, err := resource.ParseDatabase(name)
	if err != nil {
		return location{}, err
	}
	p := location{db: db, path: r.URL.Query().Get("path")}
	if p.path != "" {
		p.ids = strings.Split(p.path, "/")
	}
	return p, nil
}

// documentLocation returns the location of a document in a request's query.
func documentLocation(r *http.Request) (location, error) {
	p, err := parseLocation(r)
	if err == nil && (p.path == "" || len(p.ids)%2 != 0) {
		err = invalid(codeInvalidPath, "%q is not the path of a document. Paths alternate between collection and document IDs, which cannot contain slashes.", p.path).with("path", p.path)
	}
	return p, err
}

// collectionLocation returns the location of a collection in a request's query.
func collectionLocation(r *http.Request) (location, error) {
	p, err := parseLocation(r)
	if err == nil && len(p.ids)%2 != 1 {
		err = invalid(codeInvalidPath, "%q is not the path of a collection. Paths alternate between collection and document IDs, which cannot contain slashes.", p.path).with("path", p.path)
	}
	return p, err
}

// name returns the full resource name of a document or the root.
func (p location) name() string {
	if p.path == "" {
		return p.db.Root()
	}
	return p.db.Root() + "/" + p.path
}

// parent returns the full resource name of a collection's parent, a document or the root, and the
// collection's ID.
func (p location) parent() (name, id string) {
	last := len(p.ids) - 1
	up := location{db: p.db, path: strings.Join(p.ids[:last], "/")}
	return up.name(), p.ids[last]
}

type collectionsResponse struct {
	IDs  []string `json:"ids"`
	Next string   `json:"next,omitempty"` // the token of the next page
}

// collections lists the collections of a document or the root.
func (c *Console) collections(r *http.Request) (any, error) {
	p, err := parseLocation(r)
	if err != nil {
		return nil, err
	}
	page, err := c.owner.ListCollectionIds(r.Context(), &pb.ListCollectionIdsRequest{
		Parent: p.name(), PageSize: collectionsPage, PageToken: r.URL.Query().Get("token"),
	})
	if err != nil {
		return nil, err
	}
	return collectionsResponse{append([]string{}, page.CollectionIds...), page.NextPageToken}, nil
}

type documentsResponse struct {
	Documents []listedDocument `json:"documents"`
	Next      string           `json:"next,omitempty"`
}

type listedDocument struct {
	ID      string         `json:"id"`
	Missing bool           `json:"missing,omitempty"` // it does not exist but has subcollections
	Preview []previewField `json:"preview,omitempty"` // its first fields
	Updated *time.Time     `json:"updated,omitempty"`
}

// documents lists one page of a collection in the order of IDs, including documents that do not exist but
// have subcollections.
func (c *Console) documents(r *http.Request) (any, error) {
	p, err := collectionLocation(r)
	if err != nil {
		return nil, err
	}
	parent, id := p.parent()
	page, err := c.owner.ListDocuments(r.Context(), &pb.ListDocumentsRequest{
		Parent: parent, CollectionId: id, PageSize: documentsPage, PageToken: r.URL.Query().Get("token"), ShowMissing: true,
	})
	if err != nil {
		return nil, err
	}
	a := documentsResponse{Documents: []listedDocument{}, Next: page.NextPageToken}
	for _, d := range page.Documents {
		a.Documents = append(a.Documents, listedDocument{
			ID: d.Name[strings.LastIndexByte(d.Name, '/')+1:], Missing: d.CreateTime == nil, Preview: preview(d.Fields), Updated: optionalTimestamp(d.UpdateTime),
		})
	}
	return a, nil
}

// optionalTimestamp returns nil for a missing timestamp, which JSON then omits.
func optionalTimestamp(t *timestamppb.Timestamp) *time.Time {
	if t == nil {
		return nil
	}
	out := t.AsTime()
	return &out
}

type documentResponse struct {
	Path    string          `json:"path"`
	Exists  bool            `json:"exists"`
	Created *time.Time      `json:"created,omitempty"`
	Updated *time.Time      `json:"updated,omitempty"`
	Fields  json.RawMessage `json:"fields,omitempty"` // as in Firestore's REST API
	Text    string          `json:"text"`             // as people edit it: see the package value
}

func (c *Console) document(r *http.Request) (any, error) {
	p, err := documentLocation(r)
	if err != nil {
		return nil, err
	}
	d, err := c.owner.GetDocument(r.Context(), &pb.GetDocumentRequest{Name: p.name()})
	if status.Code(err) == codes.NotFound {
		return documentResponse{Path: p.path, Text: "{}"}, nil
	}
	if err != nil {
		return nil, err
	}
	return p.response(d)
}

func (p location) response(d *pb.Document) (any, error) {
	fields, err := value.FieldsFromProto(d.Fields)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := json.Indent(&text, fields.AppendJSON(nil, p.db.Root()), "", "  "); err != nil {
		return nil, err
	}
	m, err := protojson.Marshal(&pb.MapValue{Fields: d.Fields})
	if err != nil {
		return nil, err
	}
	return documentResponse{p.path, true, optionalTimestamp(d.CreateTime), optionalTimestamp(d.UpdateTime), m, text.String()}, nil
}

// saveDocument replaces a document's fields. Without an update time the document must not exist; with one
// it must not have changed since then. This way nobody overwrites a change they have not seen.
func (c *Console) saveDocument(r *http.Request) (any, error) {
	p, err := documentLocation(r)
	if err != nil {
		return nil, err
	}
	var input struct {
		Text    string     `json:"text"`
		Updated *time.Time `json:"updated"`
	}
	if err := decode(r, &input); err != nil {
		return nil, err
	}
	fields, err := parseFields(input.Text, p.db.Root())
	if err != nil {
		return nil, err
	}
	w := &pb.Write{
		Operation:       &pb.Write_Update{Update: &pb.Document{Name: p.name(), Fields: fields.Proto()}},
		CurrentDocument: &pb.Precondition{ConditionType: &pb.Precondition_Exists{Exists: false}},
	}
	if input.Updated != nil {
		w.CurrentDocument.ConditionType = &pb.Precondition_UpdateTime{UpdateTime: timestamppb.New(*input.Updated)}
	}
	if err := c.commit(r, p.db, w); err != nil {
		return nil, saveError(err)
	}
	return c.document(r)
}

// saveError names the conflicts that saving a document can run into.
func saveError(err error) error {
	switch status.Code(err) {
	case codes.AlreadyExists:
		return &apiError{status: http.StatusConflict, Code: codeDocumentExists, Message: "The document already exists."}
	case codes.FailedPrecondition, codes.NotFound:
		return &apiError{status: http.StatusConflict, Code: codeDocumentChanged, Message: "The document has changed since you opened it. Open it again."}
	}
	return err
}

// parseFields parses a document's fields in the form in which people edit them.
func parseFields(text, root string) (*value.Fields, error) {
	m, err := parseObject(text)
	if err != nil {
		return nil, err
	}
	fields, err := value.FieldsOfGo(m, root)
	if err != nil {
		return nil, invalid(codeInvalidField, "A field is invalid: %v.", err).with("detail", err)
	}
	return fields, nil
}

func (c *Console) commit(r *http.Request, db resource.Database, w *pb.Write) error {
	_, err := c.owner.Commit(r.Context(), &pb.CommitRequest{Database: string(db), Writes: []*pb.Write{w}})
	return err
}

type deletedResponse struct {
	Deleted int `json:"deleted"` // number of documents
}

// deleteDocument deletes a document. If the parameter "subcollections" is true, it also deletes all documents in
// its subcollections.
func (c *Console) deleteDocument(r *http.Request) (any, error) {
	p, err := documentLocation(r)
	if err != nil {
		return nil, err
	}
	if r.URL.Query().Get("subcollections") == "true" {
		return c.deleteAll(r, p)
	}
	err = c.commit(r, p.db, &pb.Write{Operation: &pb.Write_Delete{Delete: p.name()}})
	return deletedResponse{1}, err
}

// deleteCollection deletes all documents of a collection and of their subcollections.
func (c *Console) deleteCollection(r *http.Request) (any, error) {
	p, err := collectionLocation(r)
	if err != nil {
		return nil, err
	}
	return c.deleteAll(r, p)
}

func (c *Console) deleteAll(r *http.Request, p location) (any, error) {
	db, err := c.Firestore.Database(p.db.Project(), p.db.ID())
	if err != nil {
		return nil, err
	}
	n, err := db.DeleteAll(r.Context(), p.path)
	return deletedResponse{n}, err
}
