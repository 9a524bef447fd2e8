"""Renders a chart by Helm's own engine, which the package helm-python-sdk carries.

The arguments are the chart's folder and files of values; the answer is JSON: what `helm lint` says, the questions of
the form, and of each file what the chart makes of it, or the error.
"""

import json
import sys

import helm_python as helm


def render(chart, values):
    try:
        chart.validate_schema(values)
        return {"files": chart.render(values, name="mysql-replication", namespace="kubewarden")}
    except helm.HelmError as error:
        return {"error": str(error)}


def main(folder, files):
    with helm.Chart.load(folder) as chart:
        rendered = {}
        for path in files:
            with open(path, encoding="utf-8") as file:
                rendered[path] = render(chart, helm.values_from_yaml(file.read()) or {})
    json.dump({"lint": helm.lint(folder), "rendered": rendered, "helm": helm.helm_sdk_version()}, sys.stdout)


main(sys.argv[1], sys.argv[2:])
