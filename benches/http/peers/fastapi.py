"""The same queries as a handler in Python has them: FastAPI, asyncpg, a pool with a connection for each client."""
import os
from contextlib import asynccontextmanager

import asyncpg
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse

GRANT = """id, plan, scheme, measure, region, region_code, region_name, level, county, recipient_name, recipient_orgnr,
    period, period_start, period_end, amount_nok, stage, approximate, source, note"""
OBSERVATION = """id, indicator, region, region_code, region_name, level, county, period, period_start, period_end,
    published, mapped_on, value, status, series_break, confidence, publisher, source, note"""
CURRENT = "ended = 9223372036854775807"


@asynccontextmanager
async def pool(app):
    async with asyncpg.create_pool(os.environ["PEER_DATABASE"], min_size=16, max_size=16) as app.state.pool:
        yield


app = FastAPI(lifespan=pool)


async def rows(sql, *values):
    found = await app.state.pool.fetch(sql, *values)
    # Not through a model or an encoder, which would take most of the time.
    return JSONResponse({"data": [dict(row) for row in found]})


@app.get("/grants/{id}")
async def grant(id: str):
    row = await app.state.pool.fetchrow(f"SELECT {GRANT} FROM grants WHERE id = $1 AND {CURRENT}", id)
    if row is None:
        raise HTTPException(404)
    return JSONResponse(dict(row))


@app.get("/grants")
async def page(region: str, period: str, limit: int):
    sql = f"SELECT {GRANT} FROM grants WHERE region = $1 AND period = $2 AND {CURRENT} ORDER BY id LIMIT $3"
    return await rows(sql, region, period, limit)


@app.get("/observations")
async def year(indicator: str, period: str, level: str):
    where = f"indicator = $1 AND period = $2 AND level = $3 AND {CURRENT}"
    return await rows(f"SELECT {OBSERVATION} FROM observations WHERE {where} ORDER BY id", indicator, period, level)


@app.get("/observations/of/{region}")
async def place(region: str, limit: int):
    sql = f"SELECT {OBSERVATION} FROM observations WHERE region = $1 AND {CURRENT} ORDER BY id LIMIT $2"
    return await rows(sql, region, limit)


@app.get("/summary")
async def summary():
    columns = "county, period, SUM(amount_nok)::bigint AS sum_nok, COUNT(*) AS grants"
    return await rows(f"SELECT {columns} FROM grants WHERE {CURRENT} GROUP BY county, period")
