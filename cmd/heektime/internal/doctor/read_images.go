package doctor

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"

	artifactregistry "google.golang.org/api/artifactregistry/v1"

	"heek.kr/heektime/internal/deployment/spec"
)

// maxBinary bounds what is read of an image.
const maxBinary = 256 << 20

// readImages reads which version of Go each service's binary was built with, from the binary itself.
// Services whose image is not ours have no version; another check reports those.
func readImages(ctx context.Context, r *reader) error {
	return each(ctx, r.Table.Services, func(ctx context.Context, s spec.Service) error {
		service := r.state.Services[s.Name]
		if service == nil || len(containers(service)) == 0 || !r.ownImage(containers(service)[0].Image) {
			return nil
		}
		version, err := r.goVersion(ctx, containers(service)[0].Image)
		if err != nil {
			return fmt.Errorf("read the image of %s: %w", s.Name, err)
		}
		r.state.mu.Lock()
		defer r.state.mu.Unlock()
		r.state.GoVersions[s.Name] = version
		return nil
	})
}

// imageRepository is where the project's images are.
func (o *Options) imageRepository() string { return o.Table.ImageRepository(o.Project) }

// readRepository reads the settings of the repository itself.
func readRepository(ctx context.Context, r *reader) error {
	client, err := artifactregistry.NewService(ctx, r.options(artifactAPI, "/")...)
	if err != nil {
		return fmt.Errorf("open Artifact Registry: %w", err)
	}
	repository, err := client.Projects.Locations.Repositories.Get(r.location() + "/repositories/" + r.Table.Images.Repository).Context(ctx).Do()
	if err != nil && !isNotFound(err) {
		return fmt.Errorf("read the image repository: %w", err)
	}
	r.state.Repository = repository
	return nil
}

func (o *Options) ownImage(image string) bool {
	return strings.HasPrefix(image, o.imageRepository()+"/")
}

// goVersion downloads an image's layers until it finds the program that the image runs.
//
// Source of the protocol: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pull
func (r *reader) goVersion(ctx context.Context, image string) (string, error) {
	host, rest, _ := strings.Cut(image, "/")
	repository, reference, byDigest := strings.Cut(rest, "@")
	if !byDigest {
		if repository, reference, _ = strings.Cut(rest, ":"); reference == "" {
			reference = "latest"
		}
	}
	base := "https://" + host
	if override := r.Endpoints[artifactAPI]; override != "" {
		base = override
	}
	base += "/v2/" + repository
	var manifest struct {
		Config struct {
			Digest string `json:"digest"`
		} `json:"config"`
		Layers []struct {
			Digest string `json:"digest"`
		} `json:"layers"`
	}
	var config struct {
		Config struct {
			Entrypoint []string
			Cmd        []string
		} `json:"config"`
	}
	if err := r.getRegistry(ctx, base+"/manifests/"+reference, decodeInto(&manifest)); err != nil {
		return "", err
	}
	if err := r.getRegistry(ctx, base+"/blobs/"+manifest.Config.Digest, decodeInto(&config)); err != nil {
		return "", err
	}
	command := append(config.Config.Entrypoint, config.Config.Cmd...)
	if len(command) == 0 {
		return "", errors.New("the image runs no program")
	}
	version := ""
	for _, layer := range manifest.Layers {
		err := r.getRegistry(ctx, base+"/blobs/"+layer.Digest, func(body io.Reader) (err error) {
			version, err = versionInLayer(body, command[0])
			return err
		})
		if err != nil || version != "" {
			return version, err
		}
	}
	return "", fmt.Errorf("the image has no program %s", command[0])
}

// getRegistry passes a manifest or blob to use.
func (r *reader) getRegistry(ctx context.Context, url string, use func(body io.Reader) error) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return fmt.Errorf("request %s: %w", url, err)
	}
	request.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json")
	response, err := r.follow(request)
	if err != nil {
		return fmt.Errorf("request %s: %w", url, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("request %s: %s", url, response.Status)
	}
	if err := use(io.LimitReader(response.Body, maxBinary)); err != nil {
		return fmt.Errorf("read %s: %w", url, err)
	}
	return nil
}

// follow sends a request. The registry redirects to a URL that is signed, which needs no token and must
// not get ours.
func (r *reader) follow(request *http.Request) (*http.Response, error) {
	client := *r.Authorized
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	location, err := response.Location()
	if err != nil { // it is not a redirect
		return response, nil
	}
	response.Body.Close()
	signed, err := http.NewRequestWithContext(request.Context(), http.MethodGet, location.String(), nil)
	if err != nil {
		return nil, err
	}
	return r.Anonymous.Do(signed)
}

func decodeInto(value any) func(io.Reader) error {
	return func(body io.Reader) error { return json.NewDecoder(body).Decode(value) }
}

// versionInLayer returns the version of Go that a program was built with, "" if the layer does not have
// the program.
func versionInLayer(layer io.Reader, program string) (string, error) {
	unzipped, err := gzip.NewReader(layer)
	if err != nil {
		return "", fmt.Errorf("decompress: %w", err)
	}
	files := tar.NewReader(unzipped)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("unpack: %w", err)
		}
		if path.Clean("/"+header.Name) != path.Clean(program) {
			continue
		}
		if header.Size > maxBinary {
			return "", fmt.Errorf("unpack %s: it has %d bytes", program, header.Size)
		}
		binary := make([]byte, header.Size)
		if _, err := io.ReadFull(files, binary); err != nil {
			return "", fmt.Errorf("unpack %s: %w", program, err)
		}
		info, err := buildinfo.Read(bytes.NewReader(binary))
		if err != nil {
			return "", fmt.Errorf("read the build information of %s: %w", program, err)
		}
		return info.GoVersion, nil
	}
}
