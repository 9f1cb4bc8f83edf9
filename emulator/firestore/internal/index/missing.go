package index

import (
	"encoding/json"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"heek.kr/heektime/emulator/internal/fieldpath"
)

// missingComposite returns the error for a missing composite index.
func (r requirement) missingComposite() error {
	x := Index{CollectionGroup: r.group, QueryScope: r.scope, Fields: slices.Concat(r.equal, r.sort, r.sums)}
	if r.onlyNameDescending() || len(r.sort) > 0 && len(r.sums) == 0 && r.sort[len(r.sort)-1].Order != r.name {
		x.Fields = append(x.Fields, Field{FieldPath: fieldpath.Name, Order: r.name})
	}
	return failedPrecondition("The query requires an index.", "indexes", x)
}

// missingSingle returns the error for a missing single-field index.
func (r requirement) missingSingle(f Field) error {
	s := Single{QueryScope: r.scope, Order: f.Order, ArrayConfig: f.ArrayConfig}
	kind := map[string]string{Ascending: "ASC", Descending: "DESC", "": Contains}[f.Order]
	o := Override{CollectionGroup: r.group, FieldPath: f.FieldPath, Indexes: []Single{s}}
	if r.scope == CollectionGroup { // the override must repeat the automatic indexes that it replaces
		o.Indexes = []Single{
			{QueryScope: Collection, Order: Ascending}, {QueryScope: Collection, Order: Descending},
			{QueryScope: Collection, ArrayConfig: Contains}, s,
		}
	}
	return failedPrecondition("The query requires a "+r.scope+"_"+kind+" index for collection "+r.group+" and field "+f.FieldPath+".", "fieldOverrides", o)
}

func failedPrecondition(what, where string, entry any) error {
	b, _ := json.MarshalIndent(entry, "", "  ")
	return status.Error(codes.FailedPrecondition, strings.Join([]string{
		what, "Add this entry to \"" + where + "\" of firestore.indexes.json:", string(b),
	}, "\n"))
}
