output "urls" {
  description = "The services' URLs, which are the audiences of tokens, too."
  value       = local.urls
}

output "images" {
  description = "Where images are pushed to: IMAGES/SERVICE."
  value       = "${local.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "client_api_key" {
  description = "The key for the apps' Firebase configuration. Not secret, but OpenTofu takes it for one."
  value       = google_apikeys_key.this["clients"].key_string
  sensitive   = true
}

output "github" {
  description = "What the workflows sign in with."
  value = local.github ? {
    provider = google_iam_workload_identity_pool_provider.this["github"].name
    plan     = google_service_account.workflow["plan"].email
    release  = google_service_account.workflow["release"].email
  } : null
}
