package auth

import (
	"encoding/base64"

	"heek.kr/heektime/emulator/internal/account"
	"heek.kr/heektime/emulator/internal/password"
)

// Configuration that clients read before they sign in.

// clientConfig returns the project and its authorized domains.
func (s *Server) clientConfig(c *call) (any, error) {
	return map[string]any{"projectId": projectNumber, "authorizedDomains": []string{"localhost", "127.0.0.1"}}, nil
}

// recaptchaParams returns placeholders: phone sign-in needs no reCAPTCHA here.
func (s *Server) recaptchaParams(c *call) (any, error) {
	return map[string]string{
		"kind":             "identitytoolkit#GetRecaptchaParamResponse",
		"recaptchaStoken":  "an-emulator-has-no-recaptcha",
		"recaptchaSiteKey": "an-emulator-has-no-recaptcha",
	}, nil
}

// recaptchaConfig reports that no reCAPTCHA is required.
func (s *Server) recaptchaConfig(c *call) (any, error) {
	type state struct {
		Provider    string `json:"provider"`
		Enforcement string `json:"enforcementState"`
	}
	return map[string]any{"recaptchaEnforcementState": []state{{"EMAIL_PASSWORD_PROVIDER", "OFF"}, {"PHONE_PROVIDER", "OFF"}}}, nil
}

// passwordPolicy returns the default policy.
func (s *Server) passwordPolicy(c *call) (any, error) {
	return map[string]any{
		"customStrengthOptions":            map[string]int{"minPasswordLength": minPassword, "maxPasswordLength": maxPassword},
		"allowedNonAlphanumericCharacters": []string{},
		"enforcementState":                 "OFF",
		"schemaVersion":                    1,
	}, nil
}

// publicKeys returns no keys, because ID tokens are not signed.
func (s *Server) publicKeys(c *call) (any, error) { return map[string]string{}, nil }

// sessionCookieKeys returns no keys, because session cookies are not signed.
func (s *Server) sessionCookieKeys(c *call) (any, error) { return map[string][]string{"keys": {}}, nil }

// Settings of a project, for servers and tests.

type privacyConfig struct {
	Enabled *bool `json:"enableImprovedEmailPrivacy,omitempty"`
}

type emulatorConfig struct {
	SignIn struct {
		AllowDuplicateEmails *bool `json:"allowDuplicateEmails,omitempty"`
	} `json:"signIn"`
	EmailPrivacy privacyConfig `json:"emailPrivacyConfig"`
}

func (s *Server) settings(project string) (settings account.Settings) {
	s.store.View(project, func(tx *account.Tx) { settings = tx.Settings() })
	return settings
}

func (s *Server) emulatorConfig(c *call) (any, error) {
	return newEmulatorConfig(s.settings(c.project)), nil
}

func newEmulatorConfig(settings account.Settings) (config emulatorConfig) {
	config.SignIn.AllowDuplicateEmails = &settings.AllowDuplicateEmails
	config.EmailPrivacy.Enabled = &settings.EmailPrivacy
	return config
}

// apply returns the settings with those of the request.
func (c emulatorConfig) apply(settings account.Settings) account.Settings {
	setIfPresent(&settings.AllowDuplicateEmails, c.SignIn.AllowDuplicateEmails)
	setIfPresent(&settings.EmailPrivacy, c.EmailPrivacy.Enabled)
	return settings
}

// setEmulatorConfig changes the settings in the request.
func (s *Server) setEmulatorConfig(c *call) (any, error) {
	var config emulatorConfig
	if err := c.decode(&config); err != nil {
		return nil, err
	}
	if err := s.updateSettings(c.project, config); err != nil {
		return nil, err
	}
	return s.emulatorConfig(c)
}

func (s *Server) updateSettings(project string, config emulatorConfig) error {
	return s.store.Update(project, func(tx *account.Tx) error {
		tx.SetSettings(config.apply(tx.Settings()))
		return nil
	})
}

// adminConfig returns the emulated part of a project's configuration. Its hash parameters are
// needed to import exported accounts elsewhere.
func (s *Server) adminConfig(c *call) (any, error) {
	settings, hash := s.settings(c.project), password.DefaultParameters()
	return map[string]any{
		"name": "projects/" + projectNumber + "/config",
		"signIn": map[string]any{
			"email":                map[string]bool{"enabled": true, "passwordRequired": false},
			"anonymous":            map[string]bool{"enabled": true},
			"phoneNumber":          map[string]bool{"enabled": true},
			"allowDuplicateEmails": settings.AllowDuplicateEmails,
			"hashConfig": map[string]any{
				"algorithm": hash.Algorithm, "rounds": hash.Rounds, "memoryCost": hash.MemoryCost,
				"signerKey":     base64.StdEncoding.EncodeToString(hash.SignerKey),
				"saltSeparator": base64.StdEncoding.EncodeToString(hash.SaltSeparator),
			},
		},
		"emailPrivacyConfig": privacyConfig{&settings.EmailPrivacy},
		"authorizedDomains":  []string{"localhost", "127.0.0.1"},
		"mfa":                map[string]string{"state": "DISABLED"},
	}, nil
}

// setAdminConfig changes the emulated settings, those that updateMask names if there is one, and rejects all others by
// name.
func (s *Server) setAdminConfig(c *call) (any, error) {
	if err := c.refuseConfig(); err != nil {
		return nil, err
	}
	var config emulatorConfig
	if err := c.decode(&config); err != nil {
		return nil, err
	}
	if err := config.mask(c.URL.Query().Get("updateMask")); err != nil {
		return nil, err
	}
	if err := s.updateSettings(c.project, config); err != nil {
		return nil, err
	}
	return s.adminConfig(c)
}
