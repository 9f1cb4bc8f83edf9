# What differs from one project to another. Only the project is required.
# firebase.sh writes it, together with "existing", to project.auto.tfvars.json.

variable "project" {
  description = "Id of the Google Cloud project."
  type        = string
  validation {
    # https://cloud.google.com/resource-manager/docs/creating-managing-projects
    condition     = can(regex("^[a-z][-a-z0-9]{4,28}[a-z0-9]$", var.project))
    error_message = "A project id has 6 to 30 lower-case letters, digits and dashes, and starts with a letter."
  }
}

variable "site_url" {
  description = "Where clients reach the web app and the API: Hosting's address, or your own domain once it is connected."
  type        = string
  default     = null # https://PROJECT.web.app
  validation {
    condition     = var.site_url == null || can(regex("^https://[a-z0-9.-]+$", var.site_url))
    error_message = "The site's URL is https://HOST, without a path."
  }
}

variable "web_origins" {
  description = "More origins whose pages may call auth and read lists, in addition to the site and Hosting's own two."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for o in var.web_origins : can(regex("^https://[a-z0-9.-]+(:[0-9]+)?$", o))])
    error_message = "An origin is https://HOST or https://HOST:PORT, without a path."
  }
}

variable "optional_secrets" {
  description = "Secrets that have a version now, of those that may be empty: token-key-old while keys are rotated."
  type        = set(string)
  default     = []
}

variable "database" {
  description = "Database that clients and services use. Another one than (default) after a restore; see docs/restore.md."
  type        = string
  default     = "(default)"
}

variable "bucket_regions" {
  description = "Regions of buckets by id, where they differ from the table's. firebase.sh makes the bucket and writes where it is; see docs/deploy.md#where-the-lists-are. A bucket cannot move."
  type        = map(string)
  default     = {}
  validation {
    condition     = alltrue([for id, r in var.bucket_regions : contains(keys(var.deployment.buckets), id) && can(regex("^[a-z0-9-]+$", r))])
    error_message = "The regions of buckets are by id: { lists = \"asia-northeast3\" }."
  }
}

variable "first_image" {
  description = "Image of a service before its first release."
  type        = string
  default     = "us-docker.pkg.dev/cloudrun/container/hello"
}

# Alerts and money

variable "alert_emails" {
  description = "Addresses that alerts and the budget write to. Slack's address of a channel is one, too."
  type        = list(string)
  default     = []
}

variable "slack_channel" {
  description = "Slack channel for alerts, with #. Needs slack_token when it is created."
  type        = string
  default     = null
  validation {
    condition     = var.slack_channel == null || can(regex("^#", var.slack_channel))
    error_message = "The name of a Slack channel starts with #."
  }
}

variable "slack_token" {
  description = "OAuth token of a Slack app with chat:write. It is sent to Google and kept neither in the plan nor in the state."
  type        = string
  default     = null
  ephemeral   = true
  sensitive   = true
}

variable "slack_token_version" {
  description = "Increase it to send a new slack_token."
  type        = string
  default     = "1"
}

variable "notification_channels" {
  description = "More notification channels, made in the console: projects/P/notificationChannels/N."
  type        = list(string)
  default     = []
}

variable "paid_alerts" {
  description = "Alerts to make of those that have a price, up to 1.53 USD a month each: nothing-runs, firestore-reads. See docs/alerts.md#what-they-cost."
  type        = set(string)
  default     = []
  validation {
    condition     = alltrue([for id in var.paid_alerts : contains([for key, a in var.deployment.alerts : key if a.condition.kind != "line"], id)])
    error_message = "Alerts with a price are ${join(", ", [for key, a in var.deployment.alerts : key if a.condition.kind != "line"])}. The others always exist."
  }
}

variable "monthly_budget" {
  description = "Budget of a month in the billing account's currency; mails at 50, 90 and 100 %. 0 for none, for example if you may not edit the billing account's budgets."
  type        = number
  default     = 30000 # won
  validation {
    condition     = var.monthly_budget >= 0 && floor(var.monthly_budget) == var.monthly_budget
    error_message = "The budget is a whole number."
  }
}

# GitHub

variable "github_repository" {
  description = "OWNER/NAME of the repository whose workflows release. Without it, only people release."
  type        = string
  default     = null
  validation {
    condition     = var.github_repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "The repository is OWNER/NAME."
  }
}

variable "github_repository_id" {
  description = "Its number, from https://api.github.com/repos/OWNER/NAME. Protects against somebody who takes over the name."
  type        = string
  default     = null
  validation {
    condition     = var.github_repository_id == null || can(regex("^[0-9]+$", var.github_repository_id))
    error_message = "The repository's id is a number."
  }
}

variable "github_branch" {
  description = "Branch that is released."
  type        = string
  default     = "main"
}

variable "state_bucket" {
  description = "Bucket of OpenTofu's state, which the workflow's plan reads. firebase.sh makes it."
  type        = string
  default     = null
}
