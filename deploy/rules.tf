# The security rules of Firestore and Storage. Without a release, clients may do nothing.

locals {
  # The release of the default database has no suffix.
  releases = {
    firestore = {
      file = "firestore.rules"
      name = var.database == "(default)" ? "cloud.firestore" : "cloud.firestore/${var.database}"
    }
    storage = {
      file = "storage.rules"
      name = "firebase.storage/${local.buckets["lists"]}"
    }
  }
}

resource "google_firebaserules_ruleset" "this" {
  for_each = local.releases
  source {
    files {
      name    = each.value.file
      content = file("${path.module}/../${each.value.file}")
    }
  }
  depends_on = [google_firestore_database.this, google_storage_bucket.this]

  lifecycle {
    # A ruleset cannot be changed, nor deleted while it is released: the new one comes first.
    create_before_destroy = true
  }
}

resource "google_firebaserules_release" "this" {
  for_each     = local.releases
  name         = each.value.name
  ruleset_name = "projects/${var.project}/rulesets/${google_firebaserules_ruleset.this[each.key].name}"
}
