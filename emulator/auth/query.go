package auth

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"heek.kr/heektime/emulator/internal/account"
)

// queryRequest filters, sorts and pages accounts.
type queryRequest struct {
	ReturnUserInfo *bool           `json:"returnUserInfo"`
	Limit          account.Seconds `json:"limit"` // a number or a string
	Offset         account.Seconds `json:"offset"`
	SortBy         string          `json:"sortBy"`
	Order          string          `json:"order"`
	Expression     []struct {
		Email       string `json:"email"`
		PhoneNumber string `json:"phoneNumber"`
		UserID      string `json:"userId"`
	} `json:"expression"`
}

// query returns the accounts that match any of the expressions.
// Source: https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts/query
func (s *Server) query(c *call) (any, error) {
	const maxResults = 500
	var req queryRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if req.Limit < 0 || req.Limit > maxResults || req.Offset < 0 {
		return nil, invalidArgument("limit must be between 1 and 500 and offset at least 0.")
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
	resp := struct {
		Count string     `json:"recordsCount"`
		Users []userInfo `json:"userInfo,omitempty"`
	}{Count: strconv.Itoa(len(found))}
	if req.ReturnUserInfo != nil && !*req.ReturnUserInfo {
		return resp, nil
	}
	if err := req.sort(found); err != nil {
		return nil, err
	}
	found = found[min(int(req.Offset), len(found)):]
	for _, u := range found[:min(int(req.Limit), len(found))] {
		resp.Users = append(resp.Users, newUserInfo(u, true))
	}
	resp.Count = strconv.Itoa(len(resp.Users))
	return resp, nil
}

func (q queryRequest) matches(u *account.User) bool {
	for _, e := range q.Expression {
		switch {
		case e.Email != "":
			if account.NormalizeEmail(e.Email) == u.Email {
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
