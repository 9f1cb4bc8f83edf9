package firebasedeploy

import (
	"fmt"
	"net/http"
)

// indexesAPI is the state of the Firestore Admin API for the default database.
type indexesAPI struct {
	indexes []index
	fields  map[string]field // by collection group and path, as in attempts/clients
}

// index is an index as firestore.indexes.json and the API write it.
type index struct {
	Name            string       `json:"name,omitempty"`
	CollectionGroup string       `json:"collectionGroup,omitempty"`
	QueryScope      string       `json:"queryScope"`
	Fields          []indexField `json:"fields"`
}

type indexField struct {
	FieldPath   string `json:"fieldPath"`
	Order       string `json:"order,omitempty"`
	ArrayConfig string `json:"arrayConfig,omitempty"`
}

// field is a field override. With a TTLConfig, the field is the time at which its document expires.
type field struct {
	Name        string `json:"name,omitempty"`
	IndexConfig struct {
		Indexes []index `json:"indexes"`
	} `json:"indexConfig"`
	TTLConfig *struct{} `json:"ttlConfig,omitempty"`

	updateMask string
}

func (g *google) handleIndexes() {
	g.indexes.fields = map[string]field{}
	const database = "projects/" + project + "/databases/(default)"
	const base = "/firestore.googleapis.com/v1/" + database
	g.mux.HandleFunc("GET "+base, func(w http.ResponseWriter, r *http.Request) {
		respond(w, map[string]any{"name": database, "type": "FIRESTORE_NATIVE", "databaseEdition": "STANDARD", "locationId": "asia-northeast3"})
	})
	g.mux.HandleFunc("GET "+base+"/collectionGroups/-/indexes", func(w http.ResponseWriter, r *http.Request) {
		respond(w, map[string]any{"indexes": g.indexes.indexes})
	})
	g.mux.HandleFunc("GET "+base+"/collectionGroups/-/fields", func(w http.ResponseWriter, r *http.Request) {
		fields := []field{}
		for _, f := range g.indexes.fields {
			fields = append(fields, f)
		}
		respond(w, map[string]any{"fields": fields})
	})
	g.mux.HandleFunc("POST "+base+"/collectionGroups/{group}/indexes", func(w http.ResponseWriter, r *http.Request) {
		var body index
		if !g.decode(w, r, &body) {
			return
		}
		body.Name = fmt.Sprintf("%s/collectionGroups/%s/indexes/%d", database, r.PathValue("group"), len(g.indexes.indexes)+1)
		// Firestore appends the document's name, in the order of the last field.
		last := body.Fields[len(body.Fields)-1]
		body.Fields = append(body.Fields, indexField{FieldPath: "__name__", Order: last.Order})
		g.indexes.indexes = append(g.indexes.indexes, body)
		respond(w, map[string]any{"name": database + "/operations/index", "done": true, "response": body})
	})
	g.mux.HandleFunc("PATCH "+base+"/collectionGroups/{group}/fields/{field}", func(w http.ResponseWriter, r *http.Request) {
		var body field
		if !g.decode(w, r, &body) {
			return
		}
		group, path := r.PathValue("group"), r.PathValue("field")
		body.Name = database + "/collectionGroups/" + group + "/fields/" + path
		body.updateMask = r.FormValue("updateMask")
		g.indexes.fields[group+"/"+path] = body
		respond(w, map[string]any{"name": database + "/operations/field", "done": true, "response": body})
	})
}
