package hosting

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"heek.kr/heektime/emulator/hub"
)

// reserved is where Hosting answers itself. Source: https://firebase.google.com/docs/hosting/reserved-urls.
const reserved = "/__/"

// connectable are the emulators that a page can be connected to.
var connectable = []string{"auth", "firestore", "storage"}

// address is an emulator's, as initialization scripts name it.
type address struct {
	Host        string `json:"host"`
	Port        int    `json:"port"`
	HostAndPort string `json:"hostAndPort"`
}

func (s *Server) addresses() map[string]address {
	all := map[string]hub.Emulator{}
	if s.emulators != nil {
		all = s.emulators()
	}
	list := map[string]address{}
	for _, name := range connectable {
		if e, ok := all[name]; ok {
			list[name] = address{e.Host, e.Port, net.JoinHostPort(e.Host, strconv.Itoa(e.Port))}
		}
	}
	return list
}

// webApp is what a page is configured with. The embedded Authentication takes any key.
func (s *Server) webApp() map[string]any {
	return map[string]any{
		"projectId": s.project, "apiKey": "local", "appId": "1:1:web:local", "authDomain": s.project + ".firebaseapp.com",
		"storageBucket": s.bucket, "messagingSenderId": "1",
	}
}

// initialize answers with the configuration of the web app: as JSON, with the local emulators beside it, or as a script for
// pages that load the SDK by script tags, which connects them to the emulators when it is asked to by ?useEmulator=true.
func (s *Server) initialize(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	app := s.webApp()
	switch r.URL.Path {
	case reserved + "firebase/init.json":
		app["emulators"] = s.addresses()
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		json.NewEncoder(w).Encode(app) // who went away is nobody to tell
	case reserved + "firebase/init.js":
		config, _ := json.Marshal(app) // strings only
		emulators := []byte("undefined")
		if r.URL.Query().Get("useEmulator") == "true" {
			emulators, _ = json.Marshal(s.addresses())
		}
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		fmt.Fprintf(w, initScript, config, emulators)
	default:
		http.Error(w, r.URL.Path+" is reserved by Firebase Hosting, and not served locally.", http.StatusNotFound)
	}
}

const initScript = `if (typeof firebase === 'undefined') throw new Error('Load the Firebase SDK before /__/firebase/init.js.');
var firebaseConfig = %s;
var firebaseEmulators = %s;
firebase.initializeApp(firebaseConfig);
for (const [name, at] of Object.entries(firebaseEmulators || {})) {
  if (typeof firebase[name] !== 'function') continue;
  if (name === 'auth') firebase.auth().useEmulator('http://' + at.hostAndPort);
  else firebase[name]().useEmulator(at.host, at.port);
}
`
