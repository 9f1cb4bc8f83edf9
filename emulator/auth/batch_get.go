package auth

import (
	"encoding/base64"
	"strconv"
	"strings"

	"heek.kr/heektime/emulator/internal/account"
)

// batchGet lists accounts in pages, ordered by uid.
func (s *Server) batchGet(c *call) (any, error) {
	const defaultResults = 20
	query := c.URL.Query()
	n := defaultResults
	if text := query.Get("maxResults"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 0 {
			return nil, invalidArgument("Invalid value at 'max_results': " + strconv.Quote(text))
		}
		if n == 0 {
			n = defaultResults
		}
	}
	n = min(n, maxBatch)
	after, err := readPageToken(query.Get("nextPageToken"))
	if err != nil {
		return nil, err
	}
	resp := struct {
		Kind          string     `json:"kind"`
		Users         []userInfo `json:"users,omitempty"`
		NextPageToken string     `json:"nextPageToken,omitempty"`
	}{Kind: "identitytoolkit#DownloadAccountResponse"}
	s.store.View(c.project, func(tx *account.Tx) {
		for _, u := range tx.Page(after, n+1) {
			if len(resp.Users) == n {
				resp.NextPageToken = pageToken(resp.Users[n-1].LocalID)
				break
			}
			resp.Users = append(resp.Users, newUserInfo(u, true))
		}
	})
	return resp, nil
}

// pageTokenPrefix distinguishes page tokens from made-up ones.
const pageTokenPrefix = "after:"

// pageToken returns the token of the page after an account.
func pageToken(localID string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(pageTokenPrefix + localID))
}

// readPageToken returns the uid after which the page begins, "" for the first page.
func readPageToken(token string) (localID string, err error) {
	if token == "" {
		return "", nil
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	localID, ok := strings.CutPrefix(string(text), pageTokenPrefix)
	if err != nil || !ok || localID == "" {
		return "", toolkitError("INVALID_PAGE_SELECTION : The nextPageToken is not one of a response.")
	}
	return localID, nil
}
