package auth

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"

	"heek.kr/heektime/emulator/internal/account"
)

// The page of pop-up and redirect sign-ins, and the frame by which Firebase's SDK for the web gets its answer. The
// protocol between them and the SDK is that of firebase-js-sdk (packages/auth/src/platform_browser).

//go:embed popup
var popupFiles embed.FS

var handlerPage = template.Must(template.ParseFS(popupFiles, "popup/handler.html"))

// maxChoices is how many accounts the page offers.
const maxChoices = 100

// choice is an account of a provider, as the page shows it.
type choice struct {
	Name, Email string
	Claims      string // of the provider's ID token, as JSON
}

// signInPage shows the accounts of a provider to choose from, and a form for a new one.
func (s *Server) signInPage(c *call) (any, error) {
	query := c.URL.Query()
	provider := strings.ToLower(query.Get("providerId"))
	switch {
	case query.Get("apiKey") == "" || provider == "":
		return nil, invalidArgument("The page of pop-up and redirect sign-ins needs the query parameters apiKey and providerId.")
	case query.Get("tid") != "":
		return nil, errNoTenants
	case strings.HasPrefix(provider, "saml."):
		return nil, notEmulated("SAML")
	}
	content := struct {
		Provider string
		Accounts []choice
		More     int
	}{Provider: provider}
	var err error
	s.store.View(c.project, func(tx *account.Tx) {
		for _, u := range tx.Page("", tx.Count()+1) {
			for _, p := range u.Providers {
				switch {
				case p.ProviderID != provider || err != nil:
				case len(content.Accounts) == maxChoices:
					content.More++
				default:
					var one choice
					one, err = newChoice(u, p)
					content.Accounts = append(content.Accounts, one)
				}
			}
		}
	})
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	if err := handlerPage.ExecuteTemplate(&page, "handler.html", content); err != nil {
		return nil, fmt.Errorf("the page of pop-up sign-ins: %w", err)
	}
	// Nothing from elsewhere: the page works without a network, and shows texts that anybody may have written.
	c.w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "+
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	c.serve("handler.html", page.Bytes())
	return nil, nil
}

// newChoice returns an account's identity at a provider.
func newChoice(u *account.User, p account.Provider) (choice, error) {
	name, email := p.DisplayName, p.Email
	if name == "" {
		name = "(no name)"
	}
	claims := map[string]any{"sub": p.RawID}
	for claim, value := range map[string]string{"email": email, "name": p.DisplayName, "picture": p.PhotoURL, "screen_name": p.ScreenName} {
		if value != "" {
			claims[claim] = value
		}
	}
	if email != "" {
		claims["email_verified"] = u.EmailVerified
	}
	text, err := json.Marshal(claims)
	return choice{name, email, string(text)}, err
}

// popupFile serves the frame, a script or the style sheet.
func (s *Server) popupFile(c *call) (any, error) {
	name := path.Base(c.URL.Path)
	if name == "iframe" {
		name = "iframe.html"
	}
	text, err := popupFiles.ReadFile("popup/" + name)
	if err != nil {
		return nil, fmt.Errorf("a file of pop-up sign-ins: %w", err)
	}
	c.serve(name, text)
	return nil, nil
}

// serve responds with a file.
func (c *call) serve(name string, content []byte) {
	types := map[string]string{".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
	h := c.w.Header()
	h.Set("Content-Type", types[path.Ext(name)]+"; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	c.w.WriteHeader(http.StatusOK)
	c.w.Write(content) // ignore write errors: the client is gone
}
