# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, the monitor_lab contributors
"""A Locust plugin: who may use Locust's web page.

What a web page of somebody else sends is always refused: a browser carries it to wherever its user can go, through a
tunnel, too. With LOCUST_WEB_PASSWORD_FILE all but the page's own scripts and pictures wants a login: people get a page
for it, programs send name and password with each request (HTTP basic authentication). Load it beside the locustfile of
the master, or of a Locust without workers; it needs Locust 2.15.1 or newer:

    LOCUST_WEB_HOSTS=locust.example LOCUST_WEB_PASSWORD_FILE=password locust -f locustfile.py,web_access.py

README.md beside this file says what it does not protect from.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import os
import re
import secrets
import sys
import time
from pathlib import Path

import gevent
import locust
from flask import make_response, redirect, render_template_string, request
from itsdangerous import BadSignature, TimestampSigner
from locust import events
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response

log = logging.getLogger(__name__)

USER = "locust"
SESSION_SECONDS = 12 * 3600
WRONG_LOGIN_SECONDS = 1
LONGEST_FORM = 4096
READING_METHODS = ("GET", "HEAD", "OPTIONS")
# With GET, before 2.47.0.
CHANGING_ENDPOINTS = {"stop", "reset_stats", "locust.stop", "locust.reset_stats"}
OPEN_ENDPOINTS = {"static", "send_assets", "locust.send_assets"}
# Of the versions that have one; others get the one below.
LOCUSTS_PAGE = Path(locust.__file__).parent / "webui" / "dist" / "auth.html"
PAGE = """<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ auth_title }}</title>
<style>
  body { display: grid; place-items: center; height: 100vh; margin: 0 }
  body, button { font: 16px sans-serif; background: #132b21; color: #fff }
  form { display: grid; gap: 1em; width: 18em; padding: 2em; background: #1e3f31; border-radius: 8px }
  h1 { margin: 0; text-align: center }
  input, button { width: 100%; box-sizing: border-box; font: inherit; padding: .5em; border: 0; border-radius: 4px }
  button { background: #2c9e68; color: #fff; cursor: pointer }
  p { margin: 0; color: #ffb4a9 }
</style>
<form method="post" action="{{ auth_args.username_password_callback }}">
  <h1>{{ auth_title }}</h1>
  {% if auth_args.error %}<p role="alert">{{ auth_args.error }}</p>{% endif %}
  <label>User <input name="username" autocomplete="username" required autofocus></label>
  <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
  <button>Log in</button>
</form>
</html>
"""


def configured_names() -> set[str]:
    names = os.environ.get("LOCUST_WEB_HOSTS", "").lower().split(",")
    return {"localhost", *(name.strip() for name in names)} - {""}


def configured_password() -> bytes | None:
    path = os.environ.get("LOCUST_WEB_PASSWORD_FILE")
    if not path:
        return None
    try:
        lines = Path(path).read_bytes().splitlines()
    except OSError as error:
        sys.exit(f"web_access: LOCUST_WEB_PASSWORD_FILE can't be read: {error}")
    if len(lines) != 1 or not lines[0].strip():
        sys.exit(f"web_access: LOCUST_WEB_PASSWORD_FILE {path} must hold the password, in one line")
    return lines[0]


# Here, where a fault ends Locust: of a listener's it makes a line in the log, and goes on without it.
NAMES = configured_names()
PASSWORD = configured_password()


@events.init.add_listener
def guard(environment, **_kwargs):
    web_ui = environment.web_ui
    if web_ui is None:
        return
    options = environment.parsed_options
    if PASSWORD and (getattr(options, "web_login", False) or getattr(options, "web_auth", None)):
        sys.exit("web_access: there are two logins; leave LOCUST_WEB_PASSWORD_FILE or --web-login (--web-auth) out")

    web_ui.app.before_request(refuse_foreign)
    if PASSWORD:
        base = (getattr(options, "web_base_path", None) or "").rstrip("/")
        web_ui.app.before_request(Login(PASSWORD, base).ask)

    @web_ui.app.after_request
    def keep_out_of_frames(response):
        response.headers["X-Frame-Options"] = "SAMEORIGIN"
        return response


def refuse_foreign() -> Response | None:
    changes = request.method not in READING_METHODS or request.endpoint in CHANGING_ENDPOINTS
    if not is_own(request.headers.get("Host", "")):
        return refusal(421, "This Locust does not go by that name; LOCUST_WEB_HOSTS has those that it goes by.")
    if is_foreign(request.headers, changes):
        return refusal(403, "This request comes from a web page that is not Locust's own.")
    return None


def is_own(host: str) -> bool:
    """Whether a `Host`, NAME[:PORT], is none that a stranger's name server can point at this Locust."""
    name = re.sub(r":\d*$", "", host.lower())
    if name in NAMES:
        return True
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def is_foreign(headers: Headers, changes: bool) -> bool:
    """Whether another web page than Locust's makes a browser send this; programs send none of what tells of pages.

    Locust lets every page read its answers (CORS), so that one that says who it is gets none. One that does not can't
    read, but change.
    """
    host = headers.get("Host", "").lower()
    origin, referer, site = (headers.get(name) for name in ("Origin", "Referer", "Sec-Fetch-Site"))
    if origin is not None and authority(origin) != host:
        return True
    if not changes:
        return False
    if site is not None:
        return site not in ("same-origin", "none")
    if origin is not None:
        return False
    # Of plain HTTP to another address than loopback a browser says no more, and a page can have it hide the Referer.
    return is_browser(headers) if referer is None else authority(referer) != host


def is_browser(headers: Headers) -> bool:
    return headers.get("User-Agent", "").startswith("Mozilla/")


def authority(url: str) -> str:
    return url.lower().partition("://")[2].partition("/")[0]


def refusal(status: int, why: str) -> Response:
    answer = make_response(f"{why}\n", status)
    answer.mimetype = "text/plain"
    return answer


class Signer(TimestampSigner):
    """Signs with a clock that nobody sets: a session lasts as long as it should."""

    def get_timestamp(self) -> int:
        return int(time.monotonic())


class Login:
    """The login of the one user that there is. `base` is Locust's base path, such as /locust, or empty."""

    def __init__(self, password: bytes, base: str) -> None:
        self._password = password
        self._base = base
        # Both anew with each start: a browser keeps the cookies of one host together, whatever their ports.
        self._key = secrets.token_bytes(32)
        self._cookie = f"locust_{secrets.token_hex(4)}"
        self._wrong = 0
        self._logs_again = 0.0

    def ask(self) -> Response | None:
        """Return what takes the place of an answer where nobody is logged in."""
        if request.path == f"{self._base}/login":
            return self._form() if request.method == "POST" else self._page()
        if request.endpoint in OPEN_ENDPOINTS or self._in_session():
            return None
        sent = request.authorization
        if sent is not None and sent.type == "basic":
            if self._is_right(sent.username or "", sent.password or ""):
                return None
            self._note_wrong()
        elif "text/html" in request.headers.get("Accept", ""):
            return redirect(f"{self._base}/login", 303)
        answer = refusal(401, "Locust wants a login.")
        # A browser would ask by itself, and from then on send the password whoever's page makes it ask.
        if not is_browser(request.headers):
            answer.headers["WWW-Authenticate"] = 'Basic realm="Locust", charset="UTF-8"'
        return answer

    @property
    def _signer(self) -> Signer:
        """Of one address: whatever else listens on this host gets the cookie from a browser, but not its address."""
        return Signer(self._key, salt=request.remote_addr or "")

    def _in_session(self) -> bool:
        try:
            self._signer.unsign(request.cookies.get(self._cookie, ""), max_age=SESSION_SECONDS)
        except BadSignature:
            return False
        return True

    def _form(self) -> Response:
        length = request.content_length
        form = request.form if length is not None and length <= LONGEST_FORM else {}
        if not self._is_right(form.get("username", ""), form.get("password", "")):
            self._note_wrong()
            return self._page("Wrong user or password", 401)
        answer = redirect(f"{self._base}/", 303)
        answer.set_cookie(
            self._cookie,
            self._signer.sign(USER).decode(),
            path=self._base or "/",
            secure=request.is_secure,
            httponly=True,
            samesite="Strict",
        )
        return answer

    def _page(self, error: str | None = None, status: int = 200) -> Response:
        page = LOCUSTS_PAGE.read_text(encoding="utf-8") if LOCUSTS_PAGE.exists() else PAGE
        arguments = {"username_password_callback": f"{self._base}/login", "error": error}
        return make_response(render_template_string(page, auth_args=arguments, auth_title="Locust"), status)

    def _is_right(self, user: str, password: str) -> bool:
        right_user = hmac.compare_digest(user.encode(), USER.encode())
        return hmac.compare_digest(password.encode(), self._password) and right_user

    def _note_wrong(self) -> None:
        """Let who guesses wait, and tell of it once a second, whatever was sent."""
        self._wrong += 1
        now = time.monotonic()
        if now >= self._logs_again:
            self._logs_again = now + 1
            log.warning("%d wrong logins since Locust's start, the last one from %s", self._wrong, request.remote_addr)
        gevent.sleep(WRONG_LOGIN_SECONDS)
