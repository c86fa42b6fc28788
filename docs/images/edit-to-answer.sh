#!/bin/sh
# What docs/images/edit-to-answer.svg shows. Run in a clone after `make demo` (it edits the sample's documents, and takes the edit back):
#   termtosvg docs/images/edit-to-answer.svg -c docs/images/edit-to-answer.sh -g 100x24 -M 2500
set -u
PATH="$PWD/.venv/bin:$PATH"
page=data/documents/policies/returns-and-refunds.md
question='How long do private customers have to return a machine?'

show() { printf '\033[1;32m$\033[0m %s\n' "$1"; sleep 1; }
ask() { curl -s localhost:8080/ask -H 'content-type: application/json' -d "{\"question\": \"$question\"}" | python -c '
import json, sys
told = json.load(sys.stdin)
print(told["answer"])
for source in told["sources"]: print("  ", source["document"], "|", source["quote"][:64], "...")'; }

show 'tandem watch & tandem serve --port 8080 &'
tandem watch 2>/dev/null &
watcher=$!
tandem serve --port 8080 2>/dev/null >/dev/null &
server=$!
until curl -sf localhost:8080/health >/dev/null; do sleep 1; done
sleep 5
ask >/dev/null
show "ask '$question'"
ask
sleep 2
show "sed -i 's/accessory within 30 days/accessory within 50 days/' $page"
sed -i 's/accessory within 30 days/accessory within 50 days/' "$page"
sleep 1
show "ask '$question'"
ask
sleep 3
sed -i 's/accessory within 50 days/accessory within 30 days/' "$page"
sleep 2
kill -TERM $watcher $server 2>/dev/null
wait
