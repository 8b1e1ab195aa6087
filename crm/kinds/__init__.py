"""One file for each kind of record; `crm.registry` finds them."""
