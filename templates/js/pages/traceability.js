/* Comfort only: the page is complete without it. Filters the rows of both matrices by word, by choice and by holes. */
(function () {
  "use strict";
  function make(tag, text, parent) {
    var node = document.createElement(tag);
    if (text) { node.textContent = text; }
    if (parent) { parent.appendChild(node); }
    return node;
  }
  function column(table, name, rows) {
    var found = {};
    rows.forEach(function (row) {
      var value = row.getAttribute("data-" + name);
      if (value) { found[value] = true; }
    });
    return Object.keys(found).sort();
  }
  document.querySelectorAll("table[data-trace]").forEach(function (table) {
    var tools = make("p"), rows = Array.from(table.querySelectorAll("tbody tr")), choices = {}, input, holes, count;
    tools.className = "tools";
    input = make("input", "", make("label", "Show rows with ", tools));
    input.type = "search";
    input.placeholder = "id or word";
    table.getAttribute("data-trace").split(" ").forEach(function (name) {
      var values = column(table, name, rows), select;
      if (values.length < 2) { return; }
      select = make("select", "", make("label", name + " ", tools));
      select.name = name;
      make("option", "any", select).value = "";
      values.forEach(function (value) { make("option", value, select).value = value; });
      choices[name] = select;
    });
    holes = document.createElement("input");
    holes.type = "checkbox";
    var label = make("label", "", tools);
    label.appendChild(holes);
    label.appendChild(document.createTextNode(" only chains with a hole"));
    count = make("span", "", tools);
    count.setAttribute("role", "status");
    function apply() {
      var word = input.value.trim().toLowerCase(), shown = 0;
      rows.forEach(function (row) {
        var fits = word === "" || row.textContent.toLowerCase().indexOf(word) >= 0;
        Object.keys(choices).forEach(function (name) {
          var value = choices[name].value;
          fits = fits && (value === "" || row.getAttribute("data-" + name) === value);
        });
        fits = fits && (!holes.checked || row.classList.contains("holed"));
        row.hidden = !fits;
        shown += fits ? 1 : 0;
      });
      count.textContent = shown < rows.length ? shown + " of " + rows.length + " rows" : "";
    }
    [input, holes].concat(Object.keys(choices).map(function (name) { return choices[name]; })).forEach(function (node) {
      node.addEventListener("input", apply);
      node.addEventListener("change", apply);
    });
    (table.closest(".scroll") || table).before(tools);
    apply();  // a browser that comes back to the page keeps what was chosen
  });
})();
