"""Reads a file that the collector wrote, and says its columns and rows as JSON: CSV by Python's own reader, Parquet by
Arrow's. `read.py csv|parquet|rows FILE`, the last for how many rows and groups a Parquet file has."""

import csv
import json
import sys

kind, path = sys.argv[1:]
if kind == "csv":
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, strict=True))
    told = {"names": rows[0], "rows": rows[1:]}
elif kind == "rows":
    import pyarrow.parquet

    metadata = pyarrow.parquet.ParquetFile(path).metadata
    told = [metadata.num_rows, metadata.num_row_groups]
else:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path)
    file = pyarrow.parquet.ParquetFile(path)
    told = {
        "names": table.column_names,
        "types": [str(field.type) for field in table.schema],
        "rows": [list(row.values()) for row in table.to_pylist()],
        "said": {key.decode(): value.decode() for key, value in file.metadata.metadata.items()},
        "codec": file.metadata.row_group(0).column(0).compression if file.num_row_groups else None,
    }
print(json.dumps(told, default=str))
