# The service in a small image: its locked packages, and the kernel compiled once.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
COPY requirements.service.lock ./
RUN python3 -m venv --without-pip /opt/venv \
 && python3 -m pip --python /opt/venv/bin/python install --require-hashes -r requirements.service.lock
COPY pyproject.toml README.md LICENSE ./
COPY catalogs catalogs
COPY router router
COPY scenarios scenarios
COPY simulator simulator
COPY wayfare wayfare
RUN python3 -m pip --python /opt/venv/bin/python install --no-deps . \
 && find /opt/venv -type d -name tests -prune -exec rm -r {} +
# The machine code is for any processor of this kind, not the one that built the image. It is made
# of the installed sources (-P) and known again by their content.
ENV NUMBA_CACHE_DIR=/opt/kernel NUMBA_CPU_NAME=generic
RUN /opt/venv/bin/python -P -m simulator.kernel

FROM ${BASE}
# A root file system may be read-only and the user is not root: the compiled kernel is only read.
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/opt/kernel NUMBA_CPU_NAME=generic
RUN useradd --uid 10001 --no-create-home --home-dir /var/lib/wayfare --shell /usr/sbin/nologin wayfare \
 && install -d -o wayfare -g wayfare /var/lib/wayfare
COPY --from=build /opt /opt
USER 10001:10001
WORKDIR /var/lib/wayfare
VOLUME /var/lib/wayfare
EXPOSE 50051 9464
ENTRYPOINT ["wayfare"]
CMD ["serve", "--store", "/var/lib/wayfare"]
