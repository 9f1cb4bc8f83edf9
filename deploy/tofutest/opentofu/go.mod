// The version of OpenTofu that deploy/tofutest/build builds. It has nothing else, as OpenTofu is built with
// its own go.mod.
module heek.kr/heektime/deploy/tofutest/opentofu

go 1.26.6

require github.com/opentofu/opentofu v1.12.6
