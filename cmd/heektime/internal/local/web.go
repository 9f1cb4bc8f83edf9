package local

import "net/http"

// connectHosting gives Hosting the URLs of the services that rewrites in firebase.json name.
func (b *Backend) connectHosting() error {
	for _, site := range b.Cloud.Hosting {
		for name, url := range b.URLs {
			if err := site.SetService(name, url); err != nil {
				return err
			}
		}
	}
	return nil
}

// webOrigin is the only origin in the services' ALLOWED_ORIGINS.
const webOrigin = "http://web-app.localhost"

// asWebApp lets every page that the cloud's guard admits call a service. A service compares origins
// with its list, which cannot name all the ports of this machine. So the service sees webOrigin as the
// page's origin, and the browser sees its own in the response. Everything else is the service's own CORS
// handling, as in production: which methods and headers it allows, or that it allows no pages at all.
func asWebApp(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "" {
			next.ServeHTTP(w, r)
			return
		}
		r = r.Clone(r.Context())
		r.Header.Set("Origin", webOrigin)
		mapped := &originWriter{ResponseWriter: w, origin: origin}
		next.ServeHTTP(mapped, r)
		mapped.replace() // for a handler that writes nothing, whose header is still to be sent
	})
}

// originWriter replaces webOrigin in the response's CORS header with the page's origin.
type originWriter struct {
	http.ResponseWriter
	origin string
}

func (w *originWriter) WriteHeader(status int) {
	w.replace()
	w.ResponseWriter.WriteHeader(status)
}

func (w *originWriter) Write(data []byte) (int, error) {
	w.replace()
	return w.ResponseWriter.Write(data)
}

// Flush implements http.Flusher, which handlers may look for.
func (w *originWriter) Flush() {
	w.replace()
	http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap is for http.ResponseController.
func (w *originWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *originWriter) replace() {
	const header = "Access-Control-Allow-Origin"
	if w.Header().Get(header) == webOrigin {
		w.Header().Set(header, w.origin)
	}
}
