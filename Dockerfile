# Fiel for servers: web, worker, scheduler and one-off commands all run from this image.
FROM python:3.13-slim-bookworm AS packages
RUN python -m venv /opt/venv
COPY requirements/base.txt /tmp/base.txt
RUN /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
    --require-hashes --only-binary :all: -r /tmp/base.txt

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin fiel
COPY --from=packages /opt/venv /opt/venv
WORKDIR /srv/fiel
COPY . .
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    FIEL_ENV=production \
    FIEL_STATIC_ROOT=/srv/static \
    GRANIAN_HOST=0.0.0.0 \
    GRANIAN_WORKERS=2
# The values are random, used for this one command, and stored nowhere: the image carries no secret.
RUN FIEL_SECRET_KEY=$(python -c 'import secrets; print(secrets.token_hex(32))') \
    FIEL_KEY_PEPPER=$(python -c 'import secrets; print(secrets.token_hex(32))') \
    PUBLIC_URL=https://localhost DATABASE_URL=postgresql://none@none/none \
    python manage.py collectstatic --no-input -v0
USER fiel
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
# One blocking thread a worker process: docs/decisions/0002-web-server.md.
CMD ["granian", "config.wsgi:application", "--interface", "wsgi", "--no-ws", "--http", "1", \
     "--blocking-threads", "1", "--respawn-failed-workers", "--workers-kill-timeout", "30", "--log-level", "warning"]
