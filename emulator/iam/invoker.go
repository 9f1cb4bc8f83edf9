package iam

import (
	"cmp"
	"fmt"
	"html"
	"net/http"
	"strings"
)

// Tokens verifies ID tokens of service accounts. *identity.Identity implements it.
type Tokens interface {
	VerifyIDToken(token string, audiences ...string) (email string, err error)
}

// RemovedSignature replaces the signature in the tokens that [Policy.Invokers] passes on.
const RemovedSignature = "SIGNATURE_REMOVED_BY_GOOGLE"

// Invokers does what Cloud Run's front end does for a service that is not public: it passes on requests
// with an ID token, for one of the audiences, of an account that may invoke the service, and removes the
// signature from the token. It rejects all others, in the words of Google's front end:
//
//   - 403 without a token, or with one of an account that lacks run.routes.invoke
//   - 401 with a token that is forged, expired or made for another audience
//
// If a request has X-Serverless-Authorization, it checks that header instead of Authorization, and leaves
// the other as it is. service is the service's resource name: see [Policy.Service].
//
// Sources: https://cloud.google.com/run/docs/authenticating/service-to-service,
// https://cloud.google.com/run/docs/troubleshooting#signature-removed,
// https://cloud.google.com/run/docs/troubleshooting#unauthorized-client
func (p *Policy) Invokers(service string, tokens Tokens, next http.Handler, audiences ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := "Authorization"
		if r.Header.Get("X-Serverless-Authorization") != "" {
			name = "X-Serverless-Authorization"
		}
		raw, ok := strings.CutPrefix(r.Header.Get(name), "Bearer ")
		if !ok {
			reject(w, r, http.StatusForbidden, "")
			return
		}
		email, err := tokens.VerifyIDToken(raw, audiences...)
		if err != nil {
			reject(w, r, http.StatusUnauthorized, `Bearer error="invalid_token" error_description="The access token could not be verified"`)
			return
		}
		if err := p.Check(email, Need{"run.routes.invoke", service}); err != nil {
			reject(w, r, http.StatusForbidden, `Bearer error="insufficient_scope" error_description="`+strings.ReplaceAll(err.Error(), `"`, `'`)+`"`)
			return
		}
		r = r.WithContext(r.Context()) // a copy
		r.Header = r.Header.Clone()
		r.Header.Set(name, "Bearer "+raw[:strings.LastIndexByte(raw, '.')+1]+RemovedSignature)
		next.ServeHTTP(w, r)
	})
}

// reject responds as Google's front end does. A gRPC client reads the status of such a response as
// Unauthenticated or PermissionDenied.
func reject(w http.ResponseWriter, r *http.Request, status int, challenge string) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	w.Header().Set("Server", "Google Frontend")
	w.Header().Set("WWW-Authenticate", cmp.Or(challenge, "Bearer"))
	w.WriteHeader(status)
	text := http.StatusText(status)
	fmt.Fprintf(w, `
<html><head>
<meta http-equiv="content-type" content="text/html;charset=utf-8">
<title>%d %s</title>
</head>
<body text=#000000 bgcolor=#ffffff>
<h1>Error: %s</h1>
<h2>Your client does not have permission to get URL <code>%s</code> from this server.</h2>
<h2></h2>
</body></html>
`, status, text, text, html.EscapeString(r.URL.Path))
}
