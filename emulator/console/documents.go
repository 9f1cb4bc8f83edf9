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

// Sizes of a page.
const (
	collectionsPage = 200
	documentsPage   = 50
)

// place is what a call about documents names: a database and a path in it, "" for its root.
type place struct {
	db   resource.Database
	path string
	ids  []string
}

// placeOf reads a call's place. What ids may hold is checked by the service.
func placeOf(r *http.Request) (place, error) {
	name, err := parameter(r, "database")
	if err != nil {
		return place{}, err
	}
	db, err := resource.ParseDatabase(name)
	if err != nil {
		return place{}, err
	}
	p := place{db: db, path: r.URL.Query().Get("path")}
	if p.path != "" {
		p.ids = strings.Split(p.path, "/")
	}
	return p, nil
}

// documentPlace is a place that names a document.
func documentPlace(r *http.Request) (place, error) {
	p, err := placeOf(r)
	if err == nil && (p.path == "" || len(p.ids)%2 != 0) {
		err = invalid("%q names no document: collections and ids come in turn, and neither may hold a slash.", p.path)
	}
	return p, err
}

// collectionPlace is a place that names a collection.
func collectionPlace(r *http.Request) (place, error) {
	p, err := placeOf(r)
	if err == nil && len(p.ids)%2 != 1 {
		err = invalid("%q names no collection: collections and ids come in turn, and neither may hold a slash.", p.path)
	}
	return p, err
}

// name is the full name of a document or of the root.
func (p place) name() string {
	if p.path == "" {
		return p.db.Root()
	}
	return p.db.Root() + "/" + p.path
}

// parent is the full name of the document that a collection is in, or of the root, and the collection's id.
func (p place) parent() (name, id string) {
	last := len(p.ids) - 1
	up := place{db: p.db, path: strings.Join(p.ids[:last], "/")}
	return up.name(), p.ids[last]
}

type collectionsAnswer struct {
	IDs  []string `json:"ids"`
	Next string   `json:"next,omitempty"` // the token of the next page
}

// collections are those of a document or of the root.
func (c *Console) collections(r *http.Request) (any, error) {
	p, err := placeOf(r)
	if err != nil {
		return nil, err
	}
	page, err := c.owner.ListCollectionIds(r.Context(), &pb.ListCollectionIdsRequest{
		Parent: p.name(), PageSize: collectionsPage, PageToken: r.URL.Query().Get("token"),
	})
	if err != nil {
		return nil, err
	}
	return collectionsAnswer{append([]string{}, page.CollectionIds...), page.NextPageToken}, nil
}

type documentsAnswer struct {
	Documents []listedDocument `json:"documents"`
	Next      string           `json:"next,omitempty"`
}

type listedDocument struct {
	ID      string     `json:"id"`
	Missing bool       `json:"missing,omitempty"` // it does not exist, but has collections
	Preview []shown    `json:"preview,omitempty"` // its first fields
	Updated *time.Time `json:"updated,omitempty"`
}

// documents are a page of a collection, in the order of their ids, with those that are missing but have collections.
func (c *Console) documents(r *http.Request) (any, error) {
	p, err := collectionPlace(r)
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
	a := documentsAnswer{Documents: []listedDocument{}, Next: page.NextPageToken}
	for _, d := range page.Documents {
		a.Documents = append(a.Documents, listedDocument{
			ID: d.Name[strings.LastIndexByte(d.Name, '/')+1:], Missing: d.CreateTime == nil, Preview: preview(d.Fields), Updated: timeOf(d.UpdateTime),
		})
	}
	return a, nil
}

// timeOf is a time for JSON, nil when there is none.
func timeOf(t *timestamppb.Timestamp) *time.Time {
	if t == nil {
		return nil
	}
	at := t.AsTime()
	return &at
}

type documentAnswer struct {
	Path    string          `json:"path"`
	Exists  bool            `json:"exists"`
	Created *time.Time      `json:"created,omitempty"`
	Updated *time.Time      `json:"updated,omitempty"`
	Fields  json.RawMessage `json:"fields,omitempty"` // as in Firestore's REST API
	Text    string          `json:"text"`             // as people edit it: see the package value
}

func (c *Console) document(r *http.Request) (any, error) {
	p, err := documentPlace(r)
	if err != nil {
		return nil, err
	}
	d, err := c.owner.GetDocument(r.Context(), &pb.GetDocumentRequest{Name: p.name()})
	if status.Code(err) == codes.NotFound {
		return documentAnswer{Path: p.path, Text: "{}"}, nil
	}
	if err != nil {
		return nil, err
	}
	return p.answer(d)
}

func (p place) answer(d *pb.Document) (any, error) {
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
	return documentAnswer{p.path, true, timeOf(d.CreateTime), timeOf(d.UpdateTime), m, text.String()}, nil
}

// saveDocument sets a document to the fields that it is given. It must not exist when Updated is missing, and be of that
// version otherwise, so that what somebody else changed meanwhile is not overwritten unseen.
func (c *Console) saveDocument(r *http.Request) (any, error) {
	p, err := documentPlace(r)
	if err != nil {
		return nil, err
	}
	var ask struct {
		Text    string     `json:"text"`
		Updated *time.Time `json:"updated"`
	}
	if err := decode(r, &ask); err != nil {
		return nil, err
	}
	fields, err := fieldsOf(ask.Text, p.db.Root())
	if err != nil {
		return nil, err
	}
	w := &pb.Write{
		Operation:       &pb.Write_Update{Update: &pb.Document{Name: p.name(), Fields: fields.Proto()}},
		CurrentDocument: &pb.Precondition{ConditionType: &pb.Precondition_Exists{Exists: false}},
	}
	if ask.Updated != nil {
		w.CurrentDocument.ConditionType = &pb.Precondition_UpdateTime{UpdateTime: timestamppb.New(*ask.Updated)}
	}
	if err := c.commit(r, p.db, w); err != nil {
		return nil, err
	}
	return c.document(r)
}

// fieldsOf reads the fields of a document as people edit them.
func fieldsOf(text, root string) (*value.Fields, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return nil, invalid("The fields are no JSON object: %v", err)
	}
	if m == nil || d.More() {
		return nil, invalid("The fields must be one JSON object.")
	}
	fields, err := value.FieldsOfGo(m, root)
	if err != nil {
		return nil, invalid("A field cannot be understood: %v", err)
	}
	return fields, nil
}

func (c *Console) commit(r *http.Request, db resource.Database, w *pb.Write) error {
	_, err := c.owner.Commit(r.Context(), &pb.CommitRequest{Database: string(db), Writes: []*pb.Write{w}})
	return err
}

type deletedAnswer struct {
	Deleted int `json:"deleted"` // documents
}

// deleteDocument deletes a document and, when the parameter below is true, all that is below it.
func (c *Console) deleteDocument(r *http.Request) (any, error) {
	p, err := documentPlace(r)
	if err != nil {
		return nil, err
	}
	if r.URL.Query().Get("below") == "true" {
		return c.deleteAll(r, p)
	}
	err = c.commit(r, p.db, &pb.Write{Operation: &pb.Write_Delete{Delete: p.name()}})
	return deletedAnswer{1}, err
}

// deleteCollection deletes the documents of a collection and all that is below them.
func (c *Console) deleteCollection(r *http.Request) (any, error) {
	p, err := collectionPlace(r)
	if err != nil {
		return nil, err
	}
	return c.deleteAll(r, p)
}

func (c *Console) deleteAll(r *http.Request, p place) (any, error) {
	db, err := c.Firestore.Database(p.db.Project(), p.db.ID())
	if err != nil {
		return nil, err
	}
	n, err := db.DeleteAll(r.Context(), p.path)
	return deletedAnswer{n}, err
}
