"""A client of the API for tests of the pages: it sends wishes as anybody and acts as an operator."""

from collections.abc import Callable

import httpx
from playwright.sync_api import Page

from tests.support.laptop import Stack, operator_account, wait_until

type Open = Callable[..., Page]


class OperatorClient:
    """The API of a stack with the token of an operator, who is made if there is none."""

    def __init__(self, stack: Stack, http: httpx.Client) -> None:
        self.http = http
        self.account = operator_account(stack, "ana", "operators")
        name, password = self.account
        token = http.post("sign-in", json={"name": name, "password": password}).json()["token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def send(self, message: str, name: str = "", to: str = "mars") -> str:
        """Send a wish and wait until it is stored; return its id."""
        wish_id = self.submit(message, name, to)
        self.wait_until_stored(wish_id)
        return wish_id

    def submit(self, message: str, name: str = "", to: str = "mars") -> str:
        """Send a wish and return its id, without waiting."""
        wish = {"message": message, "destination": to} | ({"name": name} if name else {})
        wish_id: str = self.http.post("wishes", json=wish).json()["wish_id"]
        return wish_id

    def wait_until_stored(self, wish_id: str) -> None:
        """Wait until the wish has a receipt."""
        assert wait_until(lambda: self.http.get(f"wishes/{wish_id}").status_code == 200)

    def release(self, wish_id: str) -> None:
        assert self.http.post(f"ops/wishes/{wish_id}/release", headers=self.headers).status_code == 200

    def hide(self, wish_id: str) -> None:
        assert self.http.post(f"ops/wishes/{wish_id}/hide", headers=self.headers).status_code == 200

    def panic(self, on: bool) -> None:
        assert self.http.post("ops/wall/panic", headers=self.headers, json={"on": on}).status_code == 200
