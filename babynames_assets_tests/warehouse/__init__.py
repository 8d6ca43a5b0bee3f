"""Tests of the warehouse, on SQLite, MySQL and MariaDB."""
