"""The filters of the matrices' page, as a browser runs them: each leaves exactly the rows that it promises."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium to run the page's script")

DRIVER = """
<script>
var said = [];
document.querySelectorAll("table[data-trace]").forEach(function (table) {
  var tools = (table.closest(".scroll") || table).previousElementSibling;
  var rows = Array.from(table.querySelectorAll("tbody tr"));
  var search = tools.querySelector("input[type=search]"), holes = tools.querySelector("input[type=checkbox]");
  function note(what) {
    said.push({what: what, table: table.getAttribute("data-trace"), count: tools.querySelector("[role=status]").textContent,
      rows: rows.map(function (row) {
        return {shown: !row.hidden, words: row.textContent.toLowerCase(), holed: row.classList.contains("holed"),
                data: Object.assign({}, row.dataset)};
      })});
  }
  function set(node, key, value) { node[key] = value; node.dispatchEvent(new Event("input")); }
  note({});
  set(search, "value", " R2 ");
  note({word: "r2"});
  set(holes, "checked", true);
  note({word: "r2", holes: true});
  set(search, "value", "");
  note({holes: true});
  set(holes, "checked", false);
  tools.querySelectorAll("select").forEach(function (select) {
    Array.from(select.options).forEach(function (option) {
      set(select, "value", option.value);
      note({choice: select.name, value: option.value});
    });
    set(select, "value", "");
  });
  set(search, "value", "no such word anywhere");
  note({word: "no such word anywhere"});
});
var out = document.createElement("pre");
out.id = "said";
out.textContent = JSON.stringify(said);
document.body.appendChild(out);
</script></body>"""


def shown_by_browser(page: str, folder: Path) -> str:
    """The document after its scripts ran."""
    file = folder / "page.html"
    file.write_text(page, "utf-8")
    command = [str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    done = subprocess.run(
        [*command, "--dump-dom", file.as_uri()], capture_output=True, text=True, timeout=120, check=False
    )
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def _a_browser_that_starts(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Asked with an empty page: whatever then goes wrong is a failure of ours."""
    if "</html>" not in shown_by_browser("<!doctype html><p>It starts.</p>", tmp_path_factory.mktemp("browser")):
        pytest.skip("the browser that is installed does not start here")


def test_the_script_runs_under_the_pages_own_policy(text: str, tmp_path: Path) -> None:
    assert "only chains with a hole" in re.sub(
        r"<script>.*?</script>", "", shown_by_browser(text, tmp_path), flags=re.S
    )


def test_each_filter_leaves_the_rows_that_it_promises(text: str, tmp_path: Path) -> None:
    free = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)  # else the driver could not run
    dom = shown_by_browser(free.replace("</body>", DRIVER), tmp_path)
    found = re.search(r'<pre id="said">(.*?)</pre>', dom, re.S)
    assert found
    steps: list[dict[str, Any]] = json.loads(unescape(found[1]))
    assert len({step["table"] for step in steps}) == 2
    hid_something = set()
    for step in steps:
        what, rows = step["what"], step["rows"]
        for row in rows:
            fits = what.get("word", "") in row["words"] and (row["holed"] or "holes" not in what)
            if what.get("value"):
                fits = fits and row["data"].get(what["choice"]) == what["value"]
            assert row["shown"] is fits, (what, row)
        left = sum(row["shown"] for row in rows)
        assert step["count"] == (f"{left} of {len(rows)} rows" if left < len(rows) else "")
        if 0 < left < len(rows):
            hid_something |= set(what)
    assert hid_something == {"word", "holes", "choice", "value"}, "each kind of filter hid some rows and left others"
