package auth

import (
	"net/http"
	"net/url"

	"heek.kr/heektime/emulator/internal/account"
)

// action serves the links in emails. Production shows a page that asks for a new password; here the
// new password is a query parameter. Responses have the form of the official emulator's.
func (s *Server) action(c *call) (any, error) {
	resp, err := s.applyLink(c)
	if err == nil {
		return resp, nil
	}
	if e := asAPIError(err); e.code == http.StatusBadRequest {
		respond(c.w, e.code, map[string]any{"authEmulator": map[string]string{
			"error": e.message, "instructions": "Request another link, or complete the URL.",
		}})
		return nil, nil
	}
	return nil, err
}

// applyLink does what a link asks for.
func (s *Server) applyLink(c *call) (any, error) {
	query := c.URL.Query()
	project, code, continueURL := query.Get("project"), query.Get("oobCode"), query.Get("continueUrl")
	if project != "" {
		c.project = project
	}
	switch {
	case code == "":
		return nil, toolkitError("MISSING_OOB_CODE")
	case continueURL != "" && !isHTTPURL(continueURL):
		return nil, toolkitError("INVALID_CONTINUE_URI : continueUrl must start with http:// or https://.")
	}
	done := map[string]string{}
	switch query.Get("mode") {
	case oobKinds[verifyEmail].mode, oobKinds[verifyAndChangeEmail].mode, oobKinds[recoverEmail].mode:
		resp, err := s.applyCode(c, code)
		if err != nil {
			return nil, err
		}
		done["success"], done["email"] = "The email address was verified.", resp.Email
		if resp.NewEmail != "" {
			done = map[string]string{"success": "The email address was changed.", "newEmail": resp.NewEmail}
		}
	case oobKinds[passwordReset].mode:
		if query.Get("newPassword") == "" {
			return nil, toolkitError("MISSING_PASSWORD : Add the query parameter newPassword to the URL.")
		}
		resp, err := s.applyPasswordReset(c.project, code, query.Get("newPassword"))
		if err != nil {
			return nil, err
		}
		done["success"], done["email"] = "The password was changed.", resp.Email
	case oobKinds[emailSignIn].mode:
		return nil, c.redirectToApp(s, continueURL, query)
	default:
		return nil, toolkitError("INVALID_REQ_TYPE : The query parameter mode is missing or unknown.")
	}
	if continueURL != "" {
		http.Redirect(c.w, c.Request, continueURL, http.StatusSeeOther)
		return nil, nil
	}
	return map[string]any{"authEmulator": done}, nil
}

// redirectToApp redirects the browser to the app, which signs in with the code.
func (c *call) redirectToApp(s *Server, continueURL string, query url.Values) error {
	if continueURL == "" {
		return toolkitError("MISSING_CONTINUE_URI : Add the query parameter continueUrl with the app's URL.")
	}
	var err error
	s.store.View(c.project, func(tx *account.Tx) { _, err = findCode(tx, query.Get("oobCode")) })
	if err != nil {
		return err
	}
	to, err := url.Parse(continueURL)
	if err != nil {
		return toolkitError("INVALID_CONTINUE_URI")
	}
	merged := to.Query()
	for _, name := range []string{"mode", "lang", "oobCode", "apiKey"} {
		merged.Set(name, query.Get(name))
	}
	to.RawQuery = merged.Encode()
	http.Redirect(c.w, c.Request, to.String(), http.StatusSeeOther)
	return nil
}

func isHTTPURL(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
