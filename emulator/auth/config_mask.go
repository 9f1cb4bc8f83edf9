package auth

import (
	"encoding/json"
	"slices"
	"strings"
)

// otherConfig are the settings of a project that have no effect here, and what they are about.
// Source: https://cloud.google.com/identity-platform/docs/reference/rest/v2/Config
var otherConfig = map[string]string{
	"mfa": "second factors", "blockingFunctions": "blocking functions", "multiTenant": "tenants", "authorizedDomains": "lists of authorized domains",
	"notification": "templates of emails and messages", "quota": "quotas", "monitoring": "logs of requests", "client": "permissions of clients",
	"smsRegionConfig": "regions of phone numbers", "autodeleteAnonymousUsers": "the deletion of anonymous accounts",
	"recaptchaConfig": "reCAPTCHA", "passwordPolicyConfig": "password policies", "mobileLinksConfig": "domains of links in apps",
	"defaultHostingSite": "a site for links",
}

// refuseConfig rejects settings that have no effect, by name. Those that turn something off, or are empty, are true
// already.
func (c *call) refuseConfig() error {
	for name, value := range c.body {
		what, other := otherConfig[name]
		if !other {
			continue
		}
		if !isOff(value) {
			return notEmulated(what + " (" + name + ")")
		}
		delete(c.body, name)
	}
	return nil
}

// isOff reports whether a setting has nothing in it but false, empty and DISABLED values.
func isOff(raw json.RawMessage) bool {
	var value any
	if json.Unmarshal(raw, &value) != nil {
		return false
	}
	var off func(any) bool
	off = func(v any) bool {
		switch v := v.(type) {
		case nil:
			return true
		case bool:
			return !v
		case string:
			return v == "" || v == "DISABLED" || v == "OFF" || strings.HasSuffix(v, "_UNSPECIFIED")
		case map[string]any:
			for _, part := range v {
				if !off(part) {
					return false
				}
			}
			return true
		case []any:
			return len(v) == 0
		}
		return false
	}
	return off(value)
}

// mask leaves of the settings those that an update mask names; settings that it names and the request lacks are false.
// Without a mask, all settings of the request count.
func (c *emulatorConfig) mask(text string) error {
	if text == "" {
		return nil
	}
	settings := map[string]**bool{
		"signIn.allowDuplicateEmails":                   &c.SignIn.AllowDuplicateEmails,
		"emailPrivacyConfig.enableImprovedEmailPrivacy": &c.EmailPrivacy.Enabled,
	}
	paths := strings.Split(text, ",")
	for i, path := range paths {
		segments := strings.Split(strings.TrimSpace(path), ".")
		for j := range segments {
			segments[j] = camelCase(segments[j])
		}
		paths[i] = strings.Join(segments, ".")
		known := otherConfig[segments[0]] != "" || segments[0] == "signIn" || segments[0] == "emailPrivacyConfig"
		if !known {
			return invalidArgument("Invalid value at 'update_mask': a project's configuration has no field " + path + ".")
		}
	}
	for name, value := range settings {
		above, _, _ := strings.Cut(name, ".")
		switch {
		case !slices.Contains(paths, name) && !slices.Contains(paths, above):
			*value = nil
		case *value == nil:
			*value = new(bool)
		}
	}
	return nil
}
