"""The policies that ship with the router, one file each; `router.registry` lists them."""
