package auth

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"heek.kr/heektime/emulator/internal/account"
)

// batchGet shows accounts page by page, by uid. The page token is the last uid of the page before.
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
	answer := struct {
		Kind          string     `json:"kind"`
		Users         []userInfo `json:"users,omitempty"`
		NextPageToken string     `json:"nextPageToken,omitempty"`
	}{Kind: "identitytoolkit#DownloadAccountResponse"}
	s.store.View(c.project, func(tx *account.Tx) {
		for _, u := range tx.Page(query.Get("nextPageToken"), n+1) {
			if len(answer.Users) == n {
				answer.NextPageToken = answer.Users[n-1].LocalID
				break
			}
			answer.Users = append(answer.Users, show(u, true))
		}
	})
	return answer, nil
}

type queryRequest struct {
	ReturnUserInfo *bool           `json:"returnUserInfo"`
	Limit          account.Seconds `json:"limit"` // a number that may be a string
	Offset         account.Seconds `json:"offset"`
	SortBy         string          `json:"sortBy"`
	Order          string          `json:"order"`
	Expression     []struct {
		Email       string `json:"email"`
		PhoneNumber string `json:"phoneNumber"`
		UserID      string `json:"userId"`
	} `json:"expression"`
}

// query finds accounts. Several expressions are alternatives.
// Source: https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts/query
func (s *Server) query(c *call) (any, error) {
	const maxResults = 500
	var req queryRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if req.Limit < 0 || req.Limit > maxResults || req.Offset < 0 {
		return nil, invalidArgument("limit must be from 1 to 500 and offset 0 or more.")
	}
	if req.Limit == 0 {
		req.Limit = maxResults
	}
	var found []*account.User
	s.store.View(c.project, func(tx *account.Tx) {
		for _, u := range tx.Page("", tx.Count()+1) {
			if req.matches(u) {
				found = append(found, u)
			}
		}
	})
	answer := struct {
		Count string     `json:"recordsCount"`
		Users []userInfo `json:"userInfo,omitempty"`
	}{Count: strconv.Itoa(len(found))}
	if req.ReturnUserInfo != nil && !*req.ReturnUserInfo {
		return answer, nil
	}
	if err := req.sort(found); err != nil {
		return nil, err
	}
	found = found[min(int(req.Offset), len(found)):]
	for _, u := range found[:min(int(req.Limit), len(found))] {
		answer.Users = append(answer.Users, show(u, true))
	}
	answer.Count = strconv.Itoa(len(answer.Users))
	return answer, nil
}

func (q queryRequest) matches(u *account.User) bool {
	for _, e := range q.Expression {
		switch {
		case e.Email != "":
			if account.NormalEmail(e.Email) == u.Email {
				return true
			}
		case e.PhoneNumber != "":
			if e.PhoneNumber == u.PhoneNumber {
				return true
			}
		case e.UserID == u.LocalID:
			return true
		}
	}
	return len(q.Expression) == 0
}

func (q queryRequest) sort(users []*account.User) error {
	var compare func(a, b *account.User) int
	switch q.SortBy {
	case "", "SORT_BY_FIELD_UNSPECIFIED", "USER_ID":
		compare = func(a, b *account.User) int { return strings.Compare(a.LocalID, b.LocalID) }
	case "NAME":
		compare = func(a, b *account.User) int { return strings.Compare(a.DisplayName, b.DisplayName) }
	case "CREATED_AT":
		compare = func(a, b *account.User) int { return cmp.Compare(a.CreatedAt, b.CreatedAt) }
	case "LAST_LOGIN_AT":
		compare = func(a, b *account.User) int { return cmp.Compare(a.LastLoginAt, b.LastLoginAt) }
	case "USER_EMAIL":
		compare = func(a, b *account.User) int { return strings.Compare(a.Email, b.Email) }
	default:
		return invalidArgument("Invalid value at 'sort_by': " + strconv.Quote(q.SortBy))
	}
	slices.SortStableFunc(users, compare)
	if q.Order == "DESC" {
		slices.Reverse(users)
	}
	return nil
}
