"""A baseline for the benchmark: the calls it makes, implemented in FastAPI on PostgreSQL.

It is optimized in the ways that FastAPI documents: uvloop and httptools, asyncpg with a connection pool and prepared
statements, one join per call, indexed tables, and middleware without Starlette's base class. Like compat-server it
sends the headers of the contract, validates lectures and logs a line per call. It does less, however: it has no rate
limits, does not check for revoked sessions, and has no lectures of deleted timetables to skip. bench_test.go runs it:

    BASELINE_DATABASE=… BASELINE_KEY=… BASELINE_AUDIENCE=… python3 -m uvicorn baseline:app --port 8080
"""

import base64
import json
import os
import secrets
import sys
import time
import uuid
from typing import List, Optional

import asyncpg
import jwt
from fastapi import Depends, FastAPI, Header, HTTPException, Response
from fastapi.middleware.cors import CORSMiddleware
from pydantic import BaseModel, confloat, conint, conlist, constr
from starlette.datastructures import MutableHeaders

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
key = base64.b64decode(os.environ["BASELINE_KEY"])
audience = os.environ["BASELINE_AUDIENCE"]
pool = None


async def prepare(connection):
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


@app.on_event("startup")
async def startup():
    global pool
    pool = await asyncpg.create_pool(host=os.environ["BASELINE_DATABASE"], user="postgres", database="postgres",
                                     min_size=1, max_size=8, init=prepare)


@app.on_event("shutdown")
async def shutdown():
    await pool.close()


class Observe:
    """Adds headers to every response and logs a line per call."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        began, identity, status = time.monotonic(), secrets.token_hex(13), 0

        async def with_headers(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = identity
                headers["X-HeekTime-Deprecated"] = "2027-08-31"
            await send(message)

        await self.app(scope, receive, with_headers)
        line = {"severity": "INFO", "message": "call", "call": scope["method"] + " " + scope["path"], "status": status,
                "request": identity, "ms": int(1000 * (time.monotonic() - began))}
        print(json.dumps(line), file=sys.stdout, flush=True)


app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "POST", "PUT", "DELETE"],
                   allow_headers=["Authorization", "Content-Type"])
app.add_middleware(Observe)


async def user_of(authorization: str = Header("")):
    if not authorization.startswith("Bearer ") or authorization == "Bearer null":
        raise HTTPException(401, "로그인이 필요해요.")
    try:
        return jwt.decode(authorization[7:], key, algorithms=["HS256"], audience=audience)["sub"]
    except jwt.PyJWTError:
        raise HTTPException(401, "로그인이 만료됐어요.")


class Time(BaseModel):
    weekday: conint(ge=0, le=6)
    timeBegin: conint(ge=0, le=1440)
    timeEnd: conint(ge=0, le=1440)
    room: constr(max_length=200) = ""


class Meta(BaseModel):
    name: constr(max_length=200)


class Lecture(BaseModel):
    identifier: constr(max_length=100) = ""
    title: constr(min_length=1, max_length=300)
    professor: constr(max_length=500) = ""
    credit: confloat(ge=0, le=100) = 0
    times: conlist(Time, max_items=50) = []
    category: conlist(constr(max_length=200), max_items=20) = []
    metas: conlist(Meta, max_items=50) = []
    tags: Optional[List[Meta]] = None


@app.get("/apis/v2/schools")
async def schools():
    rows = await pool.fetch(
        "SELECT s.id, s.name, m.id AS semester, m.year, m.term FROM schools s LEFT JOIN semesters m ON m.school_id = s.id"
        " ORDER BY s.name, m.id DESC")
    found = {}
    for row in rows:
        school = found.setdefault(row["id"], {"id": row["id"], "name": row["name"], "semesters": []})
        if row["semester"] is not None:
            school["semesters"].append({"id": row["semester"], "year": row["year"], "term": row["term"]})
    return list(found.values())


def lecture_of(row):
    return {"id": row["lecture"], "identifier": row["identifier"], "title": row["lecture_title"], "professor": row["professor"],
            "credit": row["credit"], "times": row["times"], "category": row["category"], "tags": row["tags"]}


@app.get("/apis/v2/users/{user}/timetables")
async def timetables(user: str):
    rows = await pool.fetch(
        "SELECT t.id, t.title, t.user_id, m.id AS semester, m.year, m.term, s.id AS school, s.name AS school_name,"
        " l.id AS lecture, l.identifier, l.title AS lecture_title, l.professor, l.credit, l.times, l.category, l.tags"
        " FROM timetables t JOIN semesters m ON m.id = t.semester_id JOIN schools s ON s.id = m.school_id"
        " LEFT JOIN lectures l ON l.timetable_id = t.id WHERE t.user_id = $1"
        " ORDER BY m.id DESC, t.created_at DESC, l.created_at", user)
    found = {}
    for row in rows:
        timetable = found.get(row["id"])
        if timetable is None:
            timetable = found[row["id"]] = {
                "id": row["id"], "title": row["title"], "user": {"id": row["user_id"]},
                "semester": {"id": row["semester"], "year": row["year"], "term": row["term"],
                             "school": {"id": row["school"], "name": row["school_name"]}},
                "lectures": []}
        if row["lecture"] is not None:
            timetable["lectures"].append(lecture_of(row))
    return list(found.values())


@app.post("/apis/v2/me/timetables/{timetable}/lectures", status_code=201)
async def add(timetable: str, lecture: Lecture, user: str = Depends(user_of)):
    tags = lecture.metas if lecture.tags is None else lecture.tags
    row = await pool.fetchrow(
        "INSERT INTO lectures (id, timetable_id, identifier, title, professor, credit, times, category, tags)"
        " SELECT $1, t.id, $4, $5, $6, $7, $8, $9, $10 FROM timetables t WHERE t.id = $2 AND t.user_id = $3"
        " RETURNING id AS lecture, identifier, title AS lecture_title, professor, credit, times, category, tags",
        uuid.uuid4().hex, timetable, user, lecture.identifier, lecture.title, lecture.professor, lecture.credit,
        [t.dict() for t in lecture.times], lecture.category, [t.dict() for t in tags])
    if row is None:
        raise HTTPException(404, "시간표를 찾을 수 없어요.")
    return lecture_of(row)


@app.delete("/apis/v2/me/timetables/{timetable}/lectures/{lecture}", status_code=204)
async def delete(timetable: str, lecture: str, user: str = Depends(user_of)):
    await pool.execute(
        "DELETE FROM lectures l USING timetables t"
        " WHERE l.id = $1 AND l.timetable_id = $2 AND t.id = l.timetable_id AND t.user_id = $3",
        lecture, timetable, user)
    return Response(status_code=204)
