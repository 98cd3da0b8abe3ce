/* Comfort only: the page is complete without it. Filters long tables, zooms and drags diagrams. */
(function () {
  "use strict";
  function make(tag, text, parent) {
    var node = document.createElement(tag);
    if (text) { node.textContent = text; }
    if (parent) { parent.appendChild(node); }
    return node;
  }
  document.querySelectorAll("table[data-filter]").forEach(function (table) {
    var tools = make("p"), label = make("label", "Show rows with ", tools), input = make("input", "", label);
    var count = make("span", "", tools), rows = Array.from(table.querySelectorAll("tbody tr:not(.group)"));
    tools.className = "tools";
    input.type = "search";
    input.placeholder = "status, code or word";
    input.addEventListener("input", function () {
      var word = input.value.trim().toLowerCase(), shown = 0;
      rows.forEach(function (row) {
        row.hidden = word !== "" && row.textContent.toLowerCase().indexOf(word) < 0;
        shown += row.hidden ? 0 : 1;
      });
      count.textContent = word ? " " + shown + " of " + rows.length + " rows" : "";
    });
    (table.closest(".scroll") || table).before(tools);
  });
  window.addEventListener("hashchange", function () {
    var target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.hidden) { target.hidden = false; target.scrollIntoView(); }
  });
  document.querySelectorAll(".sheet").forEach(function (sheet) {
    var svg = sheet.querySelector("svg"), scale = 1, from = null, tools = make("p");
    function zoom(factor) {
      scale = factor ? Math.min(4, Math.max(1, scale * factor)) : 1;
      svg.style.width = 100 * scale + "%";
      sheet.style.cursor = scale > 1 ? "grab" : "";
    }
    tools.className = "tools";
    [["Larger", 1.4], ["Smaller", 1 / 1.4], ["Fit", 0]].forEach(function (entry) {
      var button = make("button", entry[0], tools);
      button.type = "button";
      button.addEventListener("click", function () { zoom(entry[1]); });
    });
    sheet.before(tools);
    sheet.addEventListener("pointerdown", function (event) {
      from = scale > 1 ? [event.clientX + sheet.scrollLeft, event.clientY + sheet.scrollTop] : null;
    });
    sheet.addEventListener("pointermove", function (event) {
      if (from && event.buttons) {
        sheet.scrollLeft = from[0] - event.clientX;
        sheet.scrollTop = from[1] - event.clientY;
        event.preventDefault();
      }
    });
    sheet.addEventListener("dragstart", function (event) { event.preventDefault(); });
  });
})();
