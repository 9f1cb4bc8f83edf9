# Alerts: a policy for each alert of the table. docs/alerts.md says what each means.
#
# Policies that match log lines are free. The others, which evaluate a metric, have a price, so only those
# of paid_alerts are made. See docs/alerts.md#what-they-cost.

locals {
  alerts = {
    for id, a in var.deployment.alerts : id => a
    if a.condition.kind == "line" || contains(var.paid_alerts, id)
  }
  guide = var.github_repository == null ? "docs/alerts.md" : "https://github.com/${var.github_repository}/blob/${var.github_branch}/docs/alerts.md"
}

# The lines whose absence is an alert, as a metric. A metric without labels is free at this size.
resource "google_logging_metric" "alert" {
  for_each   = { for id, a in local.alerts : id => a.condition if a.condition.kind == "absence" }
  name       = trimprefix(each.value.metric, "logging.googleapis.com/user/")
  filter     = each.value.filter
  depends_on = [google_project_service.this]

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
  }
}

resource "google_monitoring_alert_policy" "this" {
  for_each              = local.alerts
  display_name          = each.value.title
  severity              = each.value.severity
  combiner              = "OR"
  enabled               = true
  notification_channels = local.notification_channels
  user_labels           = merge(var.deployment.labels, { alert = each.key })
  depends_on            = [google_logging_metric.alert]

  documentation {
    mime_type = "text/markdown"
    content   = "${each.value.documentation}\n\n${local.guide}#${each.key}"
  }

  conditions {
    display_name = each.value.condition.name

    # A line. A policy may have one such condition and no other.
    # https://cloud.google.com/logging/docs/alerting/log-based-alerts
    dynamic "condition_matched_log" {
      for_each = [for c in [each.value.condition] : c if c.kind == "line"]
      content {
        filter           = condition_matched_log.value.filter
        label_extractors = condition_matched_log.value.labels
      }
    }

    # The sum of one of Google's metrics, or an absence of lines. The threshold of a sum is one below the
    # number, as the only comparison is "greater than". Whether a log-based metric without lines has no
    # points or points of 0 depends on how long ago its last line was: for an absence, no points count
    # as 0, which needs a duration of at least 60 seconds.
    # https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies#EvaluationMissingData
    dynamic "condition_threshold" {
      for_each = [for c in [each.value.condition] : c if c.kind != "line"]
      content {
        filter                  = "metric.type=\"${condition_threshold.value.metric}\" AND resource.type=\"${condition_threshold.value.resource}\""
        comparison              = condition_threshold.value.kind == "absence" ? "COMPARISON_LT" : "COMPARISON_GT"
        threshold_value         = condition_threshold.value.kind == "absence" ? 1 : condition_threshold.value.at_least - 1
        duration                = condition_threshold.value.kind == "absence" ? "60s" : "0s"
        evaluation_missing_data = condition_threshold.value.kind == "absence" ? "EVALUATION_MISSING_DATA_ACTIVE" : null
        aggregations {
          alignment_period     = "${condition_threshold.value.window_seconds}s"
          per_series_aligner   = "ALIGN_SUM"
          cross_series_reducer = "REDUCE_SUM"
          group_by_fields      = []
        }
        trigger {
          count = 1
        }
      }
    }
  }

  alert_strategy {
    auto_close = each.value.auto_close
    # Cloud Monitoring does not notify about the end of what a line began.
    notification_prompts = each.value.condition.kind == "line" ? ["OPENED"] : ["OPENED", "CLOSED"]

    # Required for lines, and not allowed for anything else.
    dynamic "notification_rate_limit" {
      for_each = each.value.condition.kind == "line" ? [true] : []
      content {
        period = "${each.value.renotify_seconds}s"
      }
    }

    dynamic "notification_channel_strategy" {
      for_each = each.value.condition.kind != "line" && each.value.renotify_seconds > 0 && length(local.notification_channels) > 0 ? [true] : []
      content {
        notification_channel_names = local.notification_channels
        renotify_interval          = "${each.value.renotify_seconds}s"
      }
    }
  }
}
