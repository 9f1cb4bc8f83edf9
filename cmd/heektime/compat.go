package main

import "heek.kr/heektime/compat-server/api"

// This file is the command's only reference to compat-server; delete both when the migration ends.

func init() { services["compat-server"] = api.Open }
