#!/bin/sh
# Starts staffel. STAFFEL_LOG_FILE, PGPASSWORD_FILE, … name files (secrets, for instance) that contain the value of the
# variable without _FILE, so that the environment of the container holds no secrets.
set -eu
for name in $(env | sed -n -E 's/^((STAFFEL|PG)[A-Z_]*)_FILE=.*/\1/p'); do
    eval "file=\$${name}_FILE"
    value=$(cat "$file")
    export "$name=$value"
    unset "${name}_FILE"
done
exec staffel "$@"
