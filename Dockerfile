# One image for every process of Staffel: `docker run staffel worker --port 8800`, `… project`, `… relay`, …
# It runs without root and writes only to /tmp.
ARG PYTHON=3.11.13-slim-bookworm

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /build
RUN python -m venv /opt/staffel
COPY pyproject.toml requirements.lock ./
COPY deploy/runtime_lock.py deploy/
RUN python deploy/runtime_lock.py pyproject.toml requirements.lock > runtime.lock \
 && /opt/staffel/bin/pip install --require-hashes --no-deps -r runtime.lock
COPY README.md LICENSE ./
COPY schemas schemas
COPY scoring scoring
COPY database database
COPY streams streams
COPY projections projections
COPY intake intake
COPY audit audit
COPY alerts alerts
COPY staffel staffel
RUN /opt/staffel/bin/pip install --no-deps --no-build-isolation . \
 && /opt/staffel/bin/pip uninstall --yes setuptools pip \
 && /opt/staffel/bin/python -m compileall -q /opt/staffel/lib
COPY --chmod=755 deploy/entrypoint.sh /opt/staffel/bin/
COPY deploy/healthy.py /opt/staffel/share/

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="Staffel" \
      org.opencontainers.image.description="Event-sourced engagement tracking for account-based marketing and sales" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 staffel \
 && useradd --uid 10001 --gid staffel --no-create-home --home-dir /tmp --shell /usr/sbin/nologin staffel
COPY --from=build /opt/staffel /opt/staffel
ENV PATH=/opt/staffel/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    STAFFEL_HOME=/tmp/staffel \
    STAFFEL_LISTEN=0.0.0.0 \
    STAFFEL_LOGS=json
WORKDIR /tmp
USER 10001:10001
EXPOSE 8800
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-IS", "/opt/staffel/share/healthy.py", "8800"]
ENTRYPOINT ["entrypoint.sh"]
CMD ["--help"]
