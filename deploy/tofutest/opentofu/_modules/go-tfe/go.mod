module github.com/hashicorp/go-tfe

go 1.26
