// Placeholder until the kit's first type lands.
