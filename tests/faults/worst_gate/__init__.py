"""One gate in wrong hands against a real broker and a real office: what the other gates notice."""
