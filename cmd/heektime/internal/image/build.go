package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"heek.kr/heektime/internal/deployment/spec"
)

// user is the user and group that a service runs as: the number that images without users, such as
// Google's distroless ones, use for nobody in particular. A number needs no /etc/passwd.
const user = "65532:65532"

// platform is what Cloud Run runs.
//
// Source: https://cloud.google.com/run/docs/container-contract#languages
var platform = v1.Platform{OS: "linux", Architecture: "amd64"}

// Builder builds images.
type Builder struct {
	Compiler *Compiler
	// Out is the folder that the images are written to, each in a folder named after its service.
	Out string
	// Revision is the commit that is built.
	Revision string
}

// Program is what an image runs.
type Program struct {
	// Name is the name of the image, and of the binary in it.
	Name string
	// Package is the folder of its package.
	Package string
	// Files are copied into the image.
	Files []spec.File
	// Arguments are those that it is started with, unless whoever starts it gives others.
	Arguments []string
	// Ports are those that it listens on.
	Ports []int
}

// Service returns the program of a service. Cloud Run tells it its port.
func Service(s *spec.Service) *Program {
	return &Program{Name: s.Name, Package: s.Package, Files: s.Files}
}

// Build builds a program's image and writes it to the folder as an OCI layout, which it replaces.
func (b *Builder) Build(ctx context.Context, s *Program) (_ *Built, err error) {
	started := time.Now()
	if err := os.MkdirAll(b.Out, 0o755); err != nil {
		return nil, fmt.Errorf("create the folder of the images: %w", err)
	}
	dir, err := os.MkdirTemp(b.Out, ".build-")
	if err != nil {
		return nil, fmt.Errorf("create a folder for the build: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	binary := filepath.Join(dir, s.Name)
	if err := b.Compiler.Compile(ctx, s.Package, binary); err != nil {
		return nil, err
	}
	image, err := b.assemble(s, binary)
	if err != nil {
		return nil, fmt.Errorf("assemble the image of %s: %w", s.Name, err)
	}
	path := filepath.Join(b.Out, s.Name)
	if err := write(image, filepath.Join(dir, "layout"), path); err != nil {
		return nil, fmt.Errorf("write the image of %s: %w", s.Name, err)
	}
	built, err := describe(s.Name, path, image)
	if err != nil {
		return nil, err
	}
	built.Took = time.Since(started)
	return built, nil
}

// assemble makes an image of a compiled program. The layers are in the order in which they change
// rarely: registries and machines that have a layer do not transfer it again.
func (b *Builder) assemble(s *Program, binary string) (v1.Image, error) {
	certificates, err := roots()
	if err != nil {
		return nil, err
	}
	var files []file
	for _, f := range s.Files {
		content, err := os.ReadFile(filepath.Join(b.Compiler.Root, filepath.FromSlash(f.Source)))
		if err != nil {
			return nil, fmt.Errorf("read a file of the image: %w", err)
		}
		files = append(files, file{Path: f.Path, Mode: 0o444, Content: content})
	}
	program, err := os.ReadFile(binary)
	if err != nil {
		return nil, fmt.Errorf("read the binary: %w", err)
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, content := range []struct {
		comment string
		files   []file
	}{
		{"CA certificates", []file{{Path: rootsPath, Mode: 0o444, Content: certificates}}},
		{"files of the repository", files},
		{"the program", []file{{Path: "/" + s.Name, Mode: 0o555, Content: program}}},
	} {
		if len(content.files) == 0 {
			continue
		}
		layer, err := newLayer(content.files...)
		if err != nil {
			return nil, err
		}
		history := v1.History{Created: v1.Time{Time: epoch}, CreatedBy: "heektime image build", Comment: content.comment}
		if image, err = mutate.Append(image, mutate.Addendum{Layer: layer, History: history}); err != nil {
			return nil, fmt.Errorf("add a layer: %w", err)
		}
	}
	return b.configure(image, s)
}

// configure says how to run the image. The user is a number, so that a runtime can see that it is
// not root.
func (b *Builder) configure(image v1.Image, s *Program) (v1.Image, error) {
	config, err := image.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = platform.OS, platform.Architecture, v1.Time{Time: epoch}
	config.Config = v1.Config{
		Entrypoint: []string{"/" + s.Name}, Cmd: s.Arguments, User: user, WorkingDir: "/",
		Labels: map[string]string{labelTitle: s.Name, labelSource: source, labelRevision: b.Revision},
	}
	for _, port := range s.Ports {
		if config.Config.ExposedPorts == nil {
			config.Config.ExposedPorts = map[string]struct{}{}
		}
		config.Config.ExposedPorts[fmt.Sprintf("%d/tcp", port)] = struct{}{}
	}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		return nil, fmt.Errorf("write the configuration: %w", err)
	}
	return image, nil
}

// write writes an image as an OCI layout to a new folder, which then replaces path.
func write(image v1.Image, folder, path string) error {
	index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{
		Add: image, Descriptor: v1.Descriptor{Platform: &platform},
	})
	if _, err := layout.Write(folder, index); err != nil {
		return err
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.Rename(folder, path)
}

// describe returns an image's digest and size.
func describe(service, path string, image v1.Image) (*Built, error) {
	digest, err := image.Digest()
	if err != nil {
		return nil, fmt.Errorf("compute the digest of %s: %w", service, err)
	}
	layers, err := image.Layers()
	if err != nil {
		return nil, fmt.Errorf("read the layers of %s: %w", service, err)
	}
	b := &Built{Service: service, Path: path, Digest: digest}
	for _, layer := range layers {
		size, err := layer.Size()
		if err != nil {
			return nil, fmt.Errorf("read the layers of %s: %w", service, err)
		}
		b.Size += size
	}
	return b, nil
}
