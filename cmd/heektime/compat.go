package main

import "heek.kr/heektime/compat-server/api"

// This file goes with compat-server: to end the migration, delete both.

func init() { services["compat-server"] = api.Open }
