package auth

import (
	"net/http"
	"net/url"

	"heek.kr/heektime/emulator/internal/account"
)

// action is where the links lead that would be mailed. What the real page asks for comes in the query: a new password.
func (s *Server) action(c *call) (any, error) {
	query := c.URL.Query()
	project, code, onward := query.Get("project"), query.Get("oobCode"), query.Get("continueUrl")
	if project != "" {
		c.project = project
	}
	switch {
	case code == "":
		return nil, refused("MISSING_OOB_CODE")
	case onward != "" && !isWeb(onward):
		return nil, refused("INVALID_CONTINUE_URI : continueUrl must begin with http:// or https://.")
	}
	var answer any
	var err error
	switch query.Get("mode") {
	case codes[verifyEmail].mode, codes[verifyAndChangeEmail].mode, codes[recoverEmail].mode:
		answer, err = s.applyCode(c, code)
	case codes[passwordReset].mode:
		if query.Get("newPassword") == "" {
			return nil, refused("MISSING_PASSWORD : Add &newPassword= and the new password to the address.")
		}
		answer, err = s.setForgotten(c.project, code, query.Get("newPassword"))
	case codes[emailSignIn].mode:
		return nil, c.toApp(s, onward, query)
	default:
		return nil, refused("INVALID_REQ_TYPE : The address has no known mode.")
	}
	if err != nil {
		return nil, err
	}
	if onward != "" {
		http.Redirect(c.w, c.Request, onward, http.StatusSeeOther)
		return nil, nil
	}
	return map[string]any{"authEmulator": map[string]any{"success": answer}}, nil
}

// toApp sends the browser to the app with the code, which the app uses up.
func (c *call) toApp(s *Server, onward string, query url.Values) error {
	if onward == "" {
		return refused("MISSING_CONTINUE_URI : Add &continueUrl= and the app's address.")
	}
	var err error
	s.store.View(c.project, func(tx *account.Tx) { _, err = findCode(tx, query.Get("oobCode")) })
	if err != nil {
		return err
	}
	to, err := url.Parse(onward)
	if err != nil {
		return refused("INVALID_CONTINUE_URI")
	}
	merged := to.Query()
	for _, name := range []string{"mode", "lang", "oobCode", "apiKey"} {
		merged.Set(name, query.Get(name))
	}
	to.RawQuery = merged.Encode()
	http.Redirect(c.w, c.Request, to.String(), http.StatusSeeOther)
	return nil
}

func isWeb(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
