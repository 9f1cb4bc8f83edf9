package storage

import (
	"net/http"

	"heek.kr/heektime/emulator/internal/httpjson"
	"heek.kr/heektime/emulator/internal/objects"
)

// Access lists of objects are accepted and have no effect, so that programs that make objects public, such as with
// file.makePublic() in Node, run: every server may read everything, and rules decide for Firebase's clients.
// Source: https://cloud.google.com/storage/docs/json_api/v1/objectAccessControls

// accessControl is an entry of an access list.
type accessControl struct {
	Kind   string `json:"kind"`
	Bucket string `json:"bucket"`
	Object string `json:"object"`
	Entity string `json:"entity"`
	Role   string `json:"role"`
}

// requireObject returns an error unless the object of the path exists.
func (s *Server) requireObject(c call) error {
	_, err := s.store.Get(objects.Ref{Bucket: c.names[0], Name: c.names[1]}, objects.Conditions{})
	return err
}

// listACL responds with an empty access list.
func (s *Server) listACL(c call) error {
	if err := s.requireObject(c); err != nil {
		return err
	}
	httpjson.Write(c.w, http.StatusOK, map[string]any{"kind": "storage#objectAccessControls", "items": []accessControl{}})
	return nil
}

// setACL responds as if the entry had been added or changed.
func (s *Server) setACL(c call) error {
	f, err := readFields(c.Body)
	if err != nil {
		return err
	}
	out := accessControl{Kind: "storage#objectAccessControl", Bucket: c.names[0], Object: c.names[1]}
	if out.Entity, err = f.text("entity"); err != nil {
		return err
	}
	if out.Role, err = f.text("role"); err != nil {
		return err
	}
	if len(c.names) == 3 {
		out.Entity = c.names[2]
	}
	switch {
	case out.Entity == "":
		return badRequest("Required: entity.")
	case out.Role != "OWNER" && out.Role != "READER":
		return badRequest("Invalid value for role: \"" + out.Role + "\" is not OWNER or READER.")
	}
	if err := s.requireObject(c); err != nil {
		return err
	}
	httpjson.Write(c.w, http.StatusOK, out)
	return nil
}

// getACL reports that no entity has an entry.
func (s *Server) getACL(c call) error {
	if err := s.requireObject(c); err != nil {
		return err
	}
	return &httpError{http.StatusNotFound, "notFound", "Access lists are not kept: " + c.names[2] + " has no entry."}
}

// deleteACL responds as if the entry had been removed.
func (s *Server) deleteACL(c call) error {
	if err := s.requireObject(c); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
