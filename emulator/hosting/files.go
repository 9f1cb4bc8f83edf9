package hosting

import (
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// types are those that not every machine knows by the file's name.
var types = map[string]string{
	".ico": "image/x-icon", ".map": "application/json", ".txt": "text/plain; charset=utf-8", ".webmanifest": "application/manifest+json",
	".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf", ".md": "text/markdown; charset=utf-8",
}

// folder is the folder of a site while a request is answered. Nothing in it leads out of it, no link either.
type folder struct {
	*Site
	root *os.Root
}

// open opens the site's folder. The error is fs.ErrNotExist when there is none.
func (s *Site) open() (*folder, error) {
	root, err := os.OpenRoot(s.Public)
	if err != nil {
		return nil, err
	}
	return &folder{s, root}, nil
}

// file opens a file by its path; nil when there is none to serve.
func (f *folder) file(name string) *os.File {
	name = strings.TrimPrefix(name, "/")
	if name == "" || strings.HasSuffix(name, "/") || slices.ContainsFunc(f.ignored, func(p *pattern) bool { return p.matches(name) }) {
		return nil
	}
	file, err := f.root.Open(name)
	if err != nil { // none there, or a link that leads elsewhere
		return nil
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil
	}
	return file
}

// find is the file for a path or, when it is to be asked for by another, where to. Both are empty when there is none.
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

// serve sends a file and closes it. The client asks each time whether it still has it, unless the site says otherwise.
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
	if kind := types[extension]; kind != "" {
		setDefault(h, "Content-Type", kind)
	} else if kind := mime.TypeByExtension(extension); kind != "" {
		setDefault(h, "Content-Type", kind)
	}
	if status == http.StatusOK {
		setDefault(h, "ETag", `W/"`+strconv.FormatInt(info.Size(), 36)+"-"+strconv.FormatInt(info.ModTime().UnixNano(), 36)+`"`)
		http.ServeContent(w, r, path.Base(file.Name()), info.ModTime(), file)
		return
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		file.WriteTo(w) // who went away is nobody to tell
	}
}

func setDefault(h http.Header, key, value string) {
	if h.Get(key) == "" {
		h.Set(key, value)
	}
}

// missing tells whether the site has no folder yet.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
