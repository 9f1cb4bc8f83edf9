# The database, its indexes and its backups. OpenTofu is the only owner of indexes and TTL policies:
# firebase deploy releases Hosting and nothing else.

resource "google_firestore_database" "this" {
  for_each    = toset(["(default)"])
  name        = each.key
  location_id = local.region
  type        = "FIRESTORE_NATIVE"

  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_ENABLED" # seven days
  delete_protection_state           = "DELETE_PROTECTION_ENABLED"
  deletion_policy                   = "ABANDON" # data
  depends_on                        = [google_project_service.this]

  lifecycle {
    # Google's defaults, which differ by the year in which a project was made. A change of the edition
    # would replace the database.
    ignore_changes = [app_engine_integration_mode, concurrency_mode, database_edition]
  }
}

locals {
  indexes = jsondecode(file("${path.module}/../firestore.indexes.json"))

  # An index's key spells out its fields, so that the order in the file is free.
  composite = {
    for i in local.indexes.indexes :
    "${i.collectionGroup} ${i.queryScope} ${join(" ", [for f in i.fields : "${f.fieldPath} ${try(f.order, f.arrayConfig)}"])}" => i
  }
  fields = { for f in local.indexes.fieldOverrides : "${f.collectionGroup}.${f.fieldPath}" => f }
}

resource "google_firestore_index" "this" {
  for_each    = local.composite
  database    = google_firestore_database.this["(default)"].name
  collection  = each.value.collectionGroup
  query_scope = each.value.queryScope

  # Google appends __name__ in the order of the last field; the provider does not show it.
  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path   = fields.value.fieldPath
      order        = try(fields.value.order, null)
      array_config = try(fields.value.arrayConfig, null)
    }
  }
}

resource "google_firestore_field" "this" {
  for_each   = local.fields
  database   = google_firestore_database.this["(default)"].name
  collection = each.value.collectionGroup
  field      = each.value.fieldPath

  # Without entries: the field has no index at all.
  index_config {
    dynamic "indexes" {
      for_each = each.value.indexes
      content {
        order        = try(indexes.value.order, null)
        array_config = try(indexes.value.arrayConfig, null)
        query_scope  = try(indexes.value.queryScope, "COLLECTION")
      }
    }
  }

  dynamic "ttl_config" {
    for_each = try(each.value.ttl, false) ? [true] : []
    content {}
  }
}

# One daily and one weekly schedule are the most that a database can have; 14 weeks are the longest
# retention. https://cloud.google.com/firestore/native/docs/backups
resource "google_firestore_backup_schedule" "this" {
  for_each  = var.deployment.backups
  database  = var.database
  retention = each.value.retention

  dynamic "daily_recurrence" {
    for_each = each.value.day == "" ? [true] : []
    content {}
  }
  dynamic "weekly_recurrence" {
    for_each = each.value.day == "" ? [] : [true]
    content {
      day = each.value.day
    }
  }
  depends_on = [google_firestore_database.this]
}
