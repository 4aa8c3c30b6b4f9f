# Run by the entry point of PostgreSQL at its first start: a role and a database for each service, and for the coffre.
# No service can open the database of another. Passwords are those of the addresses that the services are given.
for fichier in /run/secrets/base-*; do
  adresse=$(cat "$fichier")
  reste=${adresse#*://}
  role=${reste%%:*}
  passe=${reste#*:}
  passe=${passe%%@*}
  psql -v ON_ERROR_STOP=1 --no-psqlrc -q -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v role="$role" -v passe="$passe" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'passe';
CREATE DATABASE :"role" OWNER :"role" ENCODING 'UTF8' TEMPLATE template0 LOCALE 'C.UTF-8';
REVOKE ALL ON DATABASE :"role" FROM PUBLIC;
SQL
done
