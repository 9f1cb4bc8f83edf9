package spec

import (
	"errors"
	"fmt"
	"strings"
)

// Place is where a deployment runs, Google's cloud or one machine: it holds what the table leaves
// open.
type Place struct {
	Project string
	// Database is the Firestore database that services use; "" means [DefaultDatabase].
	Database string
	// URLs are the base URLs of the services, by name.
	URLs map[string]string
	// Buckets are the names of buckets by id, where they differ from the table's.
	Buckets map[string]string
	// Files are the paths of the images' files, by the path that they have in the image. A file that
	// is missing here is where the image has it.
	Files map[string]string
	// Secrets are the values of secrets, by id.
	Secrets map[string]string
	// APIKey, SiteURL and Origins are the values of those kinds.
	APIKey, SiteURL string
	Origins         []string
}

// Environment returns a service's environment variables at a place. The error names every required
// variable for which the place has no value.
func (d *Deployment) Environment(service string, p Place) (map[string]string, error) {
	s, ok := d.Service(service)
	if !ok {
		return nil, fmt.Errorf("service %q does not exist", service)
	}
	env := map[string]string{}
	var errs []error
	for _, v := range s.Environment {
		value := d.value(v.Value, p)
		if value != "" {
			env[v.Name] = value
		} else if v.Required {
			errs = append(errs, fmt.Errorf("service %s: %s has no value: the %s is not known", service, v.Name, v.Value.Kind))
		}
	}
	return env, errors.Join(errs...)
}

// value is "" for a variable that is left unset.
func (d *Deployment) value(v Value, p Place) string {
	switch v.Kind {
	case KindConstant:
		return v.Text
	case KindProjectID:
		return p.Project
	case KindDatabase:
		return p.Database
	case KindServiceURL:
		return p.URLs[v.Text]
	case KindBucketName:
		return d.BucketName(v.Text, p)
	case KindQueueName:
		return d.QueueName(p.Project, v.Text)
	case KindEmails:
		emails := make([]string, len(v.Accounts))
		for i, id := range v.Accounts {
			emails[i] = Email(p.Project, id)
		}
		return strings.Join(emails, ",")
	case KindSecret:
		return p.Secrets[v.Text]
	case KindFile:
		if path, ok := p.Files[v.Text]; ok {
			return path
		}
		return v.Text
	case KindAPIKey:
		return p.APIKey
	case KindOrigins:
		return strings.Join(p.Origins, ",")
	case KindSiteURL:
		return p.SiteURL
	}
	return ""
}

// BucketName is a bucket's name at a place.
func (d *Deployment) BucketName(id string, p Place) string {
	if name, ok := p.Buckets[id]; ok {
		return name
	}
	if b, ok := d.Bucket(id); ok {
		return b.NameIn(p.Project)
	}
	return ""
}
