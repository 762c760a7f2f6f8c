"""JupyterLab in a real browser: a double click on a text notebook opens it as a notebook, and it runs."""

import os
import secrets
import socket
import subprocess
import time
import urllib.request

import pytest

from lib.workflow import lab

pytestmark = pytest.mark.browser
NOTEBOOK = """# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A toy halo
# The slope is $s = M^O/M^A$.

# %% tags=["parameters"]
slope = 0.98465  # 1; above 0; artificial

# %%
from lib.tasks import spawn

print("mass change", round(100 * (1 / slope - 1), 3), "%;", len(spawn(1, 3)), "streams")
"""


@pytest.fixture
def server(tmp_path, monkeypatch, browser):
    """JupyterLab as `make lab` starts it, with an empty home, on a folder with one notebook; yields its address."""
    (tmp_path / "clone" / "notebooks").mkdir(parents=True)
    (tmp_path / "clone" / "notebooks" / "01_toy.py").write_text(NOTEBOOK)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "JUPYTERLAB_SETTINGS_DIR",
                 "JUPYTERLAB_WORKSPACES_DIR"):  # fmt: skip
        monkeypatch.setenv(name, str(tmp_path / "home" / name.lower()))
    (tmp_path / "home").mkdir()
    lab.install_default_viewer()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    arguments = ["--no-browser", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0",
                 f"--IdentityProvider.token={token}"]  # fmt: skip
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    log = tmp_path / "lab.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            lab.command(arguments, root=tmp_path / "clone"), env=lab.environment(), stdout=stream, stderr=stream
        )
    try:
        deadline = time.monotonic() + 90
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token={token}", timeout=5):
                    break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline, log.read_text()
                time.sleep(0.3)
        yield f"http://127.0.0.1:{port}", token
    finally:
        browser.leave()
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def test_a_double_click_opens_a_text_notebook_which_runs(browser, server):
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By

    address, token = server
    driver = browser.driver
    browser.resize(1300, 1000)
    browser.open(f"{address}/lab?token={token}")

    def shown(selector):
        return [element for element in driver.find_elements(By.CSS_SELECTOR, selector) if element.is_displayed()]

    def listed(name):
        return [item for item in shown(".jp-DirListing-item") if name in item.text]

    browser.wait(lambda: listed("notebooks") or listed("01_toy.py"), 90)
    if not listed("01_toy.py"):
        browser.wait(lambda: ActionChains(driver).double_click(listed("notebooks")[0]).perform() or True)
        browser.wait(lambda: listed("01_toy.py"), 30)
    browser.wait(lambda: ActionChains(driver).double_click(listed("01_toy.py")[0]).perform() or True)
    browser.wait(lambda: shown(".jp-NotebookPanel"), 60)
    assert not shown(".jp-FileEditor")
    browser.wait(lambda: len(driver.find_elements(By.CSS_SELECTOR, ".jp-NotebookPanel .jp-Cell")) >= 3, 60)
    # the formula of the first cell is typeset by JupyterLab itself
    browser.wait(lambda: driver.find_elements(By.CSS_SELECTOR, ".jp-MarkdownOutput mjx-container"), 60)

    browser.wait(lambda: [m for m in shown(".lm-MenuBar-item") if m.text == "Run"], 30)[0].click()
    browser.wait(lambda: [m for m in shown(".lm-Menu-item") if "Run All Cells" in m.text], 30)[0].click()

    def outputs():
        return [element.text.strip() for element in driver.find_elements(By.CSS_SELECTOR, ".jp-OutputArea-output pre")]

    try:
        browser.wait(lambda: any("mass change" in text for text in outputs()), 90)
    finally:
        browser.picture("lab")
    assert "mass change 1.559 %; 3 streams" in outputs()
    assert not shown(".jp-Dialog"), "nothing stands in the reader's way"
    outside = [url for url in browser.requests() if "://" in url and not url.startswith((address, f"ws{address[4:]}"))]
    assert [url for url in outside if not url.startswith(("chrome", "devtools", "about"))] == []
