# GitHub's workflows sign in without a key: GitHub issues a token for each job, and Google exchanges it for
# one of a service account, if the job belongs to the repository.

locals {
  github        = var.github_repository != null
  pool_provider = "github-actions"

  # A pull request's job may plan. Only a push to the branch, or a run by hand on it, may release.
  # pull_request_target is left out: it runs on the branch's ref, but often with a stranger's code.
  github_condition = join(" && ", concat(
    ["assertion.repository == '${coalesce(var.github_repository, "-")}'"],
    var.github_repository_id == null ? [] : ["assertion.repository_id == '${var.github_repository_id}'"],
    ["(assertion.event_name == 'pull_request' || (assertion.ref == 'refs/heads/${var.github_branch}' && assertion.event_name in ['push', 'workflow_dispatch']))"],
  ))

  pool_members = "principalSet://iam.googleapis.com/projects/${local.number}/locations/global/workloadIdentityPools/github"
}

resource "google_iam_workload_identity_pool" "this" {
  for_each                  = local.github ? toset(["github"]) : toset([])
  workload_identity_pool_id = each.key
  display_name              = "GitHub"
  deletion_policy           = "ABANDON" # the name of a deleted pool is blocked for 30 days
  depends_on                = [google_project_service.this]
}

resource "google_iam_workload_identity_pool_provider" "this" {
  for_each                           = local.github ? toset(["github"]) : toset([])
  workload_identity_pool_id          = google_iam_workload_identity_pool.this[each.key].workload_identity_pool_id
  workload_identity_pool_provider_id = local.pool_provider
  display_name                       = "GitHub Actions"
  deletion_policy                    = "ABANDON" # as the pool
  attribute_condition                = local.github_condition
  attribute_mapping = {
    "google.subject" = "assertion.sub"
    # What a job may act as: "plan" for a pull request, "release" on the branch.
    "attribute.purpose" = "assertion.event_name == 'pull_request' ? 'plan' : 'release'"
  }
  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

locals {
  workflows = local.github ? {
    plan    = "plans changes in pull requests"
    release = "releases images and the web app"
  } : {}
}

resource "google_service_account" "workflow" {
  for_each     = local.workflows
  account_id   = "heektime-${each.key}"
  display_name = "HeekTime: ${each.value}"
  depends_on   = [google_project_service.this]
}

# A job on the branch may plan, too.
resource "google_service_account_iam_member" "workflow" {
  for_each = {
    for pair in(local.github ? [["plan", "plan"], ["release", "plan"], ["release", "release"]] : []) :
    "${pair[0]} as ${pair[1]}" => { purpose = pair[0], account = pair[1] }
  }
  service_account_id = google_service_account.workflow[each.value.account].name
  role               = "roles/iam.workloadIdentityUser"
  member             = "${local.pool_members}/attribute.purpose/${each.value.purpose}"
  depends_on         = [google_iam_workload_identity_pool_provider.this]
}

# plan reads the project's number and the state, and nothing else: the workflow plans with -refresh=false
# and -lock=false.
resource "google_project_iam_member" "plan" {
  for_each = toset(local.github ? ["roles/browser"] : [])
  project  = var.project
  role     = each.key
  member   = "serviceAccount:${google_service_account.workflow["plan"].email}"
}

resource "google_storage_bucket_iam_member" "plan" {
  for_each = toset(local.github && var.state_bucket != null ? ["roles/storage.objectViewer"] : [])
  bucket   = var.state_bucket
  role     = each.key
  member   = "serviceAccount:${google_service_account.workflow["plan"].email}"
}

# release pushes images, deploys the services of the table as their accounts, and the web app. It may not
# create services, change who may call them, or touch data.
resource "google_artifact_registry_repository_iam_member" "release" {
  for_each   = toset(local.github ? ["roles/artifactregistry.writer"] : [])
  location   = local.region
  repository = google_artifact_registry_repository.images.repository_id
  role       = each.key
  member     = "serviceAccount:${google_service_account.workflow["release"].email}"
}

resource "google_cloud_run_v2_service_iam_member" "release" {
  for_each = local.github ? var.deployment.services : {}
  location = local.region
  name     = google_cloud_run_v2_service.this[each.key].name
  role     = "roles/run.developer"
  member   = "serviceAccount:${google_service_account.workflow["release"].email}"
}

resource "google_service_account_iam_member" "release" {
  for_each           = local.github ? var.deployment.services : {}
  service_account_id = "projects/${var.project}/serviceAccounts/${local.emails[each.value.account]}"
  role               = "roles/iam.serviceAccountUser"
  member             = "serviceAccount:${google_service_account.workflow["release"].email}"
  depends_on         = [google_service_account.this]
}

# release checks a new revision before it gets traffic, with tokens of an account from which services accept
# /health and nothing else.
resource "google_service_account_iam_member" "check" {
  for_each           = toset(local.github ? ["heektime-check"] : [])
  service_account_id = "projects/${var.project}/serviceAccounts/${local.emails[each.key]}"
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = "serviceAccount:${google_service_account.workflow["release"].email}"
  depends_on         = [google_service_account.this]
}

resource "google_project_iam_member" "release" {
  for_each = toset(local.github ? ["roles/firebasehosting.admin", "roles/run.viewer"] : [])
  project  = var.project
  role     = each.key
  member   = "serviceAccount:${google_service_account.workflow["release"].email}"
}
