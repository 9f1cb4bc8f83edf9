package storage

import (
	"net/http"
	"slices"
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
	if query.Delimiter != "/" {
		if err := s.authorizeFolders(c, folder, page); err != nil {
			return err
		}
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

// authorizeFolders authorizes a list that reaches below its folder: without the delimiter "/", which all SDKs send, the
// response names objects of every deeper folder. The rules must allow to list each of these as well; if one does not,
// the whole list is denied. Production's documentation says only that list is evaluated for the path that is listed;
// that rules are no filters, which leave out what they deny, it says of Firestore, and holds here.
// Source: https://firebase.google.com/docs/storage/security/core-syntax#granular_operations
func (s *Server) authorizeFolders(c call, folder string, page objects.Page) error {
	names := slices.Clone(page.Prefixes)
	for _, o := range page.Objects {
		names = append(names, o.Name)
	}
	asked := map[string]bool{folder: true}
	for _, name := range names {
		below := name[:max(0, strings.LastIndexByte(name, '/'))]
		if asked[below] {
			continue
		}
		asked[below] = true
		if err := s.access(c, below).authorize(rules.List, nil, nil); err != nil {
			return err
		}
	}
	return nil
}
