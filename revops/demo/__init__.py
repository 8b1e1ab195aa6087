"""AppLexus, the demo company: a seeded simulation of its market, told relative to today.

`story` says what shall come out, `world` plays it, the row makers write it down as unsaved records, and
`load` puts them into the database. Only `load` touches the database; everything before it is pure.
"""
