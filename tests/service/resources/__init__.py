"""Resources that `new-resource` writes: drawn, checked, served, and removed."""
