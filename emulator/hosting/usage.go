package hosting

import (
	"cmp"
	"io/fs"
	"net/http"
	"path"

	"heek.kr/heektime/emulator/billing"
)

// metered counts the bytes of responses, as they are sent: compressed if the client accepts it. A response to
// a conditional request that sends nothing costs nothing.
//
// Source: https://firebase.google.com/docs/hosting/usage-quotas-pricing
func (s *Server) metered(next http.Handler) http.Handler {
	if s.meter == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := &billing.Response{ResponseWriter: w}
		cause := billing.Cause{Service: billing.Client, Action: cmp.Or(r.Header.Get(billing.ActionHeader), "hosting"), Collection: r.URL.Path}
		defer func() {
			s.meter.Add(billing.HostingEgress, cause, out.Bytes)
			if out.Status == http.StatusNotModified {
				s.meter.Add(billing.HostingCached, cause, s.fileSize(r.URL.Path))
			}
			if !s.measured.Load() {
				s.measure()
			}
		}()
		next.ServeHTTP(out, r)
	})
}

// fileSize returns the size of the file that is served at a path, before compression; 0 if none is.
func (s *Server) fileSize(p string) int64 {
	f, err := s.site.open()
	if err != nil {
		return 0
	}
	defer f.root.Close()
	file, _ := f.find(cleanPath(p))
	if file == nil {
		return 0
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

// measure counts the files that a deployment of the site would store, once there are any. It does not notice
// later changes: a release keeps its size. Hosting stores them compressed, which is not emulated.
func (s *Server) measure() {
	f, err := s.site.open()
	if err != nil {
		return
	}
	defer f.root.Close()
	var total int64
	// Files that cannot be read are not served either.
	_ = fs.WalkDir(f.root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || !entry.Type().IsRegular():
			return nil
		case f.ignores(path.Clean(name)):
			return nil
		}
		if info, err := entry.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	if total > 0 && s.measured.CompareAndSwap(false, true) {
		s.meter.SetLevel(billing.HostingStored, s.project, total)
	}
}
