package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// ListsBucket is the bucket of the course lists.
const ListsBucket = "lists"

// listsRegion is where the lists are: Oregon, because Cloud Storage's free amounts are for three regions of the
// United States, and lists are most of what a month costs elsewhere. A whole list takes 0.13 seconds longer from
// there, which a client waits for once for each semester: after that it loads deltas.
//
// Source: https://cloud.google.com/storage/pricing#cloud-storage-always-free
const listsRegion = "us-west1"

// buckets: clients read lists from the project's default bucket, under storage.rules. There is no
// lifecycle by age, as a published list keeps its name for as long as it does not change.
func buckets() []spec.Bucket {
	return []spec.Bucket{{
		ID: ListsBucket, Purpose: "the published course lists", Suffix: ".firebasestorage.app", Region: listsRegion,
		CORSMethods: []string{"GET"}, CORSHeaders: []string{"Content-Type", "Content-Encoding"}, CORSMaxAge: time.Hour,
	}}
}

// The secrets of compat-server.
const tokenKey, oldTokenKey, oldServerKey = "token-key", "token-key-old", "old-server-token-key"

func secrets() []spec.Secret {
	return []spec.Secret{{
		ID: tokenKey, Purpose: "the key that signs the tokens of old clients", Make: "openssl rand -base64 32",
	}, {
		ID: oldTokenKey, Purpose: "the previous key, during a rotation",
	}, {
		ID: oldServerKey, Purpose: "the key of the old server's tokens, while data moves",
	}}
}
