# Everything of HeekTime in one Google Cloud project. docs/deploy.md is the guide; the table of services,
# jobs, queues, roles and limits is internal/deployment, and deployment.auto.tfvars.json its generated copy.
#
# Three rules hold in all files:
#
#  - A second apply changes nothing. Attributes that Google fills in are either set here to the value that
#    Google would choose, or ignored, with the reason next to them.
#  - destroy leaves data, and names that Google does not give out again for some days. Such resources have
#    deletion_policy = "ABANDON", and existing.tf adopts them at the next apply.
#  - Releases change images and traffic, and nothing else. OpenTofu changes the rest, and never these two.

terraform {
  # Import blocks with for_each and write-only arguments.
  required_version = ">= 1.11"
  required_providers {
    google = {
      source = "hashicorp/google"
      # From the release of summer 2026 on, which has deletion_policy on every resource used here:
      # https://github.com/hashicorp/terraform-provider-google/issues/25072. The lock file pins it.
      version = ">= 7.0, < 9.0"
    }
  }
}

provider "google" {
  project        = var.project
  region         = var.deployment.region
  default_labels = var.deployment.labels

  # Some APIs (API keys, budgets, Firebase's rules) bill their quota to a project. With a user's own
  # credentials that would be Google's SDK project, which rejects the calls.
  user_project_override = true
  billing_project       = var.project
}
