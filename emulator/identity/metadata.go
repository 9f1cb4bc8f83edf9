package identity

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"heek.kr/heektime/emulator/internal/httpjson"
)

// CertsPath is where [Identity.Handler] serves the key set (a JWKS), as on www.googleapis.com.
const CertsPath = "/oauth2/v3/certs"

// scopes are those of a Cloud Run service's account.
const scopes = "https://www.googleapis.com/auth/cloud-platform\nhttps://www.googleapis.com/auth/userinfo.email\n"

// Handler serves the public keys at [CertsPath] and the metadata server below /computeMetadata/v1/.
//
// The metadata server describes a Cloud Run service: its project, its region, and one service account,
// under the name "default" and under its email. Requests need the header "Metadata-Flavor: Google";
// without it they get 403, and 404 for anything unknown.
// https://cloud.google.com/run/docs/container-contract#metadata-server
func (i *Identity) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+CertsPath, serveCerts)

	// Libraries probe for a metadata server by requesting its root, without the header.
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { writeText(w, "computeMetadata/\n") })

	const root = "GET /computeMetadata/v1/"
	const instance = "id\nregion\nservice-accounts/\nzone\n"
	number := projectNumber(i.cfg.Project)
	values := map[string]string{
		"{$}":                        "instance/\nproject/\nuniverse/\n",
		"instance":                   instance, // how Google's library for Node finds out whether there is a metadata server
		"instance/{$}":               instance,
		"project/project-id":         i.cfg.Project,
		"project/numeric-project-id": number,
		"instance/id":                digits("instance:"+i.cfg.Project+i.cfg.ServiceAccount, 38),
		"instance/region":            "projects/" + number + "/regions/" + i.cfg.Region,
		"instance/zone":              "projects/" + number + "/zones/" + i.cfg.Region + "-1",
		"instance/service-accounts/{$}": "default/\n" +
			i.cfg.ServiceAccount + "/\n",
		"universe/universe-domain": "googleapis.com",
	}
	for path, value := range values {
		mux.Handle(root+path, flavored(func(w http.ResponseWriter, _ *http.Request) { writeText(w, value) }))
	}
	const account = root + "instance/service-accounts/{account}/"
	mux.Handle(account+"{$}", i.forAccount(i.serveAccount))
	mux.Handle(account+"email", i.forAccount(func(w http.ResponseWriter, _ *http.Request) { writeText(w, i.cfg.ServiceAccount) }))
	mux.Handle(account+"aliases", i.forAccount(func(w http.ResponseWriter, _ *http.Request) { writeText(w, "default\n") }))
	mux.Handle(account+"scopes", i.forAccount(func(w http.ResponseWriter, _ *http.Request) { writeText(w, scopes) }))
	mux.Handle(account+"identity", i.forAccount(i.serveIDToken))
	mux.Handle(account+"token", i.forAccount(serveAccessToken))
	return mux
}

// flavored rejects requests that a browser or a naive proxy could have been tricked into sending.
func flavored(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Metadata-Flavor") != "Google" || r.Header.Get("X-Forwarded-For") != "" {
			http.Error(w, "Missing required header: Metadata-Flavor: Google", http.StatusForbidden)
			return
		}
		next(w, r)
	})
}

// forAccount responds 404 for every account except the configured one.
func (i *Identity) forAccount(next http.HandlerFunc) http.Handler {
	return flavored(func(w http.ResponseWriter, r *http.Request) {
		if name := r.PathValue("account"); name != "default" && name != i.cfg.ServiceAccount {
			http.NotFound(w, r)
			return
		}
		next(w, r)
	})
}

// serveAccount lists the entries of an account or, with recursive=true, returns all of them as one
// object.
func (i *Identity) serveAccount(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.URL.Query().Get("recursive"), "true") {
		writeText(w, "aliases\nemail\nidentity\nscopes\ntoken\n")
		return
	}
	respond(w, map[string]any{
		"aliases": []string{"default"},
		"email":   i.cfg.ServiceAccount,
		"scopes":  strings.Fields(scopes),
	})
}

// serveIDToken serves identity?audience=…. The token is the same for format=standard and format=full:
// as on Cloud Run, it always contains the email and never an instance.
func (i *Identity) serveIDToken(w http.ResponseWriter, r *http.Request) {
	audience := r.URL.Query().Get("audience")
	if audience == "" {
		http.Error(w, "non-empty audience parameter required", http.StatusBadRequest)
		return
	}
	token, err := i.IDToken(r.Context(), i.cfg.ServiceAccount, audience)
	if err != nil {
		slog.ErrorContext(r.Context(), "metadata server: cannot issue an ID token", "error", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeText(w, token)
}

// serveAccessToken serves token. Nothing in the local cloud checks access tokens, so it is a random
// string.
func serveAccessToken(w http.ResponseWriter, _ *http.Request) {
	respond(w, map[string]any{
		"access_token": accessToken(),
		"expires_in":   int((time.Hour - time.Second).Seconds()),
		"token_type":   "Bearer",
	})
}

// serveCerts serves the public key of this process.
func serveCerts(w http.ResponseWriter, r *http.Request) {
	s, err := processSigner()
	if err != nil {
		slog.ErrorContext(r.Context(), "key set: cannot make the key", "error", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	// Short, because the key changes with every start of the cloud, which a service may outlive.
	w.Header().Set("Cache-Control", "public, max-age=60")
	respond(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{s.public}})
}

func writeText(w http.ResponseWriter, text string) {
	w.Header().Set("Metadata-Flavor", "Google")
	w.Header().Set("Content-Type", "application/text")
	write(w, []byte(text))
}

// respond writes a value as JSON, as the metadata server does.
func respond(w http.ResponseWriter, v any) {
	w.Header().Set("Metadata-Flavor", "Google")
	httpjson.Write(w, http.StatusOK, v)
}

// write sends the body. An error means that the client is gone.
func write(w http.ResponseWriter, body []byte) {
	if _, err := w.Write(body); err != nil {
		slog.Debug("identity: response not sent", "error", err)
	}
}
