"""The legacy API once more, in FastAPI on PostgreSQL, to measure ours against: the calls that the benchmark makes.

It is written as one would write it with care for speed: uvloop and httptools, asyncpg with a pool and prepared statements, one
join a call, indexed tables, answers without response models. It does less than ours: no limits, no log, no revoked sessions, no
cleaning of lectures beyond their JSON. Run by bench_test.go:

    TWIN_DATABASE=… TWIN_KEY=… python3 -m uvicorn twin:app --port 8080
"""

import base64
import json
import os
import uuid

import asyncpg
import jwt
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
key = base64.b64decode(os.environ["TWIN_KEY"])
audience = os.environ["TWIN_AUDIENCE"]
pool = None


async def prepare(connection):
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


@app.on_event("startup")
async def startup():
    global pool
    pool = await asyncpg.create_pool(host=os.environ["TWIN_DATABASE"], user="postgres", database="postgres", min_size=1, max_size=8, init=prepare)


@app.on_event("shutdown")
async def shutdown():
    await pool.close()


def problem(status, code, message):
    return JSONResponse({"code": code, "message": message}, status_code=status)


def user_of(request):
    header = request.headers.get("authorization", "")
    if not header.startswith("Bearer ") or header == "Bearer null":
        return None
    try:
        return jwt.decode(header[7:], key, algorithms=["HS256"], audience=audience)["sub"]
    except jwt.PyJWTError:
        return None


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
    return JSONResponse(list(found.values()))


def lecture_of(row):
    return {"id": row["lecture"], "identifier": row["identifier"], "title": row["lecture_title"], "professor": row["professor"],
            "credit": row["credit"], "times": row["times"], "category": row["category"], "tags": row["tags"]}


@app.get("/apis/v2/users/{user}/timetables")
async def timetables(user: str):
    rows = await pool.fetch(
        "SELECT t.id, t.title, t.user_id, m.id AS semester, m.year, m.term, s.id AS school, s.name AS school_name,"
        " l.id AS lecture, l.identifier, l.title AS lecture_title, l.professor, l.credit, l.times, l.category, l.tags"
        " FROM timetables t JOIN semesters m ON m.id = t.semester_id JOIN schools s ON s.id = m.school_id"
        " LEFT JOIN lectures l ON l.timetable_id = t.id WHERE t.user_id = $1 ORDER BY m.id DESC, t.created_at DESC, l.created_at", user)
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
    return JSONResponse(list(found.values()))


@app.post("/apis/v2/me/timetables/{timetable}/lectures")
async def add(timetable: str, request: Request):
    user = user_of(request)
    if user is None:
        return problem(401, "AT001", "로그인이 필요합니다.")
    l = await request.json()
    row = await pool.fetchrow(
        "INSERT INTO lectures (id, timetable_id, identifier, title, professor, credit, times, category, tags)"
        " SELECT $1, t.id, $4, $5, $6, $7, $8, $9, $10 FROM timetables t WHERE t.id = $2 AND t.user_id = $3"
        " RETURNING id AS lecture, identifier, title AS lecture_title, professor, credit, times, category, tags",
        uuid.uuid4().hex, timetable, user, l["identifier"], l["title"], l["professor"], l["credit"], l["times"], l["category"],
        [{"name": m["name"]} for m in l["metas"]])
    if row is None:
        return problem(404, "TT001", "없는 시간표입니다.")
    return JSONResponse(lecture_of(row), status_code=201)


@app.delete("/apis/v2/me/timetables/{timetable}/lectures/{lecture}")
async def delete(timetable: str, lecture: str, request: Request):
    user = user_of(request)
    if user is None:
        return problem(401, "AT001", "로그인이 필요합니다.")
    await pool.execute(
        "DELETE FROM lectures l USING timetables t WHERE l.id = $1 AND l.timetable_id = $2 AND t.id = l.timetable_id AND t.user_id = $3",
        lecture, timetable, user)
    return Response(status_code=204)
