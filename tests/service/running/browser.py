"""A browser that is driven by keyboard alone."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.chrome.service import Service as Driver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.conftest import skip_or_fail

PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Window:
    """A browser window in which nobody is signed in."""

    driver: webdriver.Chrome
    url: str

    def open(self, path: str) -> None:
        """Go to a page of the service."""
        self.driver.get(f"{self.url}{path}")

    def type(self, label: str, *texts: str) -> None:
        """Type into the focused field with this label, and into the next ones; press Enter."""
        self.wait_for_focus(label)
        keys = webdriver.ActionChains(self.driver)
        keys.send_keys(Keys.TAB.join(texts), Keys.ENTER).perform()

    def wait_for_focus(self, label: str) -> None:
        """Wait until the focused element has this accessible name."""
        self._wait(lambda: self.driver.switch_to.active_element.accessible_name == label, label)

    def wait_for_alert(self, text: str) -> None:
        """Wait until a screen reader announces exactly this."""
        place = (By.CSS_SELECTOR, "[role=alert]")
        self._wait(lambda: self.driver.find_element(*place).text == text, text)

    def wait_for_text(self, text: str) -> None:
        """Wait until the page shows this text."""
        self._wait(lambda: text in self.text(), text)

    def text(self) -> str:
        """Return the visible text."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    def complaints(self) -> list[str]:
        """Return the browser's messages since the last call, without those of refused requests."""
        return [
            line["message"]
            for line in self.driver.get_log("browser")  # type: ignore[no-untyped-call]
            if line["level"] in {"WARNING", "SEVERE"} and line["source"] != "network"
        ]

    def set_offline(self, *, offline: bool) -> None:
        """Disconnect the browser from the network, or connect it again."""
        unlimited = {"latency": 0, "throughput": 10_000_000}
        self.driver.set_network_conditions(offline=offline, **unlimited)

    def _wait(self, is_so: Callable[[], bool], what: str) -> None:
        page_changes = [StaleElementReferenceException]
        wait = WebDriverWait(self.driver, PATIENCE_SECONDS, ignored_exceptions=page_changes)
        try:
            wait.until(lambda _: is_so())
        except TimeoutException:
            pytest.fail(f"waited for {what!r}, and saw:\n{self.text()}")


@contextmanager
def browser(url: str) -> Iterator[Window]:
    """Open a browser for the service at this URL; skip the test if none is installed."""
    options = webdriver.ChromeOptions()
    names = ("chromium", "chromium-browser", "google-chrome")
    options.binary_location = next(filter(None, map(shutil.which, names)), "")
    program = shutil.which("chromedriver")
    if not options.binary_location or not program:
        skip_or_fail("chromium and chromedriver are not installed")
    options.add_argument("--headless")
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # it refuses to run as root with one
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, Driver(program))
    try:
        yield Window(driver, url)
    finally:
        driver.quit()
