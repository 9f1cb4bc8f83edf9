package deployment

// imageRepository is the repository in Artifact Registry that has the images of the services.
const imageRepository = "heektime"

// ImageRepository returns the path of a project's images in Artifact Registry. The image of a service
// is one level below, under the service's name.
func ImageRepository(project string) string {
	return region + "-docker.pkg.dev/" + project + "/" + imageRepository
}
