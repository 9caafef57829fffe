"""What logs say of a request that failed."""

import logging

import pytest
from django.test import RequestFactory
from django.utils.log import log_response

from config.logs import CodeFilter

CODE = "7GK2-M0ZD-4T9A-XW3C"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (f"/api/v1/stored-values/{CODE}/load/", "/api/v1/stored-values/•••/load/"),
        (f"/api/v1/stored-values/{CODE}/", "/api/v1/stored-values/•••/"),
        ("/api/v1/stored-values/", "/api/v1/stored-values/"),
        ("/api/v1/sales/", "/api/v1/sales/"),
    ],
)
def test_an_address_is_told_without_the_code_of_a_card(
    path: str, said: str, rf: RequestFactory, caplog: pytest.LogCaptureFixture
) -> None:
    class Failed:
        status_code = 503

    logger = logging.getLogger("tests.logs")
    logger.addFilter(CodeFilter())

    log_response("%s: %s", "Service Unavailable", path, response=Failed(), request=rf.get("/"), logger=logger)

    assert caplog.messages == [f"Service Unavailable: {said}"]
