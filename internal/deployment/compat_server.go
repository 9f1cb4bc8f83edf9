package deployment

import (
	"time"

	"heek.kr/heektime/internal/deployment/spec"
)

// compatServer serves old clients. Delete it together with the folder compat-server.
func compatServer() spec.Service {
	return spec.Service{
		Name: "compat-server", Purpose: "the REST API of old apps",
		Package: "compat-server", Account: compatAccount,
		Public: true, Ingress: spec.IngressAll,
		Timeout: time.Minute, MemoryMiB: 512, MilliCPU: 1000, Concurrency: 80, MaxInstances: 10,
		Environment: []spec.Variable{
			project,
			database,
			apiKey,
			{Name: "TOKEN_KEY", Required: true, Value: spec.SecretValue(tokenKey), Purpose: "key that signs the API's tokens, 32 bytes in Base64"},
			{Name: "TOKEN_KEY_OLD", Value: spec.SecretValue(oldTokenKey), Purpose: "the previous key, whose tokens are still accepted"},
			{Name: "PUBLIC_URL", Required: true, Value: spec.SiteURL(), Purpose: "where clients reach the API, `https://host`: the web app's domain"},
			{Name: "END_DATE", Required: true, Value: spec.Constant("2027-08-31"), Purpose: "day on which the API ends; every response names it in `X-HeekTime-Deprecated`"},
			trustedProxies,
			{Name: "CALLS_PER_USER", Value: spec.Default("10"), Purpose: "calls a second of one signed-in user"},
			{Name: "CALLS_PER_ADDRESS", Value: spec.Default("50"), Purpose: "calls a second from one network address without signing in"},
			passwordRounds,
			{Name: "OLD_SERVER_URL", Value: spec.Default(""), Purpose: "while data [moves](old-clients.md#during-the-move): address of the old server, " +
				"`https://host`, which gets the calls for what has not moved"},
			{Name: "OLD_TOKEN_KEY", Value: spec.SecretValue(oldServerKey), Purpose: "required with `OLD_SERVER_URL`: the key that the old server signs its tokens with"},
			{Name: "OLD_TOKEN_SUBJECT_CLAIM", Value: spec.Default("sub"), Purpose: "claim of the old server's tokens with the user's ID"},
			{Name: "OLD_TOKEN_TYPE_CLAIM", Value: spec.Default("type"), Purpose: "claim with what a token is for"},
			{Name: "OLD_TOKEN_ACCESS_TYPE", Value: spec.Default("access"), Purpose: "its value in access tokens"},
			{Name: "OLD_TOKEN_REFRESH_TYPE", Value: spec.Default("refresh"), Purpose: "its value in refresh tokens"},
		},
	}
}
