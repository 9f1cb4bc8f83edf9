// Package token encodes and decodes the unsigned JSON Web Tokens of an Authentication emulator.
//
// A token is a header with "alg": "none", the claims, and an empty signature, separated by dots.
// Emulators accept these tokens, and so do Admin SDKs if an environment variable points them to an
// emulator. Production code must never accept one.
package token

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// None is the algorithm of tokens without a signature.
const None = "none"

// Encode encodes claims, a map or struct, as an unsigned token. A random "kid" in the header makes
// every token unique, because client SDKs ignore a response whose ID token they already have,
// including its new refresh token, for example if the password is changed within a second of the
// sign-in.
func Encode(claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encoding a token's claims: %w", err)
	}
	head, err := json.Marshal(map[string]string{"alg": None, "typ": "JWT", "kid": rand.Text()})
	if err != nil {
		return "", fmt.Errorf("encoding a token's header: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(payload) + ".", nil
}

// Decode decodes a token's claims into claims, a pointer, and returns the algorithm in its header.
// It verifies neither the signature nor the expiry.
func Decode(raw string, claims any) (algorithm string, err error) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return "", fmt.Errorf("a token must have 3 parts, not %d", len(parts))
	}
	var head struct {
		Algorithm string `json:"alg"`
	}
	if err := decodePart(parts[0], &head); err != nil {
		return "", fmt.Errorf("decoding the token's header: %w", err)
	}
	if head.Algorithm == "" {
		return "", errors.New("the token's header has no algorithm")
	}
	if err := decodePart(parts[1], claims); err != nil {
		return "", fmt.Errorf("decoding the token's claims: %w", err)
	}
	return head.Algorithm, nil
}

func decodePart(part string, into any) error {
	text, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
