#!/bin/sh
# Tunes examples/chorus as a user would: nuages in one environment, the project in another.
set -eu
cd "$(dirname "$0")/.."

tools/environment.sh .venv pyproject.toml -- -e '.[stack]'
tools/environment.sh .venv-chorus examples/chorus/requirements.txt -- \
    -r examples/chorus/requirements.txt

unenclosed=
if ! .venv/bin/nuages enclosure; then
    echo 'This machine cannot enclose a project; the example is our own, so it runs --unenclosed.'
    unenclosed=--unenclosed
fi

report=chorus-report.html
rm -f "$report"
status=0
.venv/bin/nuages tune examples/chorus --python .venv-chorus/bin/python \
    --html "$report" $unenclosed || status=$?
# 1 means that there are findings, which is what the example is for.
if [ "$status" -gt 1 ] || [ ! -f "$report" ]; then
    exit 2
fi
echo
echo "The report: $PWD/$report"
