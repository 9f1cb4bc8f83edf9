package auth

import (
	"context"
	"net/url"
	"time"

	"heek.kr/heektime/emulator/internal/account"
)

// Kinds of OOB ("out of band") codes, which are sent by email.
const (
	passwordReset        = "PASSWORD_RESET"
	verifyEmail          = "VERIFY_EMAIL"
	emailSignIn          = "EMAIL_SIGNIN"
	verifyAndChangeEmail = "VERIFY_AND_CHANGE_EMAIL"
	recoverEmail         = "RECOVER_EMAIL"
)

// oobKinds are the mode in the link and the lifetime of each kind of code.
// Source of the lifetimes: https://firebase.google.com/docs/auth/limits and Firebase's emails.
var oobKinds = map[string]struct {
	mode     string
	lifetime time.Duration
}{
	passwordReset:        {"resetPassword", time.Hour},
	verifyEmail:          {"verifyEmail", 3 * 24 * time.Hour},
	emailSignIn:          {"signIn", 6 * time.Hour},
	verifyAndChangeEmail: {"verifyAndChangeEmail", 3 * 24 * time.Hour},
	recoverEmail:         {"recoverEmail", 7 * 24 * time.Hour},
}

type oobRequest struct {
	clientFields
	RequestType   string  `json:"requestType"`
	Email         string  `json:"email"`
	NewEmail      string  `json:"newEmail"`
	IDToken       string  `json:"idToken"`
	ContinueURL   string  `json:"continueUrl"`
	ReturnOOBLink bool    `json:"returnOobLink"`
	UserIP        ignored `json:"userIp"`
	Challenge     ignored `json:"challenge"`
	CaptchaResp   ignored `json:"captchaResp"`

	CanHandleCodeInApp    ignored `json:"canHandleCodeInApp"`
	AndroidInstallApp     ignored `json:"androidInstallApp"`
	AndroidMinimumVersion ignored `json:"androidMinimumVersion"`
	AndroidPackageName    ignored `json:"androidPackageName"`
	IOSAppStoreID         ignored `json:"iOSAppStoreId"`
	IOSBundleID           ignored `json:"iOSBundleId"`
	LinkDomain            ignored `json:"linkDomain"`
	DynamicLinkDomain     ignored `json:"dynamicLinkDomain"`
}

type oobResponse struct {
	Kind    string `json:"kind"`
	Email   string `json:"email"`
	OOBCode string `json:"oobCode,omitempty"`
	OOBLink string `json:"oobLink,omitempty"`
}

// sendOobCode creates an OOB code. Instead of emailing it, the emulator logs it, lists it at
// /emulator/v1/projects/{project}/oobCodes, and returns it to servers that request returnOobLink.
func (s *Server) sendOobCode(c *call) (any, error) {
	var req oobRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if err := req.check(c.admin); err != nil {
		return nil, err
	}
	resp := oobResponse{Kind: "identitytoolkit#GetOobConfirmationCodeResponse"}
	err := s.store.Update(c.project, func(tx *account.Tx) error {
		email, err := req.recipient(c, tx)
		resp.Email = email
		if err != nil {
			return err
		}
		if _, known := tx.ByEmail(email); !known && req.RequestType == passwordReset {
			if tx.Settings().EmailPrivacy {
				return nil // sends nothing, but the caller must not notice
			}
			return toolkitError("EMAIL_NOT_FOUND")
		}
		code := account.Code{Kind: req.RequestType, Email: email}
		if req.RequestType == verifyAndChangeEmail {
			code.NewEmail = account.NormalizeEmail(req.NewEmail)
			if _, taken := tx.ByEmail(code.NewEmail); taken {
				if tx.Settings().EmailPrivacy {
					return nil // as above
				}
				return toolkitError("EMAIL_EXISTS")
			}
		}
		code = s.issueCode(c, tx, code, req.ContinueURL)
		if req.ReturnOOBLink {
			resp.OOBCode, resp.OOBLink = code.ID, code.Link
		}
		return nil
	})
	return resp, err
}

func (r oobRequest) check(admin bool) error {
	_, known := oobKinds[r.RequestType]
	switch {
	case r.RequestType == "" || r.RequestType == "OOB_REQ_TYPE_UNSPECIFIED":
		return toolkitError("MISSING_REQ_TYPE")
	case !known || r.RequestType == recoverEmail:
		return toolkitError("INVALID_REQ_TYPE : " + r.RequestType)
	case r.ReturnOOBLink && !admin:
		return toolkitError("INSUFFICIENT_PERMISSION")
	case r.ContinueURL == "" && string(r.CanHandleCodeInApp) == "true":
		return toolkitError("MISSING_CONTINUE_URI")
	case r.ContinueURL != "" && !isAbsolute(r.ContinueURL):
		return toolkitError("INVALID_CONTINUE_URI : It must be an absolute URL with a scheme and a host.")
	case r.RequestType == verifyAndChangeEmail && r.NewEmail == "":
		return toolkitError("MISSING_NEW_EMAIL")
	}
	for _, email := range []string{r.Email, r.NewEmail} {
		if email != "" {
			if err := checkEmail(email); err != nil {
				return err
			}
		}
	}
	return nil
}

// recipient returns the address to which the email would be sent.
func (r oobRequest) recipient(c *call, tx *account.Tx) (string, error) {
	needsAccount := r.RequestType == verifyEmail || r.RequestType == verifyAndChangeEmail
	if needsAccount && (!r.ReturnOOBLink || r.IDToken != "") {
		if r.IDToken == "" {
			return "", toolkitError("MISSING_ID_TOKEN")
		}
		u, _, err := c.readIDToken(tx, r.IDToken)
		if err != nil {
			return "", err
		}
		if u.Email == "" {
			return "", toolkitError("MISSING_EMAIL")
		}
		return u.Email, nil
	}
	if r.Email == "" {
		return "", toolkitError("MISSING_EMAIL")
	}
	if _, known := tx.ByEmail(r.Email); needsAccount && !known {
		return "", toolkitError("USER_NOT_FOUND")
	}
	return account.NormalizeEmail(r.Email), nil
}

// issueCode completes and stores a code, and logs its link.
func (s *Server) issueCode(c *call, tx *account.Tx, code account.Code, continueURL string) account.Code {
	kind := oobKinds[code.Kind]
	code.ID = account.RandomID(54)
	code.Expires = tx.Now().Add(kind.lifetime)
	query := url.Values{"mode": {kind.mode}, "lang": {"en"}, "oobCode": {code.ID}, "apiKey": {"fake-api-key"}, "project": {c.project}}
	if continueURL != "" {
		query.Set("continueUrl", continueURL)
	}
	code.Link = (&url.URL{Scheme: "http", Host: c.Host, Path: "/emulator/action", RawQuery: query.Encode()}).String()
	tx.PutCode(code)
	s.log.InfoContext(context.WithoutCancel(c.Context()), "an email would be sent", "kind", code.Kind, "to", code.Email, "link", code.Link)
	return code
}

// findCode returns a valid OOB code.
func findCode(tx *account.Tx, id string) (account.Code, error) {
	code, ok := tx.Code(id)
	switch {
	case !ok || oobKinds[code.Kind].mode == "":
		return code, toolkitError("INVALID_OOB_CODE")
	case tx.Now().After(code.Expires):
		return code, toolkitError("EXPIRED_OOB_CODE")
	}
	return code, nil
}
