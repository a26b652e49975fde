"""Each reader must find the same values in its format as there are in the JSON."""
import io
import json
import sys
import urllib.request

import duckdb
import duckdb_extensions
import jsonstat_validator
import openpyxl
import pandas
import polars
import pyarrow.csv
import pyarrow.parquet
from pyjstat import pyjstat

BASE = sys.argv[1] + "/v1/observations"
QUERY = "indicator=population,overdose-deaths,drug-detox-wait-days&period_from=2016&period_to=2021"
CODES = {"region_code": str, "period": str, "published": str}


def address(form, rest=""):
    return f"{BASE}?{QUERY}&format={form}{rest}"


def fetch(url):
    with urllib.request.urlopen(url) as answer:
        return answer.read()


def rows():
    url = f"{BASE}?{QUERY}"
    while url:
        page = json.loads(fetch(url))
        yield from page["data"]
        url = page["next"]


def number(value):
    """A value as a float; what is not there is None, whatever the reader calls it."""
    return None if value is None or value != value else float(value)


def values(ids, found):
    return dict(zip(ids, map(number, found), strict=True))


TRUTH = {row["id"]: number(row["value"]) for row in rows()}
CODE = {row["id"]: row["region_code"] for row in rows()}
assert len(TRUTH) > 2_100, len(TRUTH)


def agree(reader, found, codes=None):
    assert found == TRUTH, f"{reader}: {len(found)} values, {len(TRUTH)} in JSON"
    if codes is not None:
        assert codes == CODE, f"{reader}: the codes of regions are not what they were"
    print(f"{reader}: {len(found)} values")


def frame(reader, t):
    agree(reader, values(t["id"], t["value"]), dict(zip(t["id"], t["region_code"])))


frame("pandas, CSV", pandas.read_csv(address("csv"), dtype=CODES))
excel = pandas.read_csv(address("csv", "&dialect=excel"), sep=";", decimal=",", dtype=CODES, encoding="utf-8-sig")
frame("pandas, CSV for Excel", excel)
frame("pandas, ndjson", pandas.read_json(address("ndjson"), lines=True, dtype=CODES))
frame("pandas, Parquet", pandas.read_parquet(address("parquet")))
frame("pandas, xlsx", pandas.read_excel(address("xlsx"), dtype=CODES))

text = {name: polars.String for name in CODES}
lazy = polars.scan_csv(address("csv"), schema_overrides=text, infer_schema_length=None).collect()
frame("polars, CSV from the URL", lazy.to_dict(as_series=False))
frame("polars, Parquet from the URL", polars.scan_parquet(address("parquet")).collect().to_dict(as_series=False))
frame("polars, ndjson", polars.read_ndjson(io.BytesIO(fetch(address("ndjson")))).to_dict(as_series=False))

table = pyarrow.parquet.read_table(io.BytesIO(fetch(address("parquet"))))
assert table.schema.metadata[b"license"] == b"NLOD-2.0" and b"format=parquet" in table.schema.metadata[b"query"]
assert str(table.schema.field("value").type) == "double" and str(table.schema.field("period").type) == "string"
frame("pyarrow, Parquet", table.to_pydict())
options = pyarrow.csv.ConvertOptions(column_types={name: "string" for name in CODES})
frame("pyarrow, CSV", pyarrow.csv.read_csv(io.BytesIO(fetch(address("csv"))), convert_options=options).to_pydict())

duckdb_extensions.import_extension("httpfs")
duck = duckdb.connect()
duck.execute("LOAD httpfs")
sources = {"Parquet from the URL": f"read_parquet('{address('parquet')}')", "CSV from the URL": f"read_csv('{address('csv')}', all_varchar=true)"}
for what, source in sources.items():
    found = duck.execute(f"SELECT id, TRY_CAST(value AS DOUBLE), region_code FROM {source}").fetchall()
    agree(f"duckdb, {what}", values([r[0] for r in found], [r[1] for r in found]), {r[0]: r[2] for r in found})

book = openpyxl.load_workbook(io.BytesIO(fetch(address("xlsx"))))
sheet = book["data"]
assert sheet.freeze_panes == "A2" and book.sheetnames == ["data", "about"]
header, *lines = sheet.iter_rows(values_only=True)
lines = [dict(zip(header, line)) for line in lines]
assert all(isinstance(line["value"], (int, float, type(None))) for line in lines), "numbers are numbers"
agree("openpyxl, xlsx", values([l["id"] for l in lines], [l["value"] for l in lines]), {l["id"]: l["region_code"] for l in lines})

cube = {}
for row in rows():
    cube[row["indicator"], row["region"], row["period"]] = number(row["value"])
for query in ["", "&boundaries=comparable&lang=en"]:
    jsonstat_validator.validate_jsonstat(json.loads(fetch(address("json-stat2", query))))
print("jsonstat-validator, JSON-stat: valid")
t = pyjstat.Dataset.read(address("json-stat2")).write("dataframe", naming="id")
found = {key: number(v) for *key, v in t[["indicator", "region", "period", "value"]].itertuples(index=False) for key in [tuple(key)]}
assert {key: v for key, v in found.items() if v is not None} == {key: v for key, v in cube.items() if v is not None}, "pyjstat"
print(f"pyjstat, JSON-stat: {len(found)} cells")

wide = pandas.read_csv(address("csv", "&layout=wide"), dtype={"region_code": str})
periods = [name for name in wide.columns if name[0].isdigit()]
long = wide.melt(["indicator", "region"], periods)
found = {(i, r, p): number(v) for i, r, p, v in long.itertuples(index=False)}
assert {key: v for key, v in found.items() if v is not None} == {key: v for key, v in cube.items() if v is not None}, "wide"
print(f"pandas, wide: {len(wide)} rows, {len(periods)} periods")
