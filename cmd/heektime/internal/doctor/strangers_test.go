package doctor

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// strangers stands in for the internet: it responds to a stranger's requests by host and path.
type strangers struct {
	mu        sync.Mutex
	responses map[string]strangerResponse // by host and path; "forged" in front for a request with a token
	expires   time.Time
	requests  []string
}

type strangerResponse struct {
	status int
	body   string
	header map[string]string
	err    error
}

// healthyBody is what our services respond to GET /health.
const healthyBody = `{"status":"ok"}`

func newStrangers(table *spec.Deployment, files Files) *strangers {
	s := &strangers{responses: map[string]strangerResponse{}, expires: testNow().Add(60 * 24 * time.Hour)}
	for _, service := range table.Services {
		key := strings.TrimPrefix(table.RunURL(service.Name, testNumber), "https://") + healthPath
		s.responses[key], s.responses["forged "+key] = strangerResponse{status: 200, body: healthyBody}, strangerResponse{status: 200, body: healthyBody}
		if !service.Public {
			s.responses[key], s.responses["forged "+key] = strangerResponse{status: 403}, strangerResponse{status: 401}
		}
	}
	site := testProject + ".web.app"
	s.responses[site+"/"] = strangerResponse{status: 200, header: files.siteHeaders()}
	for _, path := range files.rewrites() {
		s.responses[site+path] = strangerResponse{status: 405, header: map[string]string{"Content-Type": "text/plain; charset=utf-8"}}
	}
	return s
}

func (s *strangers) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Hostname() == "127.0.0.1" { // the stand-in, which serves Go's releases and the images' layers
		return http.DefaultTransport.RoundTrip(r)
	}
	key := r.URL.Host + r.URL.Path
	if r.Header.Get("Authorization") != "" {
		key = "forged " + key
	}
	s.requests = append(s.requests, r.Method+" "+key)
	response := &http.Response{StatusCode: 404, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("")), Request: r}
	response.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{NotAfter: s.expires}}}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if answer, known := s.responses[key]; known {
		if answer.err != nil {
			return nil, answer.err
		}
		response.StatusCode, response.Body = answer.status, io.NopCloser(strings.NewReader(answer.body))
		for name, value := range answer.header {
			response.Header.Set(name, value)
		}
		return response, nil
	}
	return response, nil
}

// imageOf serves one image for all services: its program is the running test, which has the version of
// Go in it.
type imageOf struct {
	program string
	once    sync.Once
	layer   []byte
}

func (i *imageOf) handle(t *testing.T, mux *http.ServeMux) {
	base := "GET /" + artifactAPI + "/v2/" + testProject + "/heektime/{service}/"
	mux.HandleFunc(base+"manifests/{digest}", func(w http.ResponseWriter, r *http.Request) {
		respond(w, obj{"schemaVersion": 2, "config": obj{"digest": "sha256:config"}, "layers": []obj{{"digest": "sha256:certificates"}, {"digest": "sha256:program"}}})
	})
	mux.HandleFunc(base+"blobs/sha256:config", func(w http.ResponseWriter, r *http.Request) {
		respond(w, obj{"config": obj{"Entrypoint": []string{i.program}}})
	})
	mux.HandleFunc(base+"blobs/sha256:certificates", func(w http.ResponseWriter, r *http.Request) {
		w.Write(layerOf(t, "etc/ssl/cert.pem", []byte("certificates")))
	})
	mux.HandleFunc(base+"blobs/sha256:program", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/signed", http.StatusFound) // as Artifact Registry does
	})
	mux.HandleFunc("GET /signed", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the signed URL gets the caller's token")
		}
		i.once.Do(func() {
			self, err := os.Executable()
			if err != nil {
				t.Error(err)
			}
			binary, err := os.ReadFile(self)
			if err != nil {
				t.Error(err)
			}
			i.layer = layerOf(t, "service", binary)
		})
		w.Write(i.layer)
	})
}

// layerOf is a layer with one file, stored instead of compressed: that is faster.
func layerOf(t *testing.T, name string, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&out, gzip.NoCompression)
	archive := tar.NewWriter(zip)
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o555, Size: int64(len(content))}); err != nil {
		t.Error(err)
	}
	if _, err := archive.Write(content); err != nil {
		t.Error(err)
	}
	if archive.Close() != nil || zip.Close() != nil {
		t.Error("cannot write a layer")
	}
	return out.Bytes()
}
