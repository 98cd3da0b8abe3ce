"""Arguments in the Goal Structuring Notation (GSN Community Standard, version 3).

`elements` and `relations` are the values, `model` is one argument module, `arguments` several. `native` reads and
writes our YAML (`native_form` is its vocabulary), `exchange` the forms of other tools, `patterns` makes arguments
from data. `rules` judges whether they are well formed. `layout` puts them on pages, `svg` draws the pages, `render`
writes files; `text` measures with the shipped font. Nothing here looks at evidence: which goal is supported is decided
in `assurance.status` and only *shown* here.
"""
