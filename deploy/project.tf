# The project itself, its APIs, and the names that follow from it.

data "google_project" "this" {
  project_id = var.project
}

locals {
  region = var.deployment.region

  # Google always returns a number. Without one, as from a provider that only validates, the URLs below
  # are wrong instead of an error; the check reports it.
  number = coalesce(data.google_project.this.number, "0")

  # The URL that a service will have is known before the service exists, so that services can be told
  # their own URL and each other's, and jobs and tokens their audience.
  # https://cloud.google.com/run/docs/triggering/https-request#deterministic
  urls = { for name, _ in var.deployment.services : name => "https://${name}-${local.number}.${local.region}.run.app" }

  # The addresses are spelled out instead of read from google_service_account, so that a plan for an
  # empty project shows them.
  emails  = { for id, _ in var.deployment.accounts : id => "${id}@${var.project}.iam.gserviceaccount.com" }
  members = { for id, email in local.emails : id => "serviceAccount:${email}" }

  site_url = coalesce(var.site_url, "https://${var.project}.web.app")
  origins = distinct(concat(
    [local.site_url, "https://${var.project}.web.app", "https://${var.project}.firebaseapp.com"],
    var.web_origins,
  ))
}

check "project_number" {
  assert {
    condition     = data.google_project.this.number != null
    error_message = "The project has no number: the URLs in this plan are wrong."
  }
}

locals {
  apis = [
    "apikeys.googleapis.com",
    "artifactregistry.googleapis.com",
    "billingbudgets.googleapis.com",
    "cloudbilling.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "eventarc.googleapis.com",
    "eventarcpublishing.googleapis.com",
    "fcm.googleapis.com",
    "fcmregistrations.googleapis.com",
    "firebase.googleapis.com",
    "firebasehosting.googleapis.com",
    "firebaseinstallations.googleapis.com",
    "firebaserules.googleapis.com",
    "firebasestorage.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "identitytoolkit.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com", # Eventarc carries events over it
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "securetoken.googleapis.com",
    "storage.googleapis.com",
    "sts.googleapis.com", # exchanges GitHub's tokens
  ]
}

resource "google_project_service" "this" {
  for_each = toset(local.apis)
  service  = each.key

  # destroy leaves the APIs enabled. They cost nothing, and to disable one deletes what it manages.
  disable_on_destroy = false
}
