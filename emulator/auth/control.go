package auth

import "heek.kr/heektime/emulator/internal/account"

// The emulator's own endpoints, for tests.
// Source: https://firebase.google.com/docs/reference/rest/auth#section-auth-emulator

func (s *Server) ready(c *call) (any, error) {
	return map[string]any{"authEmulator": map[string]any{"ready": true}}, nil
}

func (s *Server) clearAccounts(c *call) (any, error) { return struct{}{}, s.Reset(c.project) }

func (s *Server) oobCodes(c *call) (any, error) {
	type item struct {
		Email       string `json:"email"`
		NewEmail    string `json:"newEmail,omitempty"`
		RequestType string `json:"requestType"`
		OOBCode     string `json:"oobCode"`
		OOBLink     string `json:"oobLink"`
	}
	items := []item{}
	s.store.View(c.project, func(tx *account.Tx) {
		for _, code := range tx.Codes() {
			if code.Kind != account.KindSMS {
				items = append(items, item{code.Email, code.NewEmail, code.Kind, code.ID, code.Link})
			}
		}
	})
	return map[string][]item{"oobCodes": items}, nil
}

func (s *Server) verificationCodes(c *call) (any, error) {
	type item struct {
		PhoneNumber string `json:"phoneNumber"`
		SessionInfo string `json:"sessionInfo"`
		Code        string `json:"code"`
	}
	items := []item{}
	s.store.View(c.project, func(tx *account.Tx) {
		for _, code := range tx.Codes() {
			if code.Kind == account.KindSMS {
				items = append(items, item{code.Phone, code.ID, code.Digits})
			}
		}
	})
	return map[string][]item{"verificationCodes": items}, nil
}
