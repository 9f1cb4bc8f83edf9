package storage

import (
	"net/http"
	"strconv"
	"strings"

	"heek.kr/heektime/emulator/internal/httpjson"
	"heek.kr/heektime/emulator/internal/objects"
	"heek.kr/heektime/emulator/rules"
)

// listForFirebase omits objects that Firebase clients cannot address, as production does.
// Source: https://firebase.google.com/docs/reference/js/storage#list.
func (s *Server) listForFirebase(c call) error {
	q := c.URL.Query()
	prefix := q.Get("prefix")
	folder := prefix[:max(0, strings.LastIndexByte(prefix, '/'))]
	if err := s.access(c, folder).authorize(rules.List, nil, nil); err != nil {
		return err
	}
	query := objects.Query{Bucket: c.names[0], Prefix: prefix, Delimiter: q.Get("delimiter"), PageToken: q.Get("pageToken")}
	limit, err := c.number("maxResults")
	if err != nil {
		return err
	}
	if limit != nil {
		if *limit < 1 {
			return badRequest("Invalid value for maxResults: " + strconv.FormatInt(*limit, 10) + " is not positive.")
		}
		query.MaxResults = int(min(*limit, 1000))
	}
	page, err := s.store.List(query)
	if err != nil && !isNotFound(err) {
		return err
	}
	type item struct {
		Name   string `json:"name"`
		Bucket string `json:"bucket"`
	}
	list := struct {
		Prefixes      []string `json:"prefixes"`
		Items         []item   `json:"items"`
		NextPageToken string   `json:"nextPageToken,omitempty"`
	}{Prefixes: []string{}, Items: []item{}, NextPageToken: page.NextPageToken}
	for _, p := range page.Prefixes {
		if !strings.Contains(p, "//") && p != "/" {
			list.Prefixes = append(list.Prefixes, p)
		}
	}
	for _, o := range page.Objects {
		if !strings.Contains(o.Name, "//") && !strings.HasSuffix(o.Name, "/") {
			list.Items = append(list.Items, item{o.Name, o.Bucket})
		}
	}
	httpjson.Write(c.w, http.StatusOK, list)
	return nil
}
