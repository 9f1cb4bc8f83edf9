package triggers

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Parse parses a JSON array of triggers, whose members are the fields of [Trigger]:
//
//	[{"name": "purge", "event": "google.cloud.firestore.document.v1.deleted", "document": "users/{uid}",
//	  "url": "http://127.0.0.1:8080/", "retry": true}]
func Parse(text []byte) ([]Trigger, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var list []Trigger
	if err := decoder.Decode(&list); err != nil {
		return nil, fmt.Errorf("triggers: parsing a JSON array of triggers: %w", err)
	}
	names := map[string]bool{}
	for i, t := range list {
		if _, _, err := t.normalized(); err != nil {
			return nil, fmt.Errorf("triggers: trigger %d, %q: %w", i+1, t.Name, err)
		}
		if names[t.Name] {
			return nil, fmt.Errorf("triggers: trigger %d: the name %q is duplicated", i+1, t.Name)
		}
		names[t.Name] = true
	}
	return list, nil
}
