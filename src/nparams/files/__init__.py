"""What disks store: one module a format, each a pure function of bytes (see bytesource)."""
