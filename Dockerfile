# The service in a container: SQLite in the volume /data unless DATABASE_URL says otherwise. No secrets are built in.
#     docker build -t opptrapping .
#     docker run --rm -p 127.0.0.1:8080:8080 -v opptrapping:/data opptrapping

FROM rust:1-bookworm AS build
# What the binary is made of is written into it (`cargo audit bin`) and beside it (CycloneDX), of one lock file.
RUN cargo install --locked cargo-auditable@0.7.7 cargo-cyclonedx@0.5.9
WORKDIR /src
COPY . .
RUN cargo auditable build --locked --release && install -D target/release/opptrapping /out/opptrapping
RUN cargo cyclonedx --format json --override-filename opptrapping.cdx && install -D opptrapping.cdx.json /out/opptrapping.cdx.json

FROM debian:bookworm-slim
# A number, not a name: Kubernetes can then see that it is not root.
RUN install -d -o 10001 -g 10001 -m 750 /data
COPY --from=build /out/opptrapping /usr/local/bin/opptrapping
COPY --from=build /out/opptrapping.cdx.json /usr/share/doc/opptrapping/
COPY LICENSE LICENSE-MIT LICENSE-APACHE data/SOURCES.md /usr/share/doc/opptrapping/
USER 10001:10001
WORKDIR /data
VOLUME /data
ENV DATABASE_URL=sqlite:///data/opptrapping.db \
    OPPTRAPPING_BIND=0.0.0.0:8080
EXPOSE 8080
# Asks the admin address, which stays on the container's own loopback.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["opptrapping", "healthcheck"]
ENTRYPOINT ["opptrapping"]
CMD ["serve"]
