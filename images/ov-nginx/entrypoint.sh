#!/bin/sh
# Write nginx's configuration from the environment, then become nginx.
#
#   SITE_HOST        the public site's host name                          required
#   ADMIN_HOST       the editors' host name                               required
#   FRONTEND         service:port of ov-frontend                          required
#   BACKEND          service:port of ov-wag                               required
#   ADMIN_SCHEME     http where no edge in front has TLS                https
#   BACKEND_URL      OV_API_URL as the front end has it                   http://BACKEND
#   UPLOAD_LIMIT     the largest upload                                   20m
#   ROUTES           /path/=service:port of who answers below it          nobody but the front end
#   TRUSTED_PROXIES  networks whose X-Forwarded-* headers are believed    the private ones
#   WORKERS          worker processes                                     2
#
# Everything is written below /tmp (RUN_DIR): the root file system may be read-only.
set -eu

here=$(dirname "$0")
: "${PORT:=8080}" "${WORKERS:=2}" "${UPLOAD_LIMIT:=20m}" "${RUN_DIR:=/tmp}" "${FILES:=/srv}"
: "${MIME_TYPES:=/etc/nginx/mime.types}" "${RESOLV_CONF:=/etc/resolv.conf}"
: "${TRUSTED_PROXIES:=127.0.0.0/8 10.0.0.0/8 100.64.0.0/10 172.16.0.0/12 192.168.0.0/16 198.18.0.0/15 fc00::/7}"

refuse() {
    echo "ov-nginx cannot start: $1" >&2
    exit 1
}

# Values become part of a configuration file: a stray character must not become a directive.
check() { # name pattern-of-what-is-not-allowed example
    eval "value=\${$1:-}"
    # shellcheck disable=SC2154
    case $value in
        '') refuse "$1 is not set. Set it, for example $1=$3" ;;
        *[!$2]*) refuse "$1=$value has a character that is not allowed. A good one: $1=$3" ;;
    esac
}

: "${ADMIN_SCHEME:=https}"
check SITE_HOST 'a-z0-9.-' openvault.example.org
check ADMIN_HOST 'a-z0-9.-' admin.openvault.example.org
check FRONTEND 'A-Za-z0-9.:-' ov-frontend:3000
check BACKEND 'A-Za-z0-9.:-' ov-wag:8000
: "${BACKEND_URL:=http://$BACKEND}"
check BACKEND_URL 'A-Za-z0-9.:/_-' http://ov-wag:8000
check ADMIN_SCHEME a-z https
check UPLOAD_LIMIT '0-9kmgKMG' 20m
check WORKERS '0-9a-z' 2
check PORT '0-9' 8080
check TRUSTED_PROXIES '0-9a-fA-F.:/ ' '10.0.0.0/8 192.168.0.0/16'

# nginx asks name servers itself and at every use, so it starts before the services do and follows
# one that was made anew. It completes no name: in a cluster that is done here.
resolvers=$(awk '$1 == "nameserver" { print ($2 ~ /:/ ? "[" $2 "]" : $2) }' "$RESOLV_CONF" | tr '\n' ' ')
domain=$(awk '$1 == "search" || $1 == "domain" { for (i = 2; i <= NF; i++) if ($i ~ /\.svc\./) { print $i; exit } }' "$RESOLV_CONF")

complete() { # host:port, where a host without a dot is a service of our namespace
    case $1 in
        *.*:* | localhost:*) echo "$1" ;;
        *:*) echo "${1%%:*}${domain:+.$domain}:${1##*:}" ;;
        *) refuse "$1 has no port. A good one: $1:8000" ;;
    esac
}

FRONTEND=$(complete "$FRONTEND")
BACKEND=$(complete "$BACKEND")

trusted_map=''
trusted_list=''
for network in $TRUSTED_PROXIES; do
    trusted_map="$trusted_map $network 1;"
    trusted_list="$trusted_list set_real_ip_from $network;"
done

# The CMS marks its cookies for TLS alone, always: on a site without it nobody could log in.
cookies=''
case $ADMIN_SCHEME in
    https) ;;
    http) cookies='proxy_cookie_flags ~ nosecure;' ;;
    *) refuse "ADMIN_SCHEME=$ADMIN_SCHEME is neither http nor https" ;;
esac

# Who else answers for the site below a path. One that does not answer is away, as the others are.
routes=''
for route in ${ROUTES:-}; do
    path=${route%%=*}
    case $path in
        /*[!a-z0-9-]*/ | //) path='' ;;
        /*/) ;;
        *) path='' ;;
    esac
    case $route in
        "$path"=?*:*[0-9]) ;;
        *) refuse "ROUTES has $route. A good one: ROUTES=/feed/=feed:80" ;;
    esac
    case ${route#*=} in
        *[!A-Za-z0-9.:-]*) refuse "ROUTES has $route. A good one: ROUTES=/feed/=feed:80" ;;
    esac
    service=$(complete "${route#*=}")
    routes="$routes location $path { set \$upstream $service; proxy_pass http://\$upstream; include proxy.conf; }"
done

# nginx looks for included files beside the one it is given.
for file in nginx.conf files.conf proxy.conf frontend.conf backend.conf once-more.conf; do
    sed -e "s|@HERE@|$here|g" -e "s|@RUN_DIR@|$RUN_DIR|g" -e "s|@FILES@|$FILES|g" \
        -e "s|@MIME_TYPES@|$MIME_TYPES|g" -e "s|@PORT@|$PORT|g" -e "s|@WORKERS@|$WORKERS|g" \
        -e "s|@RESOLVERS@|${resolvers:-127.0.0.1}|g" -e "s|@UPLOAD_LIMIT@|$UPLOAD_LIMIT|g" \
        -e "s|@SITE_HOST@|$SITE_HOST|g" -e "s|@ADMIN_HOST@|$ADMIN_HOST|g" \
        -e "s|@FRONTEND@|$FRONTEND|g" -e "s|@BACKEND@|$BACKEND|g" \
        -e "s|@BACKEND_URL@|$BACKEND_URL|g" \
        -e "s|@COOKIES@|$cookies|g" -e "s|@ROUTES@|$routes|g" \
        -e "s|@TRUSTED_MAP@|$trusted_map|g" -e "s|@TRUSTED_LIST@|$trusted_list|g" \
        "$here/$file" > "$RUN_DIR/$file"
done

[ "${1:-}" = check ] && exec nginx -e stderr -t -c "$RUN_DIR/nginx.conf"
exec nginx -e stderr -c "$RUN_DIR/nginx.conf"
