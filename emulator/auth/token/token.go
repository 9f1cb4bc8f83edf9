// Package token writes and reads the JSON Web Tokens of an Authentication emulator, which carry no signature.
//
// Such a token is three parts with dots: a header that says "alg": "none", the claims, and nothing after the second dot.
// Firebase's Admin SDKs and emulators take it when they are told by environment variable that they live locally. Nothing
// that has real keys may ever take one.
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

// Encode writes claims, a map or struct, as a token without a signature. Its header has a random "kid", so that no two
// tokens are equal: client SDKs drop what comes with a token that they have already, such as a new refresh token when the
// password is changed in the second of the sign-in.
func Encode(claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode a token's claims: %w", err)
	}
	head, err := json.Marshal(map[string]string{"alg": None, "typ": "JWT", "kid": rand.Text()})
	if err != nil {
		return "", fmt.Errorf("encode a token's header: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(payload) + ".", nil
}

// Decode reads the claims of a token into claims, a pointer, and says which algorithm its header names. It checks the
// form only, no signature and no time.
func Decode(raw string, claims any) (algorithm string, err error) {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return "", fmt.Errorf("a token has 3 parts, this has %d", len(parts))
	}
	var head struct {
		Algorithm string `json:"alg"`
	}
	if err := decodePart(parts[0], &head); err != nil {
		return "", fmt.Errorf("the token's header: %w", err)
	}
	if head.Algorithm == "" {
		return "", errors.New("the token's header names no algorithm")
	}
	if err := decodePart(parts[1], claims); err != nil {
		return "", fmt.Errorf("the token's claims: %w", err)
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
