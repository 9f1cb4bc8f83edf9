# The API keys. They are not secrets: they name the project, and say which APIs a caller may use.

locals {
  api_keys = {
    # Apps and web pages have this one. It names no referrers and apps: anyone can forge these headers, and
    # the security rules and the services decide what a caller may do.
    clients = {
      name = "Apps and web pages"
      apis = [
        "fcmregistrations.googleapis.com",
        "firebaseinstallations.googleapis.com",
        "firebasestorage.googleapis.com",
        "firestore.googleapis.com",
        "identitytoolkit.googleapis.com",
        "securetoken.googleapis.com",
      ]
    }
    # auth and compat-server check passwords with this one.
    services = {
      name = "Services"
      apis = ["identitytoolkit.googleapis.com"]
    }
  }
}

resource "google_apikeys_key" "this" {
  for_each        = local.api_keys
  name            = each.key
  display_name    = each.value.name
  deletion_policy = "ABANDON" # the name of a deleted key is blocked for 30 days
  depends_on      = [google_project_service.this]

  restrictions {
    dynamic "api_targets" {
      for_each = each.value.apis
      content {
        service = api_targets.value
      }
    }
  }
}
