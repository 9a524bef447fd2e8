# All scripts of the injected containers and probes come packed behind this one, which is the only one that init-mysql
# has in its command: unpack, then go on as init-mysql.sh. $0 is the folder, on a volume of the pod that is mounted
# read-only everywhere else.
set -euo pipefail
umask 022
cd "$0"
for tool in base64 gzip; do
    command -v "$tool" >/dev/null || { printf 'init-mysql: ERROR: not in this image: %s\n' "$tool" >&2; exit 1; }
done
# aside, then moved: what runs already keeps the file that it reads
rm -rf .new
mkdir .new
printf '%s' "$1" | base64 -d | gzip -d | while IFS= read -r line; do
    if [[ $line == '#### '* ]]; then exec >".new/${line#'#### '}"; else printf '%s\n' "$line"; fi
done
mv -f .new/* .
rmdir .new
exec bash "$0/init-mysql.sh"
