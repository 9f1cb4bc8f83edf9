package iam

// Project returns the name of the project, on which roles for everything in it are granted.
func (p *Policy) Project() string { return "projects/" + p.project }

// Bucket returns the name of a bucket.
func (p *Policy) Bucket(name string) string { return bucketName(name) }

// ServiceAccount returns the name of a service account, on which others may have roles.
func (p *Policy) ServiceAccount(email string) string {
	return p.Project() + "/serviceAccounts/" + email
}

// Queue returns the name of a queue of Cloud Tasks.
func (p *Policy) Queue(location, id string) string {
	return p.Project() + "/locations/" + location + "/queues/" + id
}

// Service returns the name of a Cloud Run service.
func (p *Policy) Service(location, name string) string {
	return p.Project() + "/locations/" + location + "/services/" + name
}

// Secret returns the name of a secret.
func (p *Policy) Secret(id string) string { return p.Project() + "/secrets/" + id }

func bucketName(name string) string         { return "projects/_/buckets/" + name }
func objectName(bucket, name string) string { return bucketName(bucket) + "/objects/" + name }
