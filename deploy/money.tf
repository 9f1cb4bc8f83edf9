# Where alerts go, and the budget. alerts.tf sends its alerts to local.notification_channels.

resource "google_monitoring_notification_channel" "email" {
  for_each     = toset(var.alert_emails)
  type         = "email"
  display_name = each.key
  labels       = { email_address = each.key }
  depends_on   = [google_project_service.this]
}

resource "google_monitoring_notification_channel" "slack" {
  for_each     = toset(var.slack_channel == null ? [] : [var.slack_channel])
  type         = "slack"
  display_name = "Slack ${each.key}"
  labels       = { channel_name = each.key }
  depends_on   = [google_project_service.this]

  sensitive_labels {
    auth_token_wo         = var.slack_token
    auth_token_wo_version = var.slack_token_version
  }

  lifecycle {
    ignore_changes = [labels["team"]] # Google adds the workspace's name
  }
}

locals {
  notification_channels = concat(
    [for c in google_monitoring_notification_channel.email : c.name],
    [for c in google_monitoring_notification_channel.slack : c.name],
    var.notification_channels,
  )
}

# A budget mails; it does not stop anything, and its numbers are some hours old. It can notify channels of
# type email only: for Slack, add the channel's own e-mail address to alert_emails. The billing account's
# administrators get the mails in any case.
# https://cloud.google.com/billing/docs/reference/budget/rest/v1/billingAccounts.budgets#NotificationsRule
resource "google_billing_budget" "month" {
  count           = var.monthly_budget > 0 && data.google_project.this.billing_account != null ? 1 : 0
  billing_account = data.google_project.this.billing_account
  display_name    = "HeekTime ${var.project}"
  depends_on      = [google_project_service.this]

  budget_filter {
    projects               = ["projects/${local.number}"] # the API returns the number, not the id
    calendar_period        = "MONTH"
    credit_types_treatment = "INCLUDE_ALL_CREDITS"
  }

  # Without a currency: it has to be the account's, and Google fills it in.
  amount {
    specified_amount {
      units = tostring(var.monthly_budget)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]
    content {
      threshold_percent = threshold_rules.value
      spend_basis       = "CURRENT_SPEND"
    }
  }

  # At most five channels.
  dynamic "all_updates_rule" {
    for_each = length(var.alert_emails) > 0 ? [true] : []
    content {
      monitoring_notification_channels = slice(
        [for c in google_monitoring_notification_channel.email : c.name], 0, min(5, length(var.alert_emails)),
      )
      disable_default_iam_recipients = false
    }
  }
}
