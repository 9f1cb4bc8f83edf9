// Package image builds the container images of the services and of the local cloud and pushes them to a registry,
// without Docker:
//
//	compile.go   compiles a service to a static binary
//	layer.go     packs files into a layer
//	roots.go     the CA certificates of an image
//	build.go     [Builder] assembles the images and writes them to a folder
//	revision.go  the commit that images are built from
//	localcloud.go  the programs of the local cloud
//	push.go      pushes the images of a folder, and reports their digests
//
// A commit always gives the same images, byte for byte, whoever builds them, where and when. So a
// digest identifies the code that runs, and pushing again uploads nothing. docs/images.md explains
// what an image contains, and why.
package image

import (
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Built is an image in a folder.
type Built struct {
	Service string
	// Path is the folder of the image's OCI layout.
	Path   string
	Digest v1.Hash
	// Size is the number of compressed bytes: what the registry stores, and what Cloud Run fetches.
	Size int64
	Took time.Duration
}

// String returns a line about the image for the screen.
func (b Built) String() string {
	return fmt.Sprintf("%-14s %5.1f MB  %s  %5.1f s", b.Service, float64(b.Size)/1e6, b.Digest, b.Took.Seconds())
}

// The labels of an image.
//
// Source: https://github.com/opencontainers/image-spec/blob/main/annotations.md
const (
	labelTitle    = "org.opencontainers.image.title"
	labelSource   = "org.opencontainers.image.source"
	labelRevision = "org.opencontainers.image.revision"
)

// source is the value of the label for the source code: the module's path.
const source = "https://heek.kr/heektime"
