"""Real MySQL and MariaDB servers for the tests: found, unpacked, started, and gone without a trace afterwards."""
