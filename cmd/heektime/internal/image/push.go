package image

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/google"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Pusher pushes images to a registry.
type Pusher struct {
	// From is the folder that [Builder] wrote the images to.
	From string
	// Repository is the path of the images in the registry, without the name of the service.
	Repository string
	// Auth is who pushes; nil is nobody in particular, for a local registry.
	Auth authn.Authenticator
	// Tags are further tags of the image, such as a version.
	Tags []string
}

// Pushed is an image in a registry.
type Pushed struct {
	Service, Revision string
	// Reference names the image by its digest: REPOSITORY/SERVICE@sha256:….
	Reference string
}

// GoogleAuth returns who the application default credentials belong to.
func GoogleAuth(ctx context.Context) (authn.Authenticator, error) {
	auth, err := google.NewEnvAuthenticator(ctx)
	if err != nil {
		return nil, fmt.Errorf("find application default credentials (run gcloud auth application-default login): %w", err)
	}
	return auth, nil
}

// EnvironmentAuth returns who the user and password of an environment belong to, nil if it has none.
func EnvironmentAuth(getenv func(string) string) authn.Authenticator {
	user, password := getenv("REGISTRY_USER"), getenv("REGISTRY_PASSWORD")
	if user == "" || password == "" {
		return nil
	}
	return &authn.Basic{Username: user, Password: password}
}

// Push pushes a service's image and tags it with its commit. What the registry already has is not
// uploaded again.
func (p *Pusher) Push(ctx context.Context, service string) (*Pushed, error) {
	image, err := Read(filepath.Join(p.From, service))
	if err != nil {
		return nil, fmt.Errorf("read the image of %s (build it with heektime image build %s): %w", service, service, err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("read the configuration of %s: %w", service, err)
	}
	revision := config.Config.Labels[labelRevision]
	switch {
	case config.Config.Labels[labelTitle] != service:
		return nil, fmt.Errorf("the image in %s is that of %q", filepath.Join(p.From, service), config.Config.Labels[labelTitle])
	case revision == "" || Dirty(revision):
		return nil, fmt.Errorf("the image of %s was built with uncommitted changes: commit them and build it again", service)
	}
	tag, err := name.NewTag(p.Repository + "/" + service + ":" + revision)
	if err != nil {
		return nil, fmt.Errorf("name the image of %s: %w", service, err)
	}
	auth := p.Auth
	if auth == nil {
		auth = authn.Anonymous
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuth(auth), remote.WithUserAgent("heektime")}
	if err := remote.Write(tag, image, options...); err != nil {
		return nil, fmt.Errorf("push the image of %s: %w", service, err)
	}
	for _, name := range p.Tags { // when the image is there
		if err := remote.Tag(tag.Context().Tag(name), image, options...); err != nil {
			return nil, fmt.Errorf("tag the image of %s as %s: %w", service, name, err)
		}
	}
	digest, err := image.Digest()
	if err != nil {
		return nil, fmt.Errorf("compute the digest of %s: %w", service, err)
	}
	return &Pushed{Service: service, Revision: revision, Reference: tag.Context().Digest(digest.String()).Name()}, nil
}

// Read reads the image in a folder that [Builder] wrote.
func Read(path string) (v1.Image, error) {
	index, err := layout.ImageIndexFromPath(path)
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	if len(manifest.Manifests) != 1 {
		return nil, errors.New("the folder does not contain exactly one image")
	}
	return index.Image(manifest.Manifests[0].Digest)
}
