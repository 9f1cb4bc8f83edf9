package hosting

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"heek.kr/heektime/emulator/hub"
)

// reserved is the prefix of the URLs that Hosting itself serves.
// Source: https://firebase.google.com/docs/hosting/reserved-urls.
const reserved = "/__/"

// connectable lists the emulators that web pages call. The SDK can connect to all but that of Cloud Messaging, for
// which it has no setting: a page needs its address to redirect the SDK's requests.
var connectable = []string{"auth", "firestore", "messaging", "storage"}

// emulatorAddress is where an emulator listens, in the form that the SDK's init script reads.
type emulatorAddress struct {
	Host        string `json:"host"`
	Port        int    `json:"port"`
	HostAndPort string `json:"hostAndPort"`
}

// emulatorAddresses returns the addresses of the running emulators by name.
func (s *Server) emulatorAddresses() map[string]emulatorAddress {
	all := map[string]hub.Emulator{}
	if s.emulators != nil {
		all = s.emulators()
	}
	addresses := map[string]emulatorAddress{}
	for _, name := range connectable {
		if e, ok := all[name]; ok {
			addresses[name] = emulatorAddress{e.Host, e.Port, net.JoinHostPort(e.Host, strconv.Itoa(e.Port))}
		}
	}
	return addresses
}

// appConfig returns the web app's Firebase configuration. The Authentication emulator accepts any API key.
func (s *Server) appConfig() map[string]any {
	return map[string]any{
		"projectId": s.project, "apiKey": "local", "appId": "1:1:web:local", "authDomain": s.project + ".firebaseapp.com",
		"storageBucket": s.bucket, "messagingSenderId": "1",
	}
}

// serveReserved serves the web app's configuration: init.json holds it together with the emulators'
// addresses; init.js is for pages that load the SDK with script tags, and connects the SDK to the
// emulators if the query says useEmulator=true.
func (s *Server) serveReserved(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	app := s.appConfig()
	switch r.URL.Path {
	case reserved + "firebase/init.json":
		app["emulators"] = s.emulatorAddresses()
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		json.NewEncoder(w).Encode(app) // ignore write errors: the client is gone
	case reserved + "firebase/init.js":
		config, _ := json.Marshal(app) // cannot fail: all values are strings
		emulators := []byte("undefined")
		if r.URL.Query().Get("useEmulator") == "true" {
			emulators, _ = json.Marshal(s.emulatorAddresses())
		}
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		fmt.Fprintf(w, initScript, config, emulators)
	default:
		http.Error(w, r.URL.Path+" is reserved by Firebase Hosting and not served locally.", http.StatusNotFound)
	}
}

const initScript = `if (typeof firebase === 'undefined') throw new Error('Load the Firebase SDK before /__/firebase/init.js.');
var firebaseConfig = %s;
var firebaseEmulators = %s;
firebase.initializeApp(firebaseConfig);
for (const [name, at] of Object.entries(firebaseEmulators || {})) {
  if (name === 'messaging' || typeof firebase[name] !== 'function') continue;
  if (name === 'auth') firebase.auth().useEmulator('http://' + at.hostAndPort);
  else firebase[name]().useEmulator(at.host, at.port);
}
`
