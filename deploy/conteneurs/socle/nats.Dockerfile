# Stand-in for nats:<version>-alpine: its server, a shell, wget.
ARG BASE
FROM ${BASE}
RUN apt-get update && apt-get install -y --no-install-recommends busybox && rm -rf /var/lib/apt/lists/* \
 && ln -s /bin/busybox /usr/local/bin/wget && groupadd --gid 1000 nats && useradd --uid 1000 --gid 1000 -M nats
COPY nats-server /usr/local/bin/nats-server
EXPOSE 4222 6222 8222
ENTRYPOINT ["nats-server"]
