# Service accounts, and the roles of the table on the narrowest resource that each works on.

resource "google_service_account" "this" {
  for_each     = var.deployment.accounts
  account_id   = each.key
  display_name = "HeekTime: ${each.value}"
  depends_on   = [google_project_service.this]
}

locals {
  # A grant's key names all of it: a changed grant is a new one, and the order of the table is free.
  grants = { for g in var.deployment.grants : "${g.account} ${g.role} ${g.on}" => g }
}

resource "google_project_iam_member" "this" {
  for_each   = { for key, g in local.grants : key => g if g.kind == "project" }
  project    = var.project
  role       = each.value.role
  member     = local.members[each.value.account]
  depends_on = [google_service_account.this]
}

resource "google_service_account_iam_member" "this" {
  for_each           = { for key, g in local.grants : key => g if g.kind == "service account" }
  service_account_id = "projects/${var.project}/serviceAccounts/${local.emails[each.value.on]}"
  role               = each.value.role
  member             = local.members[each.value.account]
  depends_on         = [google_service_account.this]
}

resource "google_storage_bucket_iam_member" "this" {
  for_each   = { for key, g in local.grants : key => g if g.kind == "bucket" }
  bucket     = google_storage_bucket.this[each.value.on].name
  role       = each.value.role
  member     = local.members[each.value.account]
  depends_on = [google_service_account.this]
}

resource "google_cloud_tasks_queue_iam_member" "this" {
  for_each   = { for key, g in local.grants : key => g if g.kind == "queue" }
  location   = local.region
  name       = google_cloud_tasks_queue.this[each.value.on].name
  role       = each.value.role
  member     = local.members[each.value.account]
  depends_on = [google_service_account.this]
}

resource "google_secret_manager_secret_iam_member" "this" {
  for_each   = { for key, g in local.grants : key => g if g.kind == "secret" }
  secret_id  = google_secret_manager_secret.this[each.value.on].secret_id
  role       = each.value.role
  member     = local.members[each.value.account]
  depends_on = [google_service_account.this]
}

resource "google_cloud_run_v2_service_iam_member" "this" {
  for_each   = { for key, g in local.grants : key => g if g.kind == "service" }
  location   = local.region
  name       = google_cloud_run_v2_service.this[each.value.on].name
  role       = each.value.role
  member     = local.members[each.value.account]
  depends_on = [google_service_account.this]
}

# An organization may forbid allUsers (iam.allowedPolicyMemberDomains); see docs/deploy.md.
resource "google_cloud_run_v2_service_iam_member" "public" {
  for_each = { for name, s in var.deployment.services : name => s if s.public }
  location = local.region
  name     = google_cloud_run_v2_service.this[each.key].name
  role     = "roles/run.invoker"
  member   = "allUsers"
}
