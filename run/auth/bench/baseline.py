"""A minimal auth service in FastAPI, the baseline for bench_test.go.

It does less than run/auth: it has no throttling, no migration and no Firestore, and reads old credentials
from a file. It uses only the standard library and OpenSSL for hashing. bench_test.go runs it:

    BASELINE_CREDENTIALS=old.json FIREBASE_AUTH_EMULATOR_HOST=… python3 -m uvicorn baseline:app --port 8080
"""

import base64
import hashlib
import hmac
import json
import os
import time
import urllib.error
import urllib.request

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel

app = FastAPI()
with open(os.environ["BASELINE_CREDENTIALS"], encoding="utf-8") as file:
    old_credentials = json.load(file)
sign_in_url = (
    "http://" + os.environ["FIREBASE_AUTH_EMULATOR_HOST"]
    + "/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword?key=k"
)


class SignIn(BaseModel):
    email: str
    password: str


def authenticate(credentials):
    body = json.dumps({"email": credentials.email, "password": credentials.password, "returnSecureToken": True}).encode()
    request = urllib.request.Request(sign_in_url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=8) as response:
            return json.load(response)["localId"]
    except urllib.error.HTTPError:
        return None


def check(stored, password):
    method, salt, want = stored.split("$")
    _, digest, rounds = method.split(":")
    got = hashlib.pbkdf2_hmac(digest, password.encode(), salt.encode(), int(rounds))
    return hmac.compare_digest(got.hex(), want)


def token(uid):
    now = int(time.time())
    part = lambda claims: base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    email = "firebase-auth-emulator@example.com"
    return part({"alg": "none", "typ": "JWT"}) + "." + part({
        "iss": email, "sub": email, "uid": uid, "iat": now, "exp": now + 3600,
        "aud": "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit",
    }) + "."


@app.post("/login/")
def login(body: SignIn):
    uid = authenticate(body)
    if uid is None:
        old = old_credentials.get(body.email)
        if old and check(old["hash"], body.password):
            uid = old["uid"]
    if uid is None:
        return JSONResponse({"code": "wrong-credentials"}, status_code=400)
    return {"uid": uid, "token": token(uid)}
