# Alerts: a policy for each alert of the table, and a log-based metric for each of its conditions that
# counts log lines. docs/alerts.md says what each means. The notification channels are in money.tf.
#
# Log-based metrics of this size are free. Google bills each condition of a policy, and the points that it
# reads. See docs/alerts.md#what-they-cost.

locals {
  log_conditions = {
    for c in flatten([for a in var.deployment.alerts : a.conditions]) : c.id => c if c.kind != "metric"
  }
  guide = var.github_repository == null ? "docs/alerts.md" : "https://github.com/${var.github_repository}/blob/${var.github_branch}/docs/alerts.md"
}

resource "google_logging_metric" "alert" {
  for_each         = local.log_conditions
  name             = trimprefix(each.value.metric, "logging.googleapis.com/user/")
  filter           = each.value.filter
  label_extractors = each.value.labels
  depends_on       = [google_project_service.this]

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.key
        value_type = "STRING"
      }
    }
  }
}

resource "google_monitoring_alert_policy" "this" {
  for_each              = var.deployment.alerts
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

  # Lines, or the sum of one of Google's metrics. The threshold is one below the number, as the only
  # comparison is "greater than".
  dynamic "conditions" {
    for_each = [for c in each.value.conditions : c if c.kind != "absence"]
    content {
      display_name = conditions.value.name
      condition_threshold {
        filter          = "metric.type=\"${conditions.value.metric}\" AND resource.type=\"${conditions.value.resource}\""
        comparison      = "COMPARISON_GT"
        threshold_value = conditions.value.at_least - 1
        duration        = "0s"
        aggregations {
          alignment_period     = "${conditions.value.window_seconds}s"
          per_series_aligner   = "ALIGN_SUM"
          cross_series_reducer = "REDUCE_SUM"
          group_by_fields      = conditions.value.group_by
        }
        trigger {
          count = 1
        }
      }
    }
  }

  # An absence. Whether a log-based metric without lines has no points or points of 0 depends on how long
  # ago its last line was, so there is a condition for each: no points, or a sum below 1.
  # https://cloud.google.com/logging/docs/logs-based-metrics
  dynamic "conditions" {
    for_each = [for c in each.value.conditions : c if c.kind == "absence"]
    content {
      display_name = conditions.value.name
      condition_absent {
        filter   = "metric.type=\"${conditions.value.metric}\" AND resource.type=\"${conditions.value.resource}\""
        duration = "${conditions.value.window_seconds}s"
        aggregations {
          alignment_period     = "60s"
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
  dynamic "conditions" {
    for_each = [for c in each.value.conditions : c if c.kind == "absence"]
    content {
      display_name = "${conditions.value.name} (points of 0)"
      condition_threshold {
        filter          = "metric.type=\"${conditions.value.metric}\" AND resource.type=\"${conditions.value.resource}\""
        comparison      = "COMPARISON_LT"
        threshold_value = 1
        duration        = "0s"
        aggregations {
          alignment_period     = "${conditions.value.window_seconds}s"
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
    # Lines stop when their cause does: an incident without points for a day is over.
    auto_close           = "86400s"
    notification_prompts = ["OPENED", "CLOSED"]

    dynamic "notification_channel_strategy" {
      for_each = each.value.renotify_seconds > 0 && length(local.notification_channels) > 0 ? [true] : []
      content {
        notification_channel_names = local.notification_channels
        renotify_interval          = "${each.value.renotify_seconds}s"
      }
    }
  }
}
