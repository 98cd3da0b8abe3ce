"""Arguments in the Goal Structuring Notation (GSN Community Standard, version 3).

`model` holds elements and relations, `rules` judges whether they are well formed, `layout` puts them on pages,
`svg` draws the pages, `text` measures with the shipped font. Nothing here looks at evidence: which goal is
supported is decided in `assurance.status` and only *shown* here.
"""
