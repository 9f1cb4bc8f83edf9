# The Cloud Run services of the table.

locals {
  # Values of the environment, by service and variable. Variables whose value is a secret are apart.
  plain = {
    for name, s in var.deployment.services : name => {
      for variable, v in s.environment : variable => (
        v.kind == "constant" ? v.id :
        v.kind == "project id" ? var.project :
        v.kind == "service URL" ? local.urls[v.id] :
        v.kind == "bucket name" ? local.buckets[v.id] :
        v.kind == "queue name" ? "projects/${var.project}/locations/${local.region}/queues/${v.id}" :
        v.kind == "e-mail addresses" ? join(",", [for a in v.accounts : local.emails[a]]) :
        v.kind == "API key" ? google_apikeys_key.this["services"].key_string :
        v.kind == "origins" ? join(",", local.origins) :
        v.kind == "site URL" ? local.site_url :
        v.kind == "database id" ? var.database :
        null # an unknown kind: internal/tests/opentofu fails
        # Unset, the database is (default).
      ) if v.kind != "secret" && !(v.kind == "database id" && var.database == "(default)")
    }
  }
  secret = {
    for name, s in var.deployment.services : name => {
      for variable, v in s.environment : variable => v.id
      if v.kind == "secret" && (v.required || contains(var.optional_secrets, v.id))
    }
  }
}

resource "google_cloud_run_v2_service" "this" {
  for_each             = var.deployment.services
  name                 = each.key
  location             = local.region
  ingress              = each.value.ingress
  custom_audiences     = [local.urls[each.key]]
  default_uri_disabled = false
  deletion_protection  = false # nothing is lost with a service: apply and release make it again

  template {
    service_account                  = local.emails[each.value.account]
    timeout                          = each.value.timeout
    execution_environment            = each.value.generation
    max_instance_request_concurrency = each.value.concurrency

    scaling {
      min_instance_count = each.value.min_instances
      max_instance_count = each.value.max_instances
    }

    containers {
      image = var.first_image

      ports {
        name           = each.value.http2 ? "h2c" : "http1"
        container_port = 8080
      }

      resources {
        limits            = { cpu = each.value.cpu, memory = each.value.memory }
        cpu_idle          = true # billed for requests, not for idle instances
        startup_cpu_boost = true
      }

      # internal/deployment/probe.go says why this probe, and why no liveness probe.
      startup_probe {
        initial_delay_seconds = 0
        timeout_seconds       = var.deployment.startup_probe.timeout_seconds
        period_seconds        = var.deployment.startup_probe.period_seconds
        failure_threshold     = var.deployment.startup_probe.failure_threshold
        tcp_socket {
          port = 8080
        }
      }

      dynamic "env" {
        for_each = local.plain[each.key]
        content {
          name  = env.key
          value = env.value
        }
      }
      dynamic "env" {
        for_each = local.secret[each.key]
        content {
          name = env.key
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.this[env.value].secret_id
              version = "latest"
            }
          }
        }
      }
    }
  }

  lifecycle {
    ignore_changes = [
      # Releases set the image by digest, and move the traffic when the new revision is checked. (A
      # release does not name its revisions: template.revision stays unset here and there, so that a
      # changed setting makes a revision of its own.)
      template[0].containers[0].image,
      traffic,
      # The name and version of the program that made the last change, which gcloud and the console fill
      # in, and the annotations and labels that they add.
      client,
      client_version,
      annotations,
      template[0].annotations,
      template[0].labels,
      # The scaling of the whole service, which Google fills with zeros. That of revisions, above, counts.
      scaling,
      launch_stage,
    ]
  }

  # A revision that reads a secret is rejected until its account may.
  depends_on = [google_service_account.this, google_secret_manager_secret_iam_member.this]
}
