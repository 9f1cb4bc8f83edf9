package spec

import (
	"regexp"
	"time"
)

// Images is the repository of the services' images in Artifact Registry.
type Images struct {
	// Repository is its id.
	Repository string
	// Keep is how many versions of each image stay whatever their age, to roll back to.
	Keep int
	// DeleteAfter is the age at which all others are deleted.
	DeleteAfter time.Duration
}

// ImageRepository returns the path of a project's images in Artifact Registry. The image of a service is
// one level below, under the service's name.
func (d *Deployment) ImageRepository(project string) string {
	return d.Region + "-docker.pkg.dev/" + project + "/" + d.Images.Repository
}

// repositoryID: 4 to 63 lower-case letters, digits and dashes, starting with a letter.
//
// Source: https://cloud.google.com/artifact-registry/docs/repositories/create-repos
var repositoryID = regexp.MustCompile(`^[a-z][a-z0-9-]{1,61}[a-z0-9]$`)

func (d *Deployment) checkImages(f *faults) {
	f = f.in("images", d.Images.Repository)
	if !repositoryID.MatchString(d.Images.Repository) {
		f.addf("an id has lower-case letters, digits and dashes, and starts with a letter")
	}
	if d.Images.Keep < 2 {
		f.addf("%d versions are kept: a rollback needs the one before", d.Images.Keep)
	}
	if d.Images.DeleteAfter < 24*time.Hour {
		f.addf("images are deleted after %v: want a day or more", d.Images.DeleteAfter)
	}
}
