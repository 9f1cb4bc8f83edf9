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

// signInWithPhoneNumber signs in with an SMS code. It links the number to the ID token's account,
// or creates an account if none has the number.
func (s *Server) signInWithPhoneNumber(c *call) (any, error) {
	var req struct {
		clientFields
		SessionInfo    string  `json:"sessionInfo"`
		Code           string  `json:"code"`
		IDToken        string  `json:"idToken"`
		Operation      ignored `json:"operation"`
		PhoneNumber    ignored `json:"phoneNumber"`
		TemporaryProof string  `json:"temporaryProof"`
		Proof          string  `json:"verificationProof"`
	}
	if err := c.decode(&req); err != nil {
		return nil, err
	}
	switch {
	case req.TemporaryProof != "" || req.Proof != "":
		return nil, notEmulated("temporary proofs; send sessionInfo and code")
	case req.SessionInfo == "":
		return nil, toolkitError("MISSING_SESSION_INFO")
	case req.Code == "":
		return nil, toolkitError("MISSING_CODE")
	}
	resp := signInResponse{IsNewUser: new(bool)}
	err := s.store.Update(c.project, func(tx *account.Tx) error {
		code, ok := tx.Code(req.SessionInfo)
		switch {
		case !ok || code.Kind != account.KindSMS:
			return toolkitError("INVALID_SESSION_INFO")
		case tx.Now().After(code.Expires):
			return toolkitError("SESSION_EXPIRED")
		case code.Digits != req.Code:
			return toolkitError("INVALID_CODE")
		}
		tx.DeleteCode(code.ID)
		owner, _ := tx.ByPhone(code.Phone)
		u, isNew, err := c.signInUser(tx, owner, req.IDToken, "PHONE_NUMBER_EXISTS")
		if err != nil {
			return err
		}
		u.PhoneNumber = code.Phone
		saved, err := tx.Put(u)
		if err != nil {
			return err
		}
		resp.LocalID, resp.PhoneNumber, *resp.IsNewUser = saved.LocalID, saved.PhoneNumber, isNew
		resp.tokens, err = c.issue(tx, saved, newSignIn(account.ProviderPhone))
		return err
	})
	return resp, err
}
