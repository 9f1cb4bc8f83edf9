package auth

import (
	"strconv"

	"heek.kr/heektime/emulator/internal/account"
)

// batchGet lists accounts in pages, ordered by uid. The page token is the last uid of the previous
// page.
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
	resp := struct {
		Kind          string     `json:"kind"`
		Users         []userInfo `json:"users,omitempty"`
		NextPageToken string     `json:"nextPageToken,omitempty"`
	}{Kind: "identitytoolkit#DownloadAccountResponse"}
	s.store.View(c.project, func(tx *account.Tx) {
		for _, u := range tx.Page(query.Get("nextPageToken"), n+1) {
			if len(resp.Users) == n {
				resp.NextPageToken = resp.Users[n-1].LocalID
				break
			}
			resp.Users = append(resp.Users, newUserInfo(u, true))
		}
	})
	return resp, nil
}
