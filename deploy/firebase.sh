#!/usr/bin/env bash
# Does what the google provider cannot: it makes the project a Firebase project with its default bucket, site
# and web app, and turns sign-in on. (The google-beta provider could do most of it, but turns sign-in on by
# upgrading to Identity Platform, which has a price per user and cannot be undone.) Then it looks for what
# exists already, and writes
#
#   project.auto.tfvars.json   the project, and what apply adopts (see existing.tf)
#   backend.tf                 where the state is: a bucket of the project
#
# Run it before the first apply, and before an apply after destroy. Run it as often as you like: it changes
# only what is missing. Needs gcloud (logged in, with application default credentials), curl, openssl and
# npx, and the role Owner.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  echo "usage: deploy/firebase.sh [--lists-region REGION] PROJECT [DOMAIN...]" >&2
  echo "  REGION of the course lists' bucket, which cannot move later (default: us-west1)" >&2
  echo "  DOMAINs are the web app's own, such as heektime.kr" >&2
  exit 2
}

lists_region=$(sed -n '/^    "buckets": {/,/^    }/s/^ *"region": "\([a-z0-9-]*\)",*$/\1/p' deployment.auto.tfvars.json)
if [ "${1:-}" = --lists-region ]; then
  [ $# -ge 2 ] || usage
  lists_region=$2
  shift 2
fi
case ${1:-} in '' | -*) usage ;; esac
project=$1
shift
region=$(sed -n 's/^ *"region": "\([a-z0-9-]*\)",*$/\1/p' deployment.auto.tfvars.json | head -n 1)
state=$project-tofu-state

say() { printf '%s\n' "$*" >&2; }

# api METHOD URL [BODY] calls an API of Google that gcloud has no command for.
api() {
  curl --silent --show-error --fail-with-body -X "$1" "$2" ${3:+--data "$3"} \
    -H "Authorization: Bearer $(gcloud auth print-access-token)" \
    -H "X-Goog-User-Project: $project" -H "Content-Type: application/json"
}

# has URL reports whether a resource exists.
has() { api GET "$1" >/dev/null 2>&1; }

if [ "$(gcloud billing projects describe "$project" --format='value(billingEnabled)')" != True ]; then
  say "$project has no billing account: gcloud billing projects link $project --billing-account=ACCOUNT"
  exit 1
fi

say "APIs that this script calls"
gcloud services enable --project "$project" apikeys.googleapis.com cloudresourcemanager.googleapis.com \
  cloudtasks.googleapis.com eventarc.googleapis.com firebase.googleapis.com firebasehosting.googleapis.com \
  firebaserules.googleapis.com firebasestorage.googleapis.com firestore.googleapis.com iam.googleapis.com \
  identitytoolkit.googleapis.com secretmanager.googleapis.com serviceusage.googleapis.com storage.googleapis.com

say "state: gs://$state"
buckets=$(gcloud storage buckets list --project "$project" --format='value(name)')
if ! grep -qx "$state" <<<"$buckets"; then
  gcloud storage buckets create "gs://$state" --project "$project" --location "$region" \
    --uniform-bucket-level-access --public-access-prevention
fi
gcloud storage buckets update "gs://$state" --versioning
if [ ! -e backend.tf ]; then
  printf 'terraform {\n  backend "gcs" {\n    bucket = "%s"\n    prefix = "heektime"\n  }\n}\n' "$state" >backend.tf
fi

say "Firebase"
firebase=https://firebase.googleapis.com/v1beta1/projects/$project
if ! has "$firebase"; then
  api POST "$firebase:addFirebase" '{}' >/dev/null
  for _ in $(seq 60); do
    if has "$firebase"; then break; fi
    sleep 2
  done
fi
apps=$(api GET "$firebase/webApps")
if ! grep -q '"appId"' <<<"$apps"; then
  api POST "$firebase/webApps" '{"displayName": "HeekTime"}' >/dev/null
fi

say "default bucket: only Firebase can make one in its domain"
bucket=https://firebasestorage.googleapis.com/v1alpha/projects/$project/defaultBucket
has "$bucket" || api POST "$bucket" "{\"location\": \"$lists_region\"}" >/dev/null
wanted=$lists_region
lists_region=$(api GET "$bucket" | sed -n 's/^.*"location": *"\([A-Za-z0-9-]*\)".*$/\1/p' | head -n 1 | tr '[:upper:]' '[:lower:]')
if [ -z "$lists_region" ]; then
  say "Google's answer does not say where the bucket is: GET $bucket"
  exit 1
fi
if [ "$lists_region" != "$wanted" ]; then say "the bucket is in $lists_region, not in $wanted: it existed before, and cannot move"; fi

say "Hosting's site"
sites=https://firebasehosting.googleapis.com/v1beta1/projects/$project/sites
has "$sites/$project" || api POST "$sites?siteId=$project" '{}' >/dev/null

say "sign-in with e-mail and password"
config=$(mktemp -d)
trap 'rm -rf "$config"' EXIT
echo '{"auth": {"providers": {"emailPassword": true}}}' >"$config/firebase.json"
npx --yes firebase-tools@15 deploy --only auth --project "$project" --config "$config/firebase.json" --non-interactive >&2

say "one account for each address, no anonymous ones, links only to our own domains"
domains="\"$project.firebaseapp.com\", \"$project.web.app\""
for domain in "$@"; do domains="$domains, \"$domain\""; done
mask=authorizedDomains,signIn.allowDuplicateEmails,signIn.anonymous.enabled
api PATCH "https://identitytoolkit.googleapis.com/admin/v2/projects/$project/config?updateMask=$mask" \
  "{\"authorizedDomains\": [$domains], \"signIn\": {\"allowDuplicateEmails\": false, \"anonymous\": {\"enabled\": false}}}" >/dev/null

say "Eventarc's service agent, without which the first trigger fails"
api POST "https://serviceusage.googleapis.com/v1beta1/projects/$project/services/eventarc.googleapis.com:generateServiceIdentity" '{}' >/dev/null

say "the first key of the old clients' tokens"
secrets=$(gcloud secrets list --project "$project" --format='value(name.basename())')
if ! grep -qx token-key <<<"$secrets"; then
  gcloud secrets create token-key --project "$project" --replication-policy=user-managed --locations="$region"
fi
if [ -z "$(gcloud secrets versions list token-key --project "$project" --filter=state=ENABLED --format='value(name)')" ]; then
  openssl rand -base64 32 | tr -d '\n' | gcloud secrets versions add token-key --project "$project" --data-file=-
fi

say "what exists already"
# found NAME... reads names, one a line, and writes those of the arguments that are among them as JSON.
found() {
  local names out='' name
  names=$(cat)
  for name in "$@"; do
    if grep -qx -- "$name" <<<"$names"; then out="$out${out:+, }\"$name\""; fi
  done
  echo "[$out]"
}
# is NAME prints whether one name is among those read, true or false.
is() { if [ "$(found "$1")" = '[]' ]; then echo false; else echo true; fi; }
# keys TABLE reads the ids of a table from deployment.auto.tfvars.json.
keys() { sed -n "/^    \"$1\": {/,/^    }/s/^      \"\([^\"]*\)\":.*/\1/p" deployment.auto.tfvars.json; }

database=$(gcloud firestore databases list --project "$project" --format='value(name.basename())' | is '(default)')
# shellcheck disable=SC2046 # ids have no spaces
existing_secrets=$(gcloud secrets list --project "$project" --format='value(name.basename())' | found $(keys secrets))
# shellcheck disable=SC2046
queues=$(gcloud tasks queues list --project "$project" --location "$region" --format='value(name.basename())' | found $(keys queues))
api_keys=$(gcloud services api-keys list --project "$project" --format='value(name.basename())' | found clients services)
releases=$(api GET "https://firebaserules.googleapis.com/v1/projects/$project/releases" |
  sed -n -e 's|.*"name": *"projects/[^/]*/releases/cloud.firestore".*|firestore|p' \
    -e "s|.*\"name\": *\"projects/[^/]*/releases/firebase.storage/$project.firebasestorage.app\".*|storage|p" | found firestore storage)
pool=$(gcloud iam workload-identity-pools list --project "$project" --location global --format='value(name.basename())' | is github)
pool_provider=false
if [ "$pool" = true ]; then
  pool_provider=$(gcloud iam workload-identity-pools providers list --project "$project" --location global \
    --workload-identity-pool github --format='value(name.basename())' | is github-actions)
fi

cat >project.auto.tfvars.json <<EOF
{
  "project": "$project",
  "state_bucket": "$state",
  "bucket_regions": {"lists": "$lists_region"},
  "existing": {
    "database": $database,
    "buckets": ["lists"],
    "secrets": $existing_secrets,
    "queues": $queues,
    "api_keys": $api_keys,
    "releases": $releases,
    "pool": $pool,
    "pool_provider": $pool_provider
  }
}
EOF
say "wrote deploy/project.auto.tfvars.json and deploy/backend.tf; commit both, then: tofu init && tofu apply"
