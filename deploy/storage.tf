# The bucket of the course lists, the images, and the secrets.

locals {
  buckets = { for id, b in var.deployment.buckets : id => "${var.project}${b.suffix}" }
}

# Firebase's default bucket. Only Firebase may use its domain, so firebase.sh makes it and existing.tf
# adopts it. Published lists keep their names for as long as they do not change: no lifecycle by age.
resource "google_storage_bucket" "this" {
  for_each                    = var.deployment.buckets
  name                        = local.buckets[each.key]
  location                    = upper(lookup(var.bucket_regions, each.key, each.value.region)) # as Google returns it
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  public_access_prevention    = "inherited"
  force_destroy               = false
  deletion_policy             = "ABANDON" # data
  depends_on                  = [google_project_service.this]

  dynamic "cors" {
    for_each = length(each.value.cors_methods) > 0 ? [true] : []
    content {
      origin          = local.origins
      method          = each.value.cors_methods
      response_header = each.value.cors_headers
      max_age_seconds = each.value.cors_max_age_seconds
    }
  }

  # Google's default is seven days: every replaced list would be billed for a week longer.
  soft_delete_policy {
    retention_duration_seconds = each.value.soft_delete_seconds
  }

  lifecycle {
    # A bucket cannot move: with another region, a plan would replace it. heektime doctor says where it is.
    # Firebase makes default buckets of class REGIONAL, an old name of STANDARD.
    ignore_changes = [location, storage_class]
  }
}

resource "google_artifact_registry_repository" "images" {
  repository_id = var.deployment.images.repository
  location      = local.region
  format        = "DOCKER"
  depends_on    = [google_project_service.this]

  # The last releases of each service stay, to roll back to; older ones go by age.
  cleanup_policy_dry_run = false
  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = var.deployment.images.keep
    }
  }
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      tag_state  = "ANY"
      older_than = var.deployment.images.delete_after
    }
  }
}

# Values are not in the state: firebase.sh makes the first one, and docs/deployment.md says how to
# rotate them.
resource "google_secret_manager_secret" "this" {
  for_each            = var.deployment.secrets
  secret_id           = each.key
  deletion_protection = false     # of the provider, which would stop destroy before the policy
  deletion_policy     = "ABANDON" # data: without the key, every old client has to sign in again
  annotations         = { purpose = each.value }
  depends_on          = [google_project_service.this]

  replication {
    user_managed {
      replicas {
        location = local.region
      }
    }
  }
}
