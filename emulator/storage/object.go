package storage

import (
	"net/http"
	"strconv"

	"heek.kr/heektime/emulator/internal/httpjson"
	"heek.kr/heektime/emulator/internal/objects"
)

// writeObject responds with an object's resource.
func (c call) writeObject(o objects.Object) error {
	c.w.Header().Set("ETag", jsonTag(o))
	httpjson.Write(c.w, http.StatusOK, newObjectResource(c.Request, o))
	return nil
}

func (s *Server) getObject(c call) error {
	ref, cond, err := c.refAndConditions()
	if err != nil {
		return err
	}
	if c.URL.Query().Get("alt") == "media" {
		return s.download(c, ref, cond, jsonTag)
	}
	o, err := s.store.Get(ref, cond)
	if err != nil {
		return err
	}
	tag := jsonTag(o)
	if err := c.checkETag(tag, o.Updated); err != nil {
		c.w.Header().Set("ETag", tag)
		return err
	}
	return c.writeObject(o)
}

// patchObject changes the fields in the request and keeps the others.
func (s *Server) patchObject(c call) error {
	return s.updateObject(c, func(*objects.Metadata) {})
}

// replaceObject changes the fields in the request and clears the others.
func (s *Server) replaceObject(c call) error {
	return s.updateObject(c, func(m *objects.Metadata) { *m = objects.Metadata{} })
}

func (s *Server) updateObject(c call, prepare func(*objects.Metadata)) error {
	ref, cond, err := c.refAndConditions()
	if err != nil {
		return err
	}
	f, err := readFields(c.Body)
	if err != nil {
		return err
	}
	o, err := s.store.Update(ref, cond, func(m *objects.Metadata) error {
		prepare(m)
		return f.apply(m)
	})
	if err != nil {
		return err
	}
	return c.writeObject(o)
}

func (s *Server) deleteObject(c call) error {
	ref, cond, err := c.refAndConditions()
	if err != nil {
		return err
	}
	if err := s.store.Delete(ref, cond); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// listResource is a page of objects.
// Source: https://cloud.google.com/storage/docs/json_api/v1/objects/list#response.
type listResource struct {
	Kind          string           `json:"kind"`
	NextPageToken string           `json:"nextPageToken,omitempty"`
	Prefixes      []string         `json:"prefixes,omitempty"`
	Items         []objectResource `json:"items,omitempty"`
}

// listObjects ignores versions=true, because there are only live objects. With softDeleted=true it
// lists nothing, because there is no soft delete.
func (s *Server) listObjects(c call) error {
	q := c.URL.Query()
	limit, err := c.number("maxResults")
	if err != nil {
		return err
	}
	query := objects.Query{
		Bucket:      c.names[0],
		Prefix:      q.Get("prefix"),
		Delimiter:   q.Get("delimiter"),
		StartOffset: q.Get("startOffset"),
		EndOffset:   q.Get("endOffset"),
		MatchGlob:   q.Get("matchGlob"),
		PageToken:   q.Get("pageToken"),

		IncludeTrailingDelimiter: q.Get("includeTrailingDelimiter") == "true",
	}
	if limit != nil {
		if *limit < 0 {
			return badRequest("Invalid value for maxResults: " + strconv.FormatInt(*limit, 10) + " is negative.")
		}
		query.MaxResults = int(*limit)
	}
	page, err := s.store.List(query)
	if err != nil {
		return err
	}
	if q.Get("softDeleted") == "true" {
		page = objects.Page{}
	}
	list := listResource{Kind: "storage#objects", NextPageToken: page.NextPageToken, Prefixes: page.Prefixes}
	for _, o := range page.Objects {
		list.Items = append(list.Items, newObjectResource(c.Request, o))
	}
	httpjson.Write(c.w, http.StatusOK, list)
	return nil
}
