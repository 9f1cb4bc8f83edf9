package hosting

import (
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// contentTypes lists file extensions whose type the system's MIME tables may lack.
var contentTypes = map[string]string{
	".ico": "image/x-icon", ".map": "application/json", ".txt": "text/plain; charset=utf-8",
	".webmanifest": "application/manifest+json", ".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".md": "text/markdown; charset=utf-8",
}

// folder is a site's folder, open for the duration of one request. No path and no symbolic link leads
// out of it.
type folder struct {
	*Site
	root *os.Root
}

// open opens the site's folder. It returns fs.ErrNotExist if the folder does not exist.
func (s *Site) open() (*folder, error) {
	root, err := os.OpenRoot(s.Public)
	if err != nil {
		return nil, err
	}
	return &folder{s, root}, nil
}

// ignores reports whether the site's settings exclude a file from deployment.
func (f *folder) ignores(name string) bool {
	return slices.ContainsFunc(f.ignored, func(p *pattern) bool { return p.matches(name) })
}

// file opens the file at a path. It returns nil if there is no such file or the site ignores it.
func (f *folder) file(name string) *os.File {
	name = strings.TrimPrefix(name, "/")
	if name == "" || strings.HasSuffix(name, "/") || f.ignores(name) {
		return nil
	}
	file, err := f.root.Open(name)
	if err != nil { // no such file, or a link out of the folder
		return nil
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil
	}
	return file
}

// find returns the file for a path or, if the file has another canonical address, that address. It
// returns neither if there is no file. The canonical address follows from cleanUrls and trailingSlash.
func (f *folder) find(p string) (file *os.File, redirect string) {
	slash := strings.HasSuffix(p, "/")
	bare := strings.TrimSuffix(p, "/")
	add, remove := f.trailingSlash != nil && *f.trailingSlash, f.trailingSlash != nil && !*f.trailingSlash
	if file = f.file(p); file != nil {
		page, isPage := strings.CutSuffix(p, ".html")
		if !f.cleanURLs || !isPage {
			return file, ""
		}
		file.Close()
		page = strings.TrimSuffix(page, "/index")
		if add || page == "" {
			page += "/"
		}
		return nil, page
	}
	if file = f.file(bare + "/index.html"); file != nil {
		switch {
		case !slash && (add || f.trailingSlash == nil && !f.cleanURLs):
			redirect = p + "/"
		case slash && remove && bare != "":
			redirect = bare
		default:
			return file, ""
		}
		file.Close()
		return nil, redirect
	}
	if !f.cleanURLs || slash && f.trailingSlash == nil {
		return nil, ""
	}
	if file = f.file(bare + ".html"); file == nil {
		return nil, ""
	}
	switch index, isIndex := strings.CutSuffix(bare, "/index"); {
	case slash && remove:
		redirect = bare
	case !slash && add:
		redirect = strings.TrimSuffix(bare, "/index") + "/"
	case isIndex && index == "":
		redirect = "/"
	case isIndex:
		redirect = index
	default:
		return file, ""
	}
	file.Close()
	return nil, redirect
}

// serve sends a file and closes it. Unless the site sets Cache-Control, clients revalidate the file on
// each use.
func (f *folder) serve(w http.ResponseWriter, r *http.Request, file *os.File, status int) {
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		http.Error(w, "The file cannot be read.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	setDefault(h, "Cache-Control", "no-cache")
	extension := path.Ext(file.Name())
	if kind := contentTypes[extension]; kind != "" {
		setDefault(h, "Content-Type", kind)
	} else if kind := mime.TypeByExtension(extension); kind != "" {
		setDefault(h, "Content-Type", kind)
	}
	if status == http.StatusOK {
		setDefault(h, "ETag", etag(info))
		http.ServeContent(w, r, path.Base(file.Name()), info.ModTime(), file)
		return
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		file.WriteTo(w) // ignore write errors: the client is gone
	}
}

// etag derives an entity tag from a file's size and modification time.
func etag(info fs.FileInfo) string {
	return fmt.Sprintf(`W/"%s-%s"`, strconv.FormatInt(info.Size(), 36), strconv.FormatInt(info.ModTime().UnixNano(), 36))
}

// setDefault sets a header that has no value yet.
func setDefault(h http.Header, key, value string) {
	if h.Get(key) == "" {
		h.Set(key, value)
	}
}
