# A small image with the one binary, built by the same scripts as `make run`:
#
#   docker build -t freehold --build-arg COMMIT="$(git rev-parse HEAD)" .
#   docker run -p 127.0.0.1:8081:8081 -v freehold:/data freehold
#
# Needs BuildKit (Docker 23 and newer), Podman or Buildah: the cache mounts keep RocksDB and the crates between builds.
# `make image` builds this very file without an engine and without a registry, and starts what it made.

# Tags move. Whoever wants the same bases again names them by digest: --build-arg RUN_IMAGE=debian@sha256:…
ARG BUILD_IMAGE=docker.io/library/rust:1.95-bookworm
ARG RUN_IMAGE=docker.io/library/debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
# By itself, so that a change of the sources does not repeat it.
COPY Cargo.toml ./
COPY scripts/install-deps.sh scripts/steadily.sh scripts/
RUN scripts/install-deps.sh build
COPY . .
# The commit that `GET /v1/metadata/version` names.
ARG COMMIT=
# strip keeps function names, so that a backtrace can be read; the line tables would be most of the image.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/.rocksdb,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    scripts/steadily.sh RocksDB scripts/rocksdb.sh \
 && FREEHOLD_COMMIT="$COMMIT" scripts/steadily.sh "cargo build" cargo build --release --locked -p registry --bin freehold \
 && strip --strip-debug -o /usr/local/bin/freehold target/release/freehold

FROM ${RUN_IMAGE}
# libstdc++, the one library beyond libc that the binary links, is part of the base image; the last RUN proves it.
COPY --from=build /usr/local/bin/freehold /usr/local/bin/freehold
COPY scripts/image/entrypoint.sh /usr/local/bin/entrypoint
# A number, so that Kubernetes can see that it is not root.
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin freehold \
 && install -d -o freehold -g freehold -m 0750 /data
USER 10001
RUN ["freehold", "--version"]

# Anyone who reaches the port may read; to write takes a user, of whom the entrypoint makes the first.
ENV FREEHOLD_LISTEN=0.0.0.0:8081 \
    FREEHOLD_DATA=/data/store \
    FREEHOLD_AUTHENTICATION_USERS=/data/users \
    FREEHOLD_AUTHORIZATION_ADMINS=user:basic/admin
VOLUME /data
EXPOSE 8081
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["freehold", "healthcheck"]
ENTRYPOINT ["entrypoint"]
CMD ["serve"]

ARG COMMIT=
ARG RUN_IMAGE
LABEL org.opencontainers.image.title="Freehold" \
      org.opencontainers.image.description="A schema registry for Apache Kafka with namespace authorization" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/freehold-registry/freehold" \
      org.opencontainers.image.documentation="https://github.com/freehold-registry/freehold/blob/main/docs/operations.md" \
      org.opencontainers.image.base.name="${RUN_IMAGE}" \
      org.opencontainers.image.revision="${COMMIT}"
