#!/usr/bin/env python3
"""Packs a root file system as a container image of one layer, in an OCI layout (image-spec 1.0).

Usage: oci-layout.py ROOT.tar IMAGE.tar
"""

import gzip
import hashlib
import io
import json
import platform
import sys
import tarfile

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
CREATED = "2026-01-01T00:00:00Z"
SECOND = 1_000_000_000


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def main():
    root, image = sys.argv[1:]
    with open(root, "rb") as file:
        files = file.read()
    layer = gzip.compress(files, 6, mtime=0)
    blobs = {}

    def blob(kind, content):
        """Adds a blob, and gives what a manifest says of it."""
        blobs[digest(content)] = content
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": digest(content), "size": len(content)}

    def document(kind, content):
        return blob(kind, json.dumps(content).encode())

    layers = [blob("layer.v1.tar+gzip", layer)]
    config = document("config.v1+json", {
        "created": CREATED,
        "architecture": ARCHITECTURES[platform.machine()],
        "os": "linux",
        "config": {
            "User": "65532:65532",
            "ExposedPorts": {"7007/tcp": {}},
            "Env": ["PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"],
            "Entrypoint": ["/usr/bin/vecho"],
            "Cmd": ["serve", "-c", "/etc/vecho/vecho.json"],
            # Not in the specification: Docker and Podman read it.
            "Healthcheck": {
                "Test": ["CMD", "/usr/bin/vecho", "health"],
                "Interval": 30 * SECOND, "Timeout": 10 * SECOND, "StartPeriod": 10 * SECOND,
            },
            "Labels": {"org.opencontainers.image.title": "vecho", "org.opencontainers.image.licenses": "Apache-2.0"},
        },
        "rootfs": {"type": "layers", "diff_ids": [digest(files)]},
        "history": [{"created": CREATED, "created_by": "container-image"}],
    })
    manifest = document("manifest.v1+json", {
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": config, "layers": layers,
    })
    manifest["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    with tarfile.open(image, "w") as layout:
        def add(name, content):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            layout.addfile(entry, io.BytesIO(content))
        add("oci-layout", json.dumps({"imageLayoutVersion": "1.0.0"}).encode())
        add("index.json", json.dumps({"schemaVersion": 2, "manifests": [manifest]}).encode())
        for name, content in blobs.items():
            add("blobs/" + name.replace(":", "/"), content)


main()
