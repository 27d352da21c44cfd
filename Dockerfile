# One image for web, workers, beat and migrate; docker-compose.yml says which of them a container is.
FROM python:3.11-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app

COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt

COPY . .
# The settings want their variables even here; these values live for this one line.
RUN SECRET_KEY=build WHATSAPP_APP_SECRET=build WHATSAPP_VERIFY_TOKEN=build TOKEN_ENCRYPTION_KEYS=build \
    DATABASE_URL=postgresql://build@127.0.0.1/build REDIS_URL=redis://127.0.0.1 \
    python manage.py collectstatic --noinput

USER nobody
EXPOSE 8000
CMD ["uvicorn", "config.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--no-access-log", \
     "--ws-per-message-deflate", "false", "--loop", "uvloop", "--http", "httptools", \
     "--timeout-graceful-shutdown", "20"]
