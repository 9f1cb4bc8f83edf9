package console

import (
	"encoding/json"
	"net/http"
	"regexp"
	"time"

	"heek.kr/heektime/emulator/internal/account"
)

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
	Password      bool            `json:"password,omitempty"` // it has one
	Claims        json.RawMessage `json:"claims,omitempty"`   // a JSON object
	Created       *time.Time      `json:"created,omitempty"`
	SignedIn      *time.Time      `json:"signedIn,omitempty"`
}

func newUser(u *account.User) user {
	out := user{
		UID: u.LocalID, Email: u.Email, EmailVerified: u.EmailVerified, DisplayName: u.DisplayName, Phone: u.PhoneNumber, Disabled: u.Disabled,
		Providers: []string{}, Password: u.Hash != nil, Created: milliseconds(u.CreatedAt), SignedIn: milliseconds(u.LastLoginAt),
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

func milliseconds(m account.Milliseconds) *time.Time {
	if m == 0 {
		return nil
	}
	at := time.UnixMilli(int64(m)).UTC()
	return &at
}

// projectID is what a project may be called in a path.
var projectID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]{0,127}$`)

func projectOf(r *http.Request) (string, error) {
	project, err := parameter(r, "project")
	if err == nil && !projectID.MatchString(project) {
		err = invalid("%q is no project's id.", project)
	}
	return project, err
}

// accountOf is the account that a call names.
func accountOf(r *http.Request) (project, uid string, err error) {
	if project, err = projectOf(r); err == nil {
		uid, err = parameter(r, "uid")
	}
	return project, uid, err
}

type usersAnswer struct {
	Users []user `json:"users"`
	Count int    `json:"count"`          // of all
	Next  string `json:"next,omitempty"` // the token of the next page
}

// users are a page of a project's accounts, by uid, or the one that is looked for by uid, address or phone number.
func (c *Console) users(r *http.Request) (any, error) {
	project, err := projectOf(r)
	if err != nil {
		return nil, err
	}
	a := usersAnswer{Users: []user{}}
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

func (c *Console) createUser(r *http.Request) (any, error) {
	project, err := projectOf(r)
	if err != nil {
		return nil, err
	}
	var ask struct {
		UID         string `json:"localId,omitempty"`
		Email       string `json:"email,omitempty"`
		Password    string `json:"password,omitempty"`
		DisplayName string `json:"displayName,omitempty"`
	}
	if err := decode(r, &ask); err != nil {
		return nil, err
	}
	return struct{}{}, c.authCall(r.Context(), project, "", ask)
}

// changeUser enables or disables an account, or sets its custom claims.
func (c *Console) changeUser(r *http.Request) (any, error) {
	project, uid, err := accountOf(r)
	if err != nil {
		return nil, err
	}
	var ask struct {
		Disabled *bool   `json:"disabled"`
		Claims   *string `json:"claims"` // a JSON object
	}
	if err := decode(r, &ask); err != nil {
		return nil, err
	}
	change := map[string]any{"localId": uid}
	if ask.Disabled != nil {
		change["disableUser"] = *ask.Disabled
	}
	if ask.Claims != nil {
		change["customAttributes"] = *ask.Claims
	}
	return struct{}{}, c.authCall(r.Context(), project, ":update", change)
}

func (c *Console) deleteUser(r *http.Request) (any, error) {
	project, uid, err := accountOf(r)
	if err != nil {
		return nil, err
	}
	return struct{}{}, c.authCall(r.Context(), project, ":delete", map[string]any{"localId": uid})
}
