# syntax=docker/dockerfile:1
#
# A small image with the one binary, built by the same scripts as `make run`:
#
#   docker build -t freehold . && docker run -p 8081:8081 -v freehold:/data freehold
#
# Needs BuildKit (Docker 23 and newer) or Podman: the cache mounts keep RocksDB and the crates between builds. What of
# this file has been run, and what not, stands in docs/building.md.

FROM rust:1.95-bookworm AS build
WORKDIR /src
# By itself, so that a change of the sources does not repeat it.
COPY Cargo.toml ./
COPY scripts/install-deps.sh scripts/
RUN scripts/install-deps.sh build
COPY . .
# strip keeps function names, so that a backtrace can be read; the line tables would be most of the image.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/.rocksdb,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    scripts/rocksdb.sh \
 && cargo build --release --locked -p registry --bin freehold \
 && strip --strip-debug -o /usr/local/bin/freehold target/release/freehold

FROM debian:bookworm-slim
# libstdc++, the one library beyond libc that the binary links, is part of the base image; the last RUN proves it.
COPY --from=build /usr/local/bin/freehold /usr/local/bin/freehold
# A number, so that Kubernetes can see that it is not root.
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin freehold \
 && install -d -o freehold -g freehold -m 0750 /data
USER 10001
RUN ["freehold", "--version"]
VOLUME /data
EXPOSE 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["freehold", "healthcheck"]
ENTRYPOINT ["freehold"]
CMD ["serve", "--listen", "0.0.0.0:8081", "--data", "/data"]
