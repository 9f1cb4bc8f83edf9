package identity

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"heek.kr/heektime/emulator/internal/httpjson"
)

// maxBlob is more than a custom token has.
const maxBlob = 1 << 20

// SignBlobHandler serves signBlob of IAM's Service Account Credentials API, at
// /v1/projects/-/serviceAccounts/{email}:signBlob. It signs for every account: the caller checks who may.
// https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signBlob
func (i *Identity) SignBlobHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			Payload []byte `json:"payload"`
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBlob))
		if err == nil {
			err = json.Unmarshal(body, &request)
		}
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, ":signBlob") || err != nil {
			httpjson.WriteError(w, httpjson.Error{
				Code: http.StatusBadRequest, Status: "INVALID_ARGUMENT", Message: "Want a POST of a payload in Base64 to …:signBlob.",
			})
			return
		}
		signature, id, err := i.SignBlob(request.Payload)
		if err != nil {
			httpjson.WriteError(w, httpjson.Error{Code: http.StatusInternalServerError, Status: "INTERNAL", Message: err.Error()})
			return
		}
		httpjson.Write(w, http.StatusOK, map[string]any{"keyId": id, "signedBlob": signature})
	})
}
