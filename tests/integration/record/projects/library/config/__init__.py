"""Part of a project that the recorder is tried on."""
