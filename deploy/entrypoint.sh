#!/bin/sh
# Starts staffel. STAFFEL_LOG_FILE, PGPASSWORD_FILE, … name files, secrets for instance, that hold what the variable
# without _FILE would say: nothing secret stands in the environment of the container then.
set -eu
for name in $(env | sed -n -E 's/^((STAFFEL|PG)[A-Z_]*)_FILE=.*/\1/p'); do
    eval "file=\$${name}_FILE"
    value=$(cat "$file")
    export "$name=$value"
    unset "${name}_FILE"
done
exec staffel "$@"
