# What an earlier deployment left: data, and names that Google blocks for days.
# firebase.sh lists them in project.auto.tfvars.json; apply adopts what is listed and not yet in the state.
# Only Firebase can make the default bucket, so that one is always adopted.

variable "existing" {
  description = "What exists already, by the ids of the table."
  type = object({
    database      = optional(bool, false)
    buckets       = optional(set(string), [])
    secrets       = optional(set(string), [])
    queues        = optional(set(string), [])
    api_keys      = optional(set(string), [])
    releases      = optional(set(string), [])
    pool          = optional(bool, false)
    pool_provider = optional(bool, false)
  })
  default = {}
}

import {
  for_each = toset(var.existing.database ? ["(default)"] : [])
  to       = google_firestore_database.this[each.key]
  id       = "projects/${var.project}/databases/${each.key}"
}

import {
  for_each = var.existing.buckets
  to       = google_storage_bucket.this[each.key]
  id       = "${var.project}/${local.buckets[each.key]}"
}

import {
  for_each = var.existing.secrets
  to       = google_secret_manager_secret.this[each.key]
  id       = "projects/${var.project}/secrets/${each.key}"
}

import {
  for_each = var.existing.queues
  to       = google_cloud_tasks_queue.this[each.key]
  id       = "projects/${var.project}/locations/${local.region}/queues/${each.key}"
}

import {
  for_each = var.existing.api_keys
  to       = google_apikeys_key.this[each.key]
  id       = "projects/${var.project}/locations/global/keys/${each.key}"
}

import {
  for_each = var.existing.releases
  to       = google_firebaserules_release.this[each.key]
  id       = "projects/${var.project}/releases/${local.releases[each.key].name}"
}

import {
  for_each = local.github && var.existing.pool ? toset(["github"]) : toset([])
  to       = google_iam_workload_identity_pool.this[each.key]
  id       = "projects/${var.project}/locations/global/workloadIdentityPools/${each.key}"
}

import {
  for_each = local.github && var.existing.pool_provider ? toset(["github"]) : toset([])
  to       = google_iam_workload_identity_pool_provider.this[each.key]
  id       = "projects/${var.project}/locations/global/workloadIdentityPools/${each.key}/providers/${local.pool_provider}"
}
