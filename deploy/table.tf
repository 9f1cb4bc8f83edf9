# The table of the deployment, generated from internal/deployment. internal/deployment/tfvars has the
# same types in Go, with comments.

variable "deployment" {
  type = object({
    region   = string
    labels   = map(string)
    accounts = map(string)
    grants   = list(object({ account = string, role = string, kind = string, on = string }))
    services = map(object({
      account       = string
      public        = bool
      ingress       = string
      http2         = bool
      timeout       = string
      memory        = string
      cpu           = string
      concurrency   = number
      min_instances = number
      max_instances = number
      generation    = string
      environment = map(object({
        kind     = string
        id       = string
        accounts = optional(list(string), [])
        required = bool
      }))
    }))
    queues = map(object({
      max_dispatches_per_second = number
      max_concurrent_dispatches = number
      max_attempts              = number
      min_backoff               = string
      max_backoff               = string
      max_doublings             = number
    }))
    jobs = map(object({
      schedule         = string
      time_zone        = string
      service          = string
      path             = string
      account          = string
      attempt_deadline = string
      retries          = number
      min_backoff      = string
      max_backoff      = string
      max_doublings    = number
    }))
    triggers = map(object({
      service  = string
      path     = string
      account  = string
      event    = string
      database = string
      document = string
    }))
    buckets = map(object({
      region               = string
      suffix               = string
      soft_delete_seconds  = number
      cors_methods         = list(string)
      cors_headers         = list(string)
      cors_max_age_seconds = number
    }))
    secrets = map(string)
    alerts = map(object({
      title            = string
      severity         = string
      documentation    = string
      renotify_seconds = number
      auto_close       = string
      condition = object({
        name           = string
        kind           = string
        filter         = string
        labels         = map(string)
        metric         = string
        resource       = string
        at_least       = number
        window_seconds = number
      })
    }))
    images        = object({ repository = string, keep = number, delete_after = string })
    startup_probe = object({ timeout_seconds = number, period_seconds = number, failure_threshold = number })
    # The day is empty for a daily backup.
    backups = map(object({ retention = string, day = string }))
  })
}
