// Package getter has the names that OpenTofu needs to compile, and downloads nothing.
package getter

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
)

var errLeftOut = errors.New("this build of OpenTofu downloads and unpacks nothing")

// Client fetches nothing.
type Client struct {
	Src, Dst, Pwd string
	Mode          ClientMode
	Umask         os.FileMode
	Detectors     []Detector
	Decompressors map[string]Decompressor
	Getters       map[string]Getter
	Ctx           context.Context
}

// Get always fails.
func (*Client) Get() error { return errLeftOut }

// ClientMode is not used.
type ClientMode int

// ClientModeDir is the only mode.
const ClientModeDir ClientMode = 0

// Getter is not used.
type Getter any

// The getters.
type (
	FileGetter struct{}
	GCSGetter  struct{}
	GitGetter  struct{}
	HgGetter   struct{}
	S3Getter   struct{}
	HttpGetter struct {
		Client                *http.Client
		Netrc                 bool
		XTerraformGetLimit    int
		XTerraformGetDisabled bool
	}
)

// GetFile always fails.
func (*HttpGetter) GetFile(string, *url.URL) error { return errLeftOut }

// Detector is not used.
type Detector interface {
	Detect(src, pwd string) (string, bool, error)
}

type detector struct{}

func (detector) Detect(string, string) (string, bool, error) { return "", false, nil }

// The detectors detect nothing.
type (
	BitBucketDetector struct{ detector }
	GCSDetector       struct{ detector }
	GitDetector       struct{ detector }
	GitHubDetector    struct{ detector }
	S3Detector        struct{ detector }
)

// Decompressor is not used.
type Decompressor interface {
	Decompress(dst, src string, dir bool, umask os.FileMode) error
}

type decompressor struct{}

func (decompressor) Decompress(string, string, bool, os.FileMode) error { return errLeftOut }

// The decompressors always fail.
type (
	Bzip2Decompressor    struct{ decompressor }
	GzipDecompressor     struct{ decompressor }
	TarBzip2Decompressor struct{ decompressor }
	TarGzipDecompressor  struct{ decompressor }
	TarXzDecompressor    struct{ decompressor }
	XzDecompressor       struct{ decompressor }
	ZipDecompressor      struct{ decompressor }
)

// Detect always fails: deploy/ has no modules.
func Detect(string, string, []Detector) (string, error) { return "", errLeftOut }

// SourceDirSubdir returns no subfolder.
func SourceDirSubdir(src string) (string, string) { return src, "" }

// SubdirGlob always fails.
func SubdirGlob(string, string) (string, error) { return "", errLeftOut }

// Copy always fails.
func Copy(context.Context, io.Writer, io.Reader) (int64, error) { return 0, errLeftOut }
