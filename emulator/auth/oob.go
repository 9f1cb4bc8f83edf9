package auth

import (
	"context"
	"net/url"
	"time"

	"heek.kr/heektime/emulator/internal/account"
)

// Kinds of codes that are mailed ("out of band").
const (
	passwordReset        = "PASSWORD_RESET"
	verifyEmail          = "VERIFY_EMAIL"
	emailSignIn          = "EMAIL_SIGNIN"
	verifyAndChangeEmail = "VERIFY_AND_CHANGE_EMAIL"
	recoverEmail         = "RECOVER_EMAIL"
)

// codes says for each kind how its link names it, and how long it is good for.
// Source of the times: https://firebase.google.com/docs/auth/limits and the text of Firebase's mails.
var codes = map[string]struct {
	mode string
	life time.Duration
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

type oobAnswer struct {
	Kind    string `json:"kind"`
	Email   string `json:"email"`
	OOBCode string `json:"oobCode,omitempty"`
	OOBLink string `json:"oobLink,omitempty"`
}

// sendOobCode makes a code. Instead of mailing it the server logs it, lists it at /emulator/v1/projects/{project}/oobCodes
// and shows it to a server that asks.
func (s *Server) sendOobCode(c *call) (any, error) {
	var req oobRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if err := req.check(c.admin); err != nil {
		return nil, err
	}
	answer := oobAnswer{Kind: "identitytoolkit#GetOobConfirmationCodeResponse"}
	err := s.store.Update(c.project, func(tx *account.Tx) error {
		email, err := req.recipient(c, tx)
		answer.Email = email
		if err != nil {
			return err
		}
		if _, known := tx.ByEmail(email); !known && req.RequestType == passwordReset {
			if tx.Settings().EmailPrivacy {
				return nil // and nothing is mailed, which the caller can't see
			}
			return refused("EMAIL_NOT_FOUND")
		}
		code := account.Code{Kind: req.RequestType, Email: email}
		if req.RequestType == verifyAndChangeEmail {
			code.NewEmail = account.NormalEmail(req.NewEmail)
			if _, taken := tx.ByEmail(code.NewEmail); taken {
				return refused("EMAIL_EXISTS")
			}
		}
		code = s.mail(c, tx, code, req.ContinueURL)
		if req.ReturnOOBLink {
			answer.OOBCode, answer.OOBLink = code.ID, code.Link
		}
		return nil
	})
	return answer, err
}

func (r oobRequest) check(admin bool) error {
	_, known := codes[r.RequestType]
	switch {
	case r.RequestType == "" || r.RequestType == "OOB_REQ_TYPE_UNSPECIFIED":
		return refused("MISSING_REQ_TYPE")
	case !known || r.RequestType == recoverEmail:
		return refused("INVALID_REQ_TYPE : " + r.RequestType)
	case r.ReturnOOBLink && !admin:
		return refused("INSUFFICIENT_PERMISSION")
	case r.ContinueURL != "" && !isAbsolute(r.ContinueURL):
		return refused("INVALID_CONTINUE_URI : It must be an absolute address with a scheme and a host.")
	case r.RequestType == verifyAndChangeEmail && r.NewEmail == "":
		return refused("MISSING_NEW_EMAIL")
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

// recipient is the address that the mail would go to.
func (r oobRequest) recipient(c *call, tx *account.Tx) (string, error) {
	about := r.RequestType == verifyEmail || r.RequestType == verifyAndChangeEmail // about an account, not an address
	if about && (!r.ReturnOOBLink || r.IDToken != "") {
		if r.IDToken == "" {
			return "", refused("MISSING_ID_TOKEN")
		}
		u, _, err := c.readIDToken(tx, r.IDToken)
		if err != nil {
			return "", err
		}
		if u.Email == "" {
			return "", refused("MISSING_EMAIL")
		}
		return u.Email, nil
	}
	if r.Email == "" {
		return "", refused("MISSING_EMAIL")
	}
	if _, known := tx.ByEmail(r.Email); about && !known {
		return "", refused("USER_NOT_FOUND")
	}
	return account.NormalEmail(r.Email), nil
}

// mail completes a code, keeps it, and logs its link.
func (s *Server) mail(c *call, tx *account.Tx, code account.Code, continueURL string) account.Code {
	kind := codes[code.Kind]
	code.ID = account.RandomID(54)
	code.Expires = tx.Now().Add(kind.life)
	query := url.Values{"mode": {kind.mode}, "lang": {"en"}, "oobCode": {code.ID}, "apiKey": {"fake-api-key"}, "project": {c.project}}
	if continueURL != "" {
		query.Set("continueUrl", continueURL)
	}
	code.Link = (&url.URL{Scheme: "http", Host: c.Host, Path: "/emulator/action", RawQuery: query.Encode()}).String()
	tx.PutCode(code)
	s.log.InfoContext(context.WithoutCancel(c.Context()), "a mail would be sent", "kind", code.Kind, "to", code.Email, "link", code.Link)
	return code
}

// findCode returns a code that is good now.
func findCode(tx *account.Tx, id string) (account.Code, error) {
	code, ok := tx.Code(id)
	switch {
	case !ok || code.Kind == account.KindSMS:
		return code, refused("INVALID_OOB_CODE")
	case tx.Now().After(code.Expires):
		return code, refused("EXPIRED_OOB_CODE")
	}
	return code, nil
}
