"""One headless Chromium for the browser checks; they are skipped where there is none."""

import json
import shutil
from pathlib import Path

import pytest

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "browser"
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-dev-shm-usage", "--window-size=1100,1400",
)  # fmt: skip


class Browser:
    """Chromium with what the checks ask of it: go somewhere, list requests and complaints, take a picture."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, address):
        self.leave()
        self.driver.get_log("performance")  # forget what came before
        self.driver.get_log("browser")
        self.driver.get(address)

    def leave(self):
        """Go to an empty page: the page before then does not look for a server that has stopped."""
        self.driver.get("about:blank")

    def requests(self):
        """Addresses asked for since `open`, embedded data apart."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        urls = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith(("data:", "blob:"))]

    def complaints(self):
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    def wait(self, condition, seconds=30):
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.support.ui import WebDriverWait

        # a page that redraws between finding an element and reading it is asked again
        patient = WebDriverWait(self.driver, seconds, 0.2, ignored_exceptions=(StaleElementReferenceException,))
        return patient.until(lambda _: condition())

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def resize(self, width, height):
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )

    def picture(self, name, whole=False):
        """Save a screenshot under build/browser/ and return its path."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        if whole:
            width = self.script("return window.innerWidth")
            self.resize(width, self.script("return Math.min(document.documentElement.scrollHeight, 12000)"))
        path = SCREENSHOTS / f"{name}.png"
        self.driver.save_screenshot(str(path))
        return path


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    binary = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    helper = shutil.which("chromedriver")
    if binary is None or helper is None:
        pytest.skip("chromium and chromedriver are not installed (Debian: apt install chromium chromium-driver)")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(helper))
    driver.set_page_load_timeout(60)
    yield Browser(driver)
    driver.quit()
