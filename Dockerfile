# The image of pod-status-logger: a static binary on distroless. It runs as any user,
# with a read-only root file system, on any platform that Go supports.
#
#   docker build -t pod-status-logger .         # needs BuildKit, Docker's default since 23.0
#   make image VERSION=v1.2.3 PLATFORM=linux/arm64
#
# Compiles on the builder's platform, for any target platform.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION=devel
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    GOOS=$TARGETOS GOARCH=$TARGETARCH make build VERSION="$VERSION" && mkdir /state

# The Collector of docker-compose.yaml, which builds it by --target=collector. Its
# original image has neither a program for a health check nor a writable folder for
# a volume.
FROM otel/opentelemetry-collector-contrib:0.160.0 AS collector
COPY --from=build /src/bin/pod-status-logger /
COPY --from=build --chown=10001:10001 /state /var/lib/otelcol

# No shell, CA certificates, /tmp, and the user 65532.
FROM gcr.io/distroless/static-debian12:nonroot
ARG VERSION=devel
LABEL org.opencontainers.image.title="pod-status-logger" \
      org.opencontainers.image.description="One record for every change in a Kubernetes pod's life, as JSON lines and over OTLP" \
      org.opencontainers.image.source="https://github.com/pod-status-logger/pod-status-logger" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"
COPY --from=build /src/bin/pod-status-logger /
# For --state-dir: a volume mounted here gets the folder's owner.
COPY --from=build --chown=65532:65532 /state /var/lib/pod-status-logger
EXPOSE 9464
USER 65532:65532
HEALTHCHECK --interval=10s --timeout=6s --start-period=1m CMD ["/pod-status-logger", "health"]
ENTRYPOINT ["/pod-status-logger"]
