package console

import (
	"encoding/json"
	"net/http"
	"time"

	"heek.kr/heektime/emulator/internal/account"
)

// usersPage is the page size of the list of users.
const usersPage = 50

// user is an account without its secrets.
type user struct {
	UID           string          `json:"uid"`
	Email         string          `json:"email,omitempty"`
	EmailVerified bool            `json:"emailVerified,omitempty"`
	DisplayName   string          `json:"displayName,omitempty"`
	Phone         string          `json:"phone,omitempty"`
	Disabled      bool            `json:"disabled,omitempty"`
	Providers     []string        `json:"providers"`
	Password      bool            `json:"password,omitempty"` // whether they have a password
	Claims        json.RawMessage `json:"claims,omitempty"`   // a JSON object
	Created       *time.Time      `json:"created,omitempty"`
	SignedIn      *time.Time      `json:"signedIn,omitempty"`
}

func newUser(u *account.User) user {
	out := user{
		UID: u.LocalID, Email: u.Email, EmailVerified: u.EmailVerified, DisplayName: u.DisplayName, Phone: u.PhoneNumber, Disabled: u.Disabled,
		Providers: []string{}, Password: u.Hash != nil, Created: optionalMillis(u.CreatedAt), SignedIn: optionalMillis(u.LastLoginAt),
	}
	for _, p := range u.Providers {
		out.Providers = append(out.Providers, p.ProviderID)
	}
	if u.CustomAuth {
		out.Providers = append(out.Providers, account.ProviderCustom)
	}
	if json.Valid([]byte(u.CustomAttributes)) {
		out.Claims = json.RawMessage(u.CustomAttributes)
	}
	return out
}

// optionalMillis returns nil for 0, which JSON then omits.
func optionalMillis(m account.Milliseconds) *time.Time {
	if m == 0 {
		return nil
	}
	t := time.UnixMilli(int64(m)).UTC()
	return &t
}

// accountParameters returns the account that a request's query names.
func accountParameters(r *http.Request) (project, uid string, err error) {
	if project, err = projectParameter(r); err == nil {
		uid, err = parameter(r, "uid")
	}
	return project, uid, err
}

type usersResponse struct {
	Users []user `json:"users"`
	Count int    `json:"count"`          // of all pages
	Next  string `json:"next,omitempty"` // the token of the next page
}

// users lists one page of a project's accounts by UID. With the parameter "find" it lists only the account
// with that UID, e-mail address or phone number.
func (c *Console) users(r *http.Request) (any, error) {
	project, err := projectParameter(r)
	if err != nil {
		return nil, err
	}
	a := usersResponse{Users: []user{}}
	list, count := c.Auth.Page(project, r.URL.Query().Get("token"), usersPage+1)
	if a.Count = count; len(list) > usersPage {
		list = list[:usersPage]
		a.Next = list[usersPage-1].LocalID
	}
	if find := r.URL.Query().Get("find"); find != "" {
		list, a.Next = nil, ""
		if u, ok := c.Auth.Find(project, find); ok {
			list = []*account.User{u}
		}
	}
	for _, u := range list {
		a.Users = append(a.Users, newUser(u))
	}
	return a, nil
}

// createUser creates an account.
func (c *Console) createUser(r *http.Request) (any, error) {
	project, err := projectParameter(r)
	if err != nil {
		return nil, err
	}
	var input struct {
		UID         string `json:"localId,omitempty"`
		Email       string `json:"email,omitempty"`
		Password    string `json:"password,omitempty"`
		DisplayName string `json:"displayName,omitempty"`
	}
	if err := decode(r, &input); err != nil {
		return nil, err
	}
	return struct{}{}, c.callAuth(r.Context(), project, "", input)
}

// changeUser enables or disables an account, or sets its custom claims.
func (c *Console) changeUser(r *http.Request) (any, error) {
	project, uid, err := accountParameters(r)
	if err != nil {
		return nil, err
	}
	var input struct {
		Disabled *bool   `json:"disabled"`
		Claims   *string `json:"claims"` // a JSON object
	}
	if err := decode(r, &input); err != nil {
		return nil, err
	}
	change := map[string]any{"localId": uid}
	if input.Disabled != nil {
		change["disableUser"] = *input.Disabled
	}
	if input.Claims != nil {
		change["customAttributes"] = *input.Claims
	}
	return struct{}{}, c.callAuth(r.Context(), project, ":update", change)
}

func (c *Console) deleteUser(r *http.Request) (any, error) {
	project, uid, err := accountParameters(r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, c.callAuth(r.Context(), project, ":delete", map[string]any{"localId": uid})
}
