#!/bin/sh
# A stand-in for wrangler in tests of `cargo xtask deploy`: it answers in the forms of
# wrangler 4.156.0 and records its calls. Its state is the folder that wrangler's
# output file is in:
#
#   whoami           what `whoami --json` prints
#   secrets.ENV      the secrets of a Worker, as they came in; no file: no Worker
#   refuse-WHAT.ENV  WHAT (list, bulk, deploy) fails with the text in the file
#   gzip-bytes       the size that an upload has
#
# and it writes `calls` (arguments), `environment`, and `bulk.ENV` (standard input).
folder=$(dirname "$WRANGLER_OUTPUT_FILE_PATH")
echo "$*" >> "$folder/calls"
env >> "$folder/environment"
for environment; do :; done

fail() {
    # The output for programs has the message; the one for people has colours.
    printf '{"type":"command-failed","version":1,"message":"%s"}\n' "$1" >> "$WRANGLER_OUTPUT_FILE_PATH"
    printf '\033[31m✘ \033[41;31m[\033[41;97mERROR\033[41;31m]\033[0m %s\n' "$1" >&2
    exit 1
}

refused() {
    [ ! -e "$folder/refuse-$1.$environment" ] || fail "$(cat "$folder/refuse-$1.$environment")"
}

case "$1 $2" in
"whoami --json")
    cat "$folder/whoami"
    grep -q '"loggedIn": *true' "$folder/whoami"
    ;;
"secret list")
    refused list
    [ -e "$folder/secrets.$environment" ] ||
        fail "Worker \\\"edgejudge-$environment\\\" (env: $environment) not found.\\n\\nIf this is a new Worker, run \`wrangler deploy\` first to create it."
    echo '['
    separator=''
    for name in $(grep -o '"[A-Z_]*":' "$folder/secrets.$environment" | tr -d '":' | sort -u); do
        printf '%s  {\n    "name": "%s",\n    "type": "secret_text"\n  }' "$separator" "$name"
        separator=',
'
    done
    printf '\n]\n'
    ;;
"secret bulk")
    cat > "$folder/bulk.$environment"
    refused bulk
    cat "$folder/bulk.$environment" >> "$folder/secrets.$environment"
    echo "🌀 Processing the secrets for the Worker \"edgejudge-$environment\""
    ;;
"deploy --dry-run")
    printf '{"type":"deploy","version":1,"worker_name":"edgejudge-%s","worker_tag":null,"version_id":null,"bundle_size":{"raw_bytes":900000,"gzip_bytes":%s}}\n' \
        "$environment" "$(cat "$folder/gzip-bytes")" >> "$WRANGLER_OUTPUT_FILE_PATH"
    ;;
"deploy --env")
    refused deploy
    touch "$folder/secrets.$environment"
    printf '{"type":"deploy","version":1,"worker_name":"edgejudge-%s","worker_tag":"t","version_id":"v","targets":["https://edgejudge-%s.me.workers.dev","schedule: * * * * *"]}\n' \
        "$environment" "$environment" >> "$WRANGLER_OUTPUT_FILE_PATH"
    ;;
*)
    fail "no such command: $*"
    ;;
esac
