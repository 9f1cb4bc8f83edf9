# What calls the services: the queue, the scheduler's jobs, and Firestore's events. The audience of each
# token is the service's base URL, without the path; the service and Cloud Run both check it.

resource "google_cloud_tasks_queue" "this" {
  for_each        = var.deployment.queues
  name            = each.key
  location        = local.region
  deletion_policy = "ABANDON" # the name of a deleted queue is blocked for three days
  depends_on      = [google_project_service.this]

  rate_limits {
    max_dispatches_per_second = each.value.max_dispatches_per_second
    max_concurrent_dispatches = each.value.max_concurrent_dispatches
  }

  retry_config {
    max_attempts  = each.value.max_attempts
    min_backoff   = each.value.min_backoff
    max_backoff   = each.value.max_backoff
    max_doublings = each.value.max_doublings
    # max_retry_duration stays unset, which is unlimited: Cloud Tasks gives up only when both limits are
    # reached, and max_attempts ends it.
  }
}

resource "google_cloud_scheduler_job" "this" {
  for_each         = var.deployment.jobs
  name             = each.key
  region           = local.region
  schedule         = each.value.schedule
  time_zone        = each.value.time_zone
  attempt_deadline = each.value.attempt_deadline

  http_target {
    http_method = "POST"
    uri         = "${local.urls[each.value.service]}${each.value.path}"
    oidc_token {
      service_account_email = local.emails[each.value.account]
      audience              = local.urls[each.value.service]
    }
  }

  # A job without retries has the block, too, with Google's own defaults: without it, Google fills it in.
  retry_config {
    retry_count          = each.value.retries
    min_backoff_duration = each.value.retries > 0 ? each.value.min_backoff : "5s"
    max_backoff_duration = each.value.retries > 0 ? each.value.max_backoff : "3600s"
    max_doublings        = each.value.retries > 0 ? each.value.max_doublings : 5
    max_retry_duration   = "0s" # retry_count alone limits the retries
  }

  lifecycle {
    ignore_changes = [paused] # paused by hand, in an emergency
  }
  depends_on = [google_cloud_run_v2_service_iam_member.this]
}

resource "google_eventarc_trigger" "this" {
  for_each        = var.deployment.triggers
  name            = each.key
  location        = local.region # where the database is
  service_account = local.emails[each.value.account]

  # The service reads Firestore's protobuf; the default would be JSON.
  event_data_content_type = "application/protobuf"

  matching_criteria {
    attribute = "type"
    value     = each.value.event
  }
  matching_criteria {
    attribute = "database"
    value     = each.value.database == "(default)" ? var.database : each.value.database
  }
  matching_criteria {
    attribute = "document"
    operator  = "match-path-pattern"
    value     = each.value.document
  }

  destination {
    cloud_run_service {
      service = google_cloud_run_v2_service.this[each.value.service].name
      region  = local.region
      path    = each.value.path
    }
  }

  # Google's service agent for Eventarc exists some minutes after its API is enabled. If this is the
  # first apply and fails with "Permission denied while using the Eventarc Service Agent", apply again.
  depends_on = [google_firestore_database.this, google_project_iam_member.this, google_cloud_run_v2_service_iam_member.this]
}
