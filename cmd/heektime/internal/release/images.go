package release

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// isDigest matches images that are named by their digest, which cannot change.
var isDigest = regexp.MustCompile(`^[^@\s]+@sha256:[0-9a-f]{64}$`)

// ParseImages reads the images of services from the JSON that heektime image push prints:
// {"revision": …, "images": {"courses": "HOST/…/courses@sha256:…"}}, or the inner object alone.
func ParseImages(text []byte) (map[string]string, error) {
	var pushed struct{ Images map[string]string }
	if err := json.Unmarshal(text, &pushed); err != nil {
		return nil, fmt.Errorf("read the images: %w", err)
	}
	images := pushed.Images
	if images == nil {
		if err := json.Unmarshal(text, &images); err != nil {
			return nil, fmt.Errorf("read the images: %w", err)
		}
	}
	for service, image := range images {
		if err := checkImage(service, image); err != nil {
			return nil, err
		}
	}
	if len(images) == 0 {
		return nil, fmt.Errorf("read the images: there are none")
	}
	return images, nil
}

// ParseImage reads SERVICE=IMAGE.
func ParseImage(text string) (service, image string, err error) {
	service, image, ok := strings.Cut(text, "=")
	if !ok || service == "" {
		return "", "", fmt.Errorf("image %q: write SERVICE=HOST/PATH@sha256:DIGEST", text)
	}
	return service, image, checkImage(service, image)
}

func checkImage(service, image string) error {
	if !isDigest.MatchString(image) {
		return fmt.Errorf("image of %s: %q does not end with @sha256: and a digest, so it could change after the check", service, image)
	}
	return nil
}
