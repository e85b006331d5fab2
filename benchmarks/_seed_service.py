# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""The tokenization service as its first author designed it, rebuilt small: Flask, RSA-2048, one YAML file.

python3 -m benchmarks._seed_service FILE PORT NAMES: serves a file that already holds so many names.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from flask import Flask, Response, jsonify, request

OAEP = padding.OAEP(padding.MGF1(SHA256()), SHA256(), None)


def application(path: Path, names: int) -> Flask:
    private_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public_key = private_key.public_key()

    def encrypt(data: str) -> str:
        return public_key.encrypt(data.encode(), OAEP).hex()

    path.write_text(yaml.safe_dump({f"token_{number}": encrypt("data") for number in range(names)}))
    app = Flask(__name__)

    @app.post("/tokenize")
    def tokenize() -> Response:
        tokens = yaml.safe_load(path.read_text())
        token = encrypt(request.json["data"])
        tokens[request.json["name"]] = token
        path.write_text(yaml.safe_dump(tokens))
        return jsonify(message="Data tokenized successfully", token=token)

    @app.post("/detokenize")
    def detokenize() -> Response:
        token = yaml.safe_load(path.read_text())[request.json["name"]]
        return jsonify(data=private_key.decrypt(bytes.fromhex(token), OAEP).decode())

    return app


if __name__ == "__main__":
    application(Path(sys.argv[1]), int(sys.argv[3])).run("127.0.0.1", int(sys.argv[2]))
