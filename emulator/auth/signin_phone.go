package auth

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"time"

	"heek.kr/heektime/emulator/internal/account"
)

// smsLifetime is the lifetime of an SMS code.
const smsLifetime = 5 * time.Minute

// sendVerificationCode creates a six-digit SMS code. Instead of sending it, the emulator logs it
// and lists it at /emulator/v1/projects/{project}/verificationCodes.
func (s *Server) sendVerificationCode(c *call) (any, error) {
	var req struct {
		clientFields
		PhoneNumber        string  `json:"phoneNumber"`
		IOSReceipt         ignored `json:"iosReceipt"`
		IOSSecret          ignored `json:"iosSecret"`
		RecaptchaToken     ignored `json:"recaptchaToken"`
		AutoRetrievalInfo  ignored `json:"autoRetrievalInfo"`
		SafetyNetToken     ignored `json:"safetyNetToken"`
		PlayIntegrityToken ignored `json:"playIntegrityToken"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if err := checkPhone(req.PhoneNumber); err != nil {
		return nil, err
	}
	digits, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return nil, fmt.Errorf("generating an SMS code: %w", err)
	}
	code := account.Code{ID: account.RandomID(128), Kind: account.KindSMS, Phone: req.PhoneNumber, Digits: fmt.Sprintf("%06d", digits)}
	err = s.store.Update(c.project, func(tx *account.Tx) error {
		code.Expires = tx.Now().Add(smsLifetime)
		tx.PutCode(code)
		return nil
	})
	s.log.InfoContext(c.Context(), "an SMS would be sent", "to", code.Phone, "code", code.Digits)
	return map[string]string{"sessionInfo": code.ID}, err
}

// phoneRequest proves that a client has a phone number: by an SMS code or by a temporary proof.
type phoneRequest struct {
	clientFields
	SessionInfo    string  `json:"sessionInfo"`
	Code           string  `json:"code"`
	PhoneNumber    string  `json:"phoneNumber"`
	TemporaryProof string  `json:"temporaryProof"` // instead of SessionInfo and Code, for PhoneNumber
	IDToken        string  `json:"idToken"`
	Operation      string  `json:"operation"`
	Proof          ignored `json:"verificationProof"`
}

// check validates the request.
func (r phoneRequest) check() error {
	switch {
	case r.Proof != nil:
		return notEmulated("verificationProof; send sessionInfo and code")
	case r.TemporaryProof != "" && r.PhoneNumber == "":
		return toolkitError("MISSING_PHONE_NUMBER")
	case r.TemporaryProof != "":
	case r.SessionInfo == "":
		return toolkitError("MISSING_SESSION_INFO")
	case r.Code == "":
		return toolkitError("MISSING_CODE")
	}
	switch r.Operation {
	case "", "VERIFY_OP_UNSPECIFIED", "SIGN_UP_OR_IN", "REAUTH", "UPDATE", "LINK":
		return nil
	}
	return invalidArgument("Invalid value at 'operation': \"" + r.Operation + "\"")
}

// provenNumber returns the phone number that the client has proven to have. An SMS code is used up; a
// temporary proof is valid until it expires.
func (r phoneRequest) provenNumber(tx *account.Tx) (string, error) {
	id, kind, unknown := r.SessionInfo, account.KindSMS, "INVALID_SESSION_INFO"
	if r.TemporaryProof != "" {
		id, kind, unknown = r.TemporaryProof, account.KindTemporaryProof, "INVALID_TEMPORARY_PROOF"
	}
	code, ok := tx.Code(id)
	switch {
	case !ok || code.Kind != kind:
		return "", toolkitError(unknown)
	case tx.Now().After(code.Expires):
		return "", toolkitError("SESSION_EXPIRED")
	case kind == account.KindTemporaryProof:
		if code.Phone != r.PhoneNumber {
			return "", toolkitError(unknown)
		}
		return code.Phone, nil
	case code.Digits != r.Code:
		return "", toolkitError("INVALID_CODE")
	}
	tx.DeleteCode(code.ID)
	return code.Phone, nil
}

// phoneResponse is a sign-in, or the proof that the client has a number which belongs to another account.
type phoneResponse struct {
	signInResponse
	TemporaryProof        string `json:"temporaryProof,omitempty"`
	TemporaryProofExpires string `json:"temporaryProofExpiresIn,omitempty"` // seconds
}

// signInWithPhoneNumber signs in with an SMS code. It links the number to the ID token's account,
// or creates an account if none has the number.
//
// If the number belongs to another account, the code is used up nevertheless. The response then has a
// temporary proof, with which SDKs can sign in to that account.
// Source: https://cloud.google.com/identity-platform/docs/reference/rest/v1/accounts/signInWithPhoneNumber
func (s *Server) signInWithPhoneNumber(c *call) (any, error) {
	var req phoneRequest
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	if err := req.check(); err != nil {
		return nil, err
	}
	var resp phoneResponse
	err := s.store.Update(c.project, func(tx *account.Tx) error {
		number, err := req.provenNumber(tx)
		if err != nil {
			return err
		}
		owner, known := tx.ByPhone(number)
		if req.Operation == "REAUTH" && !known {
			return toolkitError("USER_NOT_FOUND")
		}
		if known && req.IDToken != "" && req.TemporaryProof == "" {
			u, _, err := c.readIDToken(tx, req.IDToken)
			if err != nil {
				return err
			}
			if u.LocalID != owner.LocalID {
				resp = newTemporaryProof(tx, number)
				return nil
			}
		}
		u, isNew, err := c.signInUser(tx, owner, req.IDToken, "PHONE_NUMBER_EXISTS")
		if err != nil {
			return err
		}
		u.PhoneNumber = number
		saved, err := tx.Put(u)
		if err != nil {
			return err
		}
		resp.LocalID, resp.PhoneNumber, resp.IsNewUser = saved.LocalID, saved.PhoneNumber, &isNew
		resp.tokens, err = c.issue(tx, saved, newSignIn(account.ProviderPhone))
		return err
	})
	return resp, err
}

// proofLifetime is the lifetime of a temporary proof, as in the official emulator.
const proofLifetime = time.Hour

// newTemporaryProof creates a proof for a phone number.
func newTemporaryProof(tx *account.Tx, number string) (resp phoneResponse) {
	proof := account.Code{
		ID: account.RandomID(119), Kind: account.KindTemporaryProof, Phone: number, Expires: tx.Now().Add(proofLifetime),
	}
	tx.PutCode(proof)
	resp.PhoneNumber, resp.TemporaryProof = number, proof.ID
	resp.TemporaryProofExpires = fmt.Sprint(int(proofLifetime.Seconds()))
	return resp
}
